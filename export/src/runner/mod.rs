//! Running a generator: an ONNX in tract, a `.gen` in gen-core.

mod device;
mod onnx;

pub use device::Device;
pub use onnx::{Onnx, Passes};
