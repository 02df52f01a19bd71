//! ONNX files: reading one, building one, running one in tract. [`import`](mod@crate::import) interprets the graph.
//!
//! - [`source`]: a file that was read
//! - [`input`], [`shape`], [`metadata`]: its inputs, the shapes of tensors, its properties
//! - `batch`: the batch that its inputs declare
//! - [`graph`]: builds a graph
//! - [`run`]: runs a graph in tract

pub(crate) mod batch;
pub mod graph;
pub mod input;
pub mod metadata;
pub mod run;
pub mod shape;
pub mod source;
