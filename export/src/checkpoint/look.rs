//! Draws pictures with a generator that was made of a checkpoint, so that a person sees whether it was understood.

use crate::checkpoint::architecture::Architecture;
use crate::checkpoint::settings::Activation;
use crate::checkpoint::statistics::latents;
use crate::latent::{self, wish};
use crate::onnx::run::Onnx;
use crate::onnx::source::Source;
use crate::picture::Planes;
use crate::picture::pixel_rule::PixelRule;
use anyhow::Result;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use tract_onnx::pb::ModelProto;

/// Number of pictures.
const PICTURES: usize = 20;

/// Pictures of `model`, the ONNX of `architecture`, of seeds from 1 on; of each label in turn, if there are labels.
///
/// # Errors
/// If tract can't run it.
pub(super) fn pictures(
    architecture: &Architecture,
    model: &ModelProto,
    distribution: Distribution,
) -> Result<Vec<Planes>> {
    let (parts, inputs) = latents(architecture, distribution);
    let labels = parts.iter().find(|part| part.distribution == Distribution::OneHot);
    let labels = labels.map_or(0, |part| part.len);
    let output = model.graph.as_ref().map_or("", |graph| graph.output[0].name.as_str());
    let source = Source { path: "the checkpoint".into(), proto: model.clone(), sha256: [0; 32] };
    let onnx = Onnx::new(&source, inputs, &[output])?;
    let last = architecture.layers.last().map(|layer| layer.activation.value);
    let rule = match last {
        Some(Activation::Sigmoid) => PixelRule::UNIT,
        _ => PixelRule::SIGNED,
    };
    let [channels, height, width] = architecture.picture();
    let latent = DraftPart::latent(&parts);
    let picture = |index| {
        let mut z = latent::shown(1, index, &latent);
        if labels > 0 {
            wish::set_label(&mut z, &parts, index % labels)?;
        }
        let values = onnx.run(&z)?.swap_remove(0);
        Ok(rule.picture([height, width, channels], &values))
    };
    (0..PICTURES).map(picture).collect()
}
