//! Kernels: output rows of a layer from the rows that they read.
//!
//! [`Portable`] is the specification. All others are a [`Blocked`]: the rows are expanded to 16 bits
//! once ([`Scratch`]), then blocks of features are computed at one position after the other. What
//! differs is the innermost loop, a [`Tile`]. Which one a target has is decided here and nowhere
//! else; all give the same bytes.

mod blocked;
#[cfg(any(feature = "_kernels", gen_core_dsp))]
mod dsp;
mod input;
#[cfg(gen_core_lanes)]
mod lanes;
mod line;
#[cfg(any(feature = "_kernels", gen_core_mve))]
mod mve;
#[cfg(any(feature = "_kernels", not(any(gen_core_dsp, gen_core_armv7m))))]
mod plain;
#[cfg(feature = "_kernels")]
mod portable;
mod scratch;
#[cfg(any(feature = "_kernels", gen_core_armv7m, gen_core_armv6m))]
mod skip;
mod tile;

pub use blocked::Blocked;
#[cfg(feature = "_kernels")]
pub use dsp::Dsp;
pub use input::{Input, Window};
#[cfg(feature = "_kernels")]
pub use mve::Mve;
#[cfg(feature = "_kernels")]
pub use plain::Plain;
#[cfg(feature = "_kernels")]
pub use portable::Portable;
pub use scratch::Scratch;
#[cfg(feature = "_kernels")]
pub use skip::Skip;

use crate::layer::Layer;
use core::ops::Range;

/// The target's own.
#[cfg(gen_core_dsp)]
pub type Best = Blocked<dsp::Dsp>;
/// The target's own.
#[cfg(any(gen_core_armv7m, gen_core_armv6m))]
pub type Best = Blocked<skip::Skip>;
/// The target's own.
#[cfg(gen_core_mve)]
pub type Best = Blocked<mve::Mve>;
/// The target's own.
#[cfg(gen_core_lanes)]
pub type Best = lanes::Desk;
/// The target's own.
#[cfg(not(any(gen_core_dsp, gen_core_mve, gen_core_armv7m, gen_core_armv6m, gen_core_lanes)))]
pub type Best = Blocked<plain::Plain>;

/// What computes rows.
pub trait Kernel {
    /// Computes rows of `layer` into `out`, HWC.
    fn rows(job: Job<'_>, scratch: &mut Scratch<'_>, out: &mut [u8]);
}

/// Rows to compute.
#[derive(Clone)]
pub struct Job<'a> {
    pub(crate) layer: &'a Layer<'a>,
    /// The layer's place in the model.
    pub(crate) index: usize,
    /// The output rows, at least one.
    pub(crate) rows: Range<usize>,
    /// The input rows that they need.
    pub(crate) input: Input<'a>,
}
