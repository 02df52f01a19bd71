//! Sizes of a generator before or after quantisation.

use crate::draw::File;
use crate::import::import;
use crate::latent::wish::Wishes;
use crate::network::Network;
use crate::network::fold::{Activation, fold_all};
use crate::onnx::source::Source;
use crate::quantize::TABLE;
use crate::quantize::gen_file::{draft, stem, to_bytes};
use crate::report::layout::Layout;
use anyhow::{Context, Result};
use gen_core::Model;
use gen_core::format::write::{Draft, DraftActivation, DraftLayer};

/// The bytes of a `.gen`: those of `file`; for an ONNX, a file of the size that `quantize` would give, whose numbers
/// are all 0, and the imported network.
///
/// # Errors
///
/// If the file is malformed or can't be converted.
pub fn gen_file(file: &File, wishes: &Wishes) -> Result<(Vec<u8>, Option<Network>)> {
    match file {
        File::Gen { path, bytes } => {
            Model::parse(bytes).with_context(|| path.display().to_string())?;
            Ok((bytes.clone(), None))
        }
        File::Onnx(source) => {
            let network = import(source, wishes)?;
            Ok((blank(source, &network)?, Some(network)))
        }
    }
}

/// The layout of `file`. For a float ONNX it is the layout that `quantize` would give, to the byte, unless a table has
/// to be shorter than usual.
///
/// # Errors
///
/// If the file is malformed or can't be converted.
pub fn inspect(file: &File, wishes: &Wishes) -> Result<Layout> {
    let (bytes, network) = gen_file(file, wishes)?;
    let mut layout = Layout::new(&Model::parse(&bytes)?, bytes.len(), network.as_ref());
    if let File::Onnx(source) = file {
        // The file's name may be too long for a model's name, so the blank file has another.
        layout.name = stem(&source.path);
    }
    Ok(layout)
}

/// A `.gen` with the layers of `network`, whose numbers are all 0.
fn blank(source: &Source, network: &Network) -> Result<Vec<u8>> {
    let file = || source.path.display().to_string();
    let folded = fold_all(network).with_context(file)?;
    let layers = network.layers.iter().zip(folded).map(|(layer, folded)| {
        let zeros = || vec![0; folded.bias.len()];
        DraftLayer {
            weights: vec![0; layer.weights.len()],
            per_feature: folded.per_feature,
            multipliers: zeros(),
            constants: vec![0; folded.bias.len()],
            activation: match folded.activation {
                Activation::Slopes { .. } => {
                    DraftActivation::Slopes { negative: zeros(), biases: zeros() }
                }
                Activation::Curve(_) => DraftActivation::Table(vec![0; TABLE]),
                _ => DraftActivation::Clamp,
            },
            ..layer.draft()
        }
    });
    let draft = Draft { layers: layers.collect(), ..draft("blank", source.sha256, network) };
    to_bytes(&draft, network).with_context(file)
}
