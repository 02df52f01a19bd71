//! The chosen reading, written: as ONNX, as a table, and as advice.

pub(crate) mod advice;
pub(crate) mod onnx;
pub(crate) mod table;
