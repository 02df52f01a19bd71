//! Compares the pictures of the imported network with those of the file, if tract can run the file.

use crate::latent;
use crate::latent::wish;
use crate::network::Network;
use crate::network::float::Runner;
use crate::network::linear::planes;
use crate::onnx::input::{Input, data_type, together};
use crate::onnx::run::Onnx;
use crate::onnx::source::Source;
use anyhow::Result;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use serde::Serialize;
use tract_onnx::pb::tensor_proto::DataType;

/// Minimum number of latents that are compared.
const LATENTS: usize = 4;
/// Maximum number of latents that are compared: one for each label, if there are so few.
const LABELS: usize = 16;
/// Largest difference, as a fraction of the pictures' range, that additions in another order may make.
const TOLERANCE: f32 = 1e-4;
/// Smallest range that differences are a fraction of. Pictures within less are nearly of one colour, such as the black
/// ones of a steep sigmoid.
const RANGE: f32 = 0.1;

/// The result of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The same pictures to within 0.01 % of their range.
    Same,
    /// No comparison: the reason.
    NotRun(String),
    /// Different pictures: the largest difference, as a fraction of their range; infinite for NaN or another size.
    Differs(f32),
}

/// Draws some latents with `source`, in tract and in the batch that it declares, and with `network`, and compares the
/// pictures.
pub fn verify(source: &Source, network: &Network) -> Check {
    if data_type(&network.output) == Some(DataType::Uint8) {
        return Check::NotRun("its pictures are bytes, cut off and not rounded".to_owned());
    }
    match difference(source, network) {
        Ok(off) if off <= TOLERANCE => Check::Same,
        Ok(off) => Check::Differs(off),
        Err(error) => Check::NotRun(format!("{error:#}")),
    }
}

/// The largest difference of the pictures, as a fraction of their range; infinite for NaN or another size.
fn difference(source: &Source, network: &Network) -> Result<f32> {
    let batch = network.batch;
    let inputs: Vec<Input> =
        network.inputs.iter().chain(&network.fixed).map(|input| input.batched(batch)).collect();
    let original = Onnx::new(source, inputs, &[&network.output.name])?;
    let imported = Runner::picture(network, None);
    let (mut largest, mut low, mut high) = (0.0_f32, f32::MAX, f32::MIN);
    let latent = DraftPart::latent(&network.latent);
    let one_hot = network.latent.iter().filter(|it| it.distribution == Distribution::OneHot);
    let labels = one_hot.map(|part| part.len).min().unwrap_or(0);
    let draw = |index: usize| {
        let mut z = latent::calibration(0, index, &latent);
        if labels > 0 {
            wish::set_label(&mut z, &network.latent, index % labels)?;
        }
        Ok(z)
    };
    let count = labels.clamp(LATENTS, LABELS).next_multiple_of(batch);
    let latents = (0..count).map(draw).collect::<Result<Vec<_>>>()?;
    for latents in latents.chunks(batch) {
        let pictures = original.run(&together(&network.inputs, latents))?.swap_remove(0);
        let len = network.image().iter().product();
        if pictures.len() != batch * len {
            return Ok(f32::INFINITY);
        }
        for (a, z) in pictures.chunks(len).zip(latents) {
            let mut b = imported.run(std::slice::from_ref(z))?.swap_remove(0).swap_remove(0);
            if !network.picture.interleaved {
                b = planes(&b, network.image());
            }
            for (a, b) in a.iter().zip(&b) {
                let off = (a - b).abs();
                largest = if off.is_nan() { f32::INFINITY } else { largest.max(off) };
                (low, high) = (low.min(*a), high.max(*a));
            }
        }
    }
    Ok(largest / (high - low).max(RANGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::graph::Values;
    use crate::sketch::{self, Sketch};

    /// The sigmoids of different runtimes differ by far more than a black picture's range.
    #[test]
    fn black_pictures_are_the_same() {
        let mut sketch = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 4], vec![]);
        let shift = sketch.graph.constant("shift", &[1], Values::Float(&[-80.0]));
        let file = sketch.then("Add", &[&shift], vec![]).plain("Sigmoid").finish();
        assert_eq!(verify(&file, &sketch::imported(&file)), Check::Same);
    }

    #[test]
    fn pictures_of_another_size_differ() {
        let of = |kernel| {
            let sketch = Sketch::new(&[4, 1, 1]);
            sketch.convolution("ConvTranspose", [4, 1, kernel], vec![]).plain("Tanh").finish()
        };
        let (file, network) = (of(4), sketch::imported(&of(4)));
        assert_eq!(verify(&file, &network), Check::Same);
        assert_eq!(verify(&of(5), &network), Check::Differs(f32::INFINITY));
    }
}
