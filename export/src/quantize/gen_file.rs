//! Writes a `.gen` file, with errors that name the node of the ONNX.

use crate::latent;
use crate::network::Network;
use anyhow::{Result, anyhow};
use gen_core::format::FormatError;
use gen_core::format::write::{Draft, WriteError};
use std::path::Path;

/// The name of the file at `path` without its extension.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A file called `name` with the latent of `network`, still without layers. `source` is the SHA-256 of the float ONNX.
pub(crate) fn draft(name: &str, source: [u8; 32], network: &Network) -> Draft {
    let (name, latent) = (name.to_owned(), latent::short(&network.latent));
    Draft { name, source, latent, whole: 0, layers: Vec::new(), directions: Vec::new() }
}

/// The bytes of the `.gen` file of `draft`, whose layers are those of `network`.
///
/// # Errors
///
/// If a layer doesn't fit the format, naming its node.
pub(crate) fn to_bytes(draft: &Draft, network: &Network) -> Result<Vec<u8>> {
    draft.to_bytes().map_err(|error| {
        let layer = match &error {
            WriteError::Count { layer, .. }
            | WriteError::Invalid(
                FormatError::Convolution { layer, .. }
                | FormatError::Activation { layer, .. }
                | FormatError::PerFeature { layer, .. }
                | FormatError::Element { layer, .. }
                | FormatError::Weight { layer, .. }
                | FormatError::Pixels { layer, .. }
                | FormatError::Dimension { layer }
                | FormatError::Table { layer, .. }
                | FormatError::Constant { layer, .. }
                | FormatError::Accumulator { layer },
            ) => network.layers.get(*layer),
            _ => None,
        };
        let remedy = match &error {
            WriteError::Invalid(FormatError::Accumulator { layer })
                if *layer > 0 && draft.layers[layer - 1].element.is_wide() =>
            {
                ": its inputs have 12 bits and its weights 8; give its weights 12 bits too, or its inputs 8"
            }
            _ => "",
        };
        let error = anyhow!("{error}{remedy}");
        match layer {
            Some(layer) => error.context(format!("node \"{}\"", layer.name)),
            None => error,
        }
    })
}
