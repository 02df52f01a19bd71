//! Kernels compute output rows of a layer from its input rows.
//!
//! `Portable` is the specification. Every other kernel is a [`Blocked`]: it expands the input rows to 16 bits once
//! ([`Scratch`]), then computes block after block of features, position by position. Kernels differ in the innermost
//! loop, a `Tile`; all compute the same bytes. `build.rs` names the target's instructions in a `cfg`, by which this
//! file chooses [`Best`]; on x86-64 that looks for AVX2 when it runs.

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

#[cfg(feature = "_kernels")]
pub use self::{dsp::Dsp, mve::Mve, plain::Plain, portable::Portable, skip::Skip};
pub use blocked::Blocked;
pub use input::{Input, Window};
pub use scratch::Scratch;

use crate::layer::Layer;
use core::ops::Range;

/// The target's own kernel: Arm's DSP instructions.
#[cfg(gen_core_dsp)]
pub type Best = Blocked<dsp::Dsp>;
/// The target's own kernel: Arm without DSP instructions.
#[cfg(any(gen_core_armv7m, gen_core_armv6m))]
pub type Best = Blocked<skip::Skip>;
/// The target's own kernel: Arm's M-profile vectors.
#[cfg(gen_core_mve)]
pub type Best = Blocked<mve::Mve>;
/// The target's own kernel: x86-64.
#[cfg(gen_core_lanes)]
pub type Best = lanes::Desk;
/// The target's own kernel: any other processor.
#[cfg(not(any(gen_core_dsp, gen_core_mve, gen_core_armv7m, gen_core_armv6m, gen_core_lanes)))]
pub type Best = Blocked<plain::Plain>;

/// Computes output rows of a layer.
pub trait Kernel {
    /// Computes the job's rows into `out`, HWC, one after the other.
    fn rows(job: Job<'_>, scratch: &mut Scratch<'_>, out: &mut [u8]);
}

/// Output rows to compute, and the input that they read.
#[derive(Clone)]
pub struct Job<'a> {
    pub(crate) layer: &'a Layer<'a>,
    /// Index of the layer in the model.
    pub(crate) index: usize,
    /// The output rows: one, or all rows of the layer.
    pub(crate) rows: Range<usize>,
    /// The input rows that they read.
    pub(crate) input: Input<'a>,
}
