//! ONNX files as files: reading one, building one, running one in tract. What a graph means is
//! [`import`](mod@crate::import)'s business.

pub mod graph;
pub mod input;
pub mod metadata;
pub mod run;
pub mod shape;
pub mod source;
