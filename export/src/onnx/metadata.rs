//! Names of the metadata properties in which this project's ONNX files store what the graph alone does not contain.

/// Distribution of each input: [`describe`](crate::latent::inputs::describe).
pub const LATENTS: &str = "pocket_dcgan.latents";
/// The picture's `height width channels` and its layout, `HWC` or `CHW`: [`picture`].
pub const PICTURE: &str = "pocket_dcgan.picture";
/// The output values of pixels 0 and 255, as `low high`. Only quantised ONNX files have it.
pub const PIXELS: &str = "pocket_dcgan.pixels";
/// SHA-256 of the float ONNX that a quantised one was made from.
pub const SOURCE_SHA256: &str = "pocket_dcgan.source_sha256";

/// The text of [`PICTURE`] for a picture of height, width and channels, in the order `[row][column][channel]` if
/// `interleaved`.
pub(crate) fn picture([height, width, channels]: [usize; 3], interleaved: bool) -> String {
    format!("{height} {width} {channels} {}", if interleaved { "HWC" } else { "CHW" })
}

/// Parses the text of [`picture`]: height, width and channels, and whether it is interleaved.
pub(crate) fn pictured(text: &str) -> Option<([usize; 3], bool)> {
    let mut sizes = text.split(' ').map_while(|size| size.parse().ok());
    Some(([sizes.next()?, sizes.next()?, sizes.next()?], text.ends_with("HWC")))
}
