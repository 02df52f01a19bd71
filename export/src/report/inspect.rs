//! Sizes of a generator before or after quantisation.

use crate::draw::File;
use crate::import::import;
use crate::latent;
use crate::latent::wish::Wishes;
use crate::network::fold::{Activation, fold};
use crate::network::{Layer, Network};
use crate::onnx::source::Source;
use crate::report::gen_file::{stem, to_bytes};
use crate::report::layout::Layout;
use anyhow::{Context, Result};
use gen_core::Model;
use gen_core::format::write::{Draft, DraftActivation, DraftLayer};

/// The bytes of a `.gen`: those of `file`; for an ONNX, a file of the size that `quantize` would give, whose numbers
/// are all 0.
///
/// # Errors
/// If the file is malformed or can't be converted.
pub fn bytes(file: &File, wishes: &Wishes) -> Result<Vec<u8>> {
    match file {
        File::Gen { path, bytes } => {
            Model::parse(bytes).with_context(|| path.display().to_string())?;
            Ok(bytes.clone())
        }
        File::Onnx(source) => blank(source, &import(source, wishes)?),
    }
}

/// The layout of `file`. For a float ONNX it is the layout that `quantize` would give, to the byte, unless a table has
/// to be shorter than usual.
///
/// # Errors
/// If the file is malformed or can't be converted.
pub fn inspect(file: &File, wishes: &Wishes) -> Result<Layout> {
    match file {
        File::Gen { path, bytes } => {
            let model = Model::parse(bytes).with_context(|| path.display().to_string())?;
            Ok(Layout::new(&model, bytes.len(), None))
        }
        File::Onnx(source) => {
            let network = import(source, wishes)?;
            let bytes = blank(source, &network)?;
            let layout = Layout::new(&Model::parse(&bytes)?, bytes.len(), Some(&network));
            // The file's name may be too long for a model's name, so the blank file has another.
            Ok(Layout { name: stem(&source.path), ..layout })
        }
    }
}

/// A `.gen` with the layers of `network`, whose numbers are all 0.
fn blank(source: &Source, network: &Network) -> Result<Vec<u8>> {
    let last = network.layers.len() - 1;
    let file = || source.path.display().to_string();
    let layers: Result<Vec<_>> =
        network.layers.iter().enumerate().map(|(i, layer)| blank_layer(layer, i == last)).collect();
    let draft = Draft {
        name: "blank".to_owned(),
        source: source.sha256,
        latent: latent::short(&network.latent),
        whole: 0,
        layers: layers.with_context(file)?,
        directions: Vec::new(),
    };
    to_bytes(&draft, network).with_context(file)
}

fn blank_layer(layer: &Layer, is_last: bool) -> Result<DraftLayer> {
    let folded = fold(layer, is_last)?;
    let numbers = folded.bias.len();
    Ok(DraftLayer {
        weights: vec![0; layer.weights.len()],
        per_feature: folded.per_feature,
        multipliers: vec![0; numbers],
        constants: vec![0; numbers],
        activation: match folded.activation {
            Activation::Slopes { .. } => {
                DraftActivation::Slopes { negative: vec![0; numbers], biases: vec![0; numbers] }
            }
            Activation::Curve(_) => DraftActivation::Table(vec![0; crate::quantize::TABLE]),
            _ => DraftActivation::Clamp,
        },
        ..layer.draft()
    })
}
