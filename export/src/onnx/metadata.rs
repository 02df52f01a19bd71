//! Names of the metadata properties in which this project's ONNX files store what the graph alone does not contain.

/// Distribution of each input: [`describe`](crate::latent::inputs::describe).
pub const LATENTS: &str = "pocket_dcgan.latents";
/// The picture's `height width channels` and its layout, `HWC` or `CHW`: [`Order`](crate::network::Order).
pub const PICTURE: &str = "pocket_dcgan.picture";
/// The output values of pixels 0 and 255, as `low high`. Only quantised ONNX files have it.
pub const PIXELS: &str = "pocket_dcgan.pixels";
/// SHA-256 of the float ONNX that a quantised one was made from.
pub const SOURCE_SHA256: &str = "pocket_dcgan.source_sha256";
