//! Kernels: one output row of a layer from the rows that it reads.
//!
//! [`Portable`] is the specification. All others are a [`Walk`]: the rows are expanded to 16 bits
//! once ([`Scratch`]), then blocks of features are computed at one position after the other. What
//! differs is the innermost loop, a [`Tile`]. Which one a target has is decided here and nowhere
//! else; all give the same bytes.

#[cfg(any(feature = "_kernels", gen_core_dsp))]
mod dsp;
#[cfg(any(feature = "_kernels", not(any(gen_core_dsp, gen_core_armv7m))))]
mod plain;
#[cfg(feature = "_kernels")]
mod portable;
mod scratch;
#[cfg(any(feature = "_kernels", gen_core_armv7m, gen_core_armv6m))]
mod skip;
mod tile;
mod walk;
mod window;

#[cfg(feature = "_kernels")]
pub use dsp::Dsp;
#[cfg(feature = "_kernels")]
pub use plain::Plain;
#[cfg(feature = "_kernels")]
pub use portable::Portable;
pub use scratch::Scratch;
#[cfg(feature = "_kernels")]
pub use skip::Skip;
pub use walk::Walk;
pub use window::Window;

use crate::layer::Layer;
use crate::weights::Word;

/// The target's own.
#[cfg(gen_core_dsp)]
pub type Best = Walk<dsp::Dsp>;
/// The target's own.
#[cfg(any(gen_core_armv7m, gen_core_armv6m))]
pub type Best = Walk<skip::Skip>;
/// The target's own.
#[cfg(not(any(gen_core_dsp, gen_core_armv7m, gen_core_armv6m)))]
pub type Best = Walk<plain::Plain>;

/// What computes rows.
pub trait Kernel {
    /// Computes a row of `layer` into `out`, HWC.
    fn row<T: Input>(job: Job<'_, T>, scratch: &mut Scratch<'_>, out: &mut [u8]);
}

/// Elements of an input: `u8` with the layer's zero-point, or 12-bit latents in `i16`.
pub trait Input: Copy + Into<i32> {
    /// Most products whose sum stays below 2²³, see [`weights`](crate::weights).
    const CHUNK: usize;

    /// The elements, if they are bytes.
    #[inline(always)]
    fn bytes(_row: &[Self]) -> Option<&[u8]> {
        None
    }

    /// Four of them as words of two 16-bit numbers, with the zero-point taken off.
    #[inline(always)]
    fn words(four: [Self; 4], zero_point: i32) -> [Word; 2] {
        let [a, b, c, d] = four.map(|x| x.into() - zero_point);
        [scratch::word(a, b), scratch::word(c, d)]
    }
}

impl Input for u8 {
    const CHUNK: usize = crate::weights::CHUNK;

    #[inline(always)]
    fn bytes(row: &[Self]) -> Option<&[u8]> {
        Some(row)
    }

    /// Two numbers at a time in one register.
    #[inline(always)]
    fn words(four: [Self; 4], zero_point: i32) -> [Word; 2] {
        let all = u32::from_le_bytes(four);
        let (even, odd) = (all & 0x00ff_00ff, all >> 8 & 0x00ff_00ff);
        let words = [even & 0xffff | odd << 16, even >> 16 | odd & 0xffff_0000];
        // The top bit keeps one half from borrowing of the other.
        let both = zero_point as u32 * 0x0001_0001;
        let top = 0x8000_8000;
        words.map(|word| (((word | top) - both) ^ top).to_le_bytes())
    }
}

impl Input for i16 {
    const CHUNK: usize = crate::weights::LATENT_CHUNK;
}

/// A row to compute.
#[derive(Clone, Copy)]
pub struct Job<'a, T> {
    pub(crate) layer: &'a Layer<'a>,
    /// The layer's place in the model.
    pub(crate) index: usize,
    /// The output row.
    pub(crate) y: usize,
    /// The input rows that it needs.
    pub(crate) window: Window<'a, T>,
}
