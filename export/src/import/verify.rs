//! Whether the imported network draws what the file does, as far as tract runs that.

use crate::latent;
use crate::network::Network;
use crate::network::float;
use crate::onnx::input::data_type;
use crate::onnx::run::Onnx;
use crate::onnx::source::Source;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use serde::Serialize;
use tract_onnx::pb::tensor_proto::DataType;

/// Latents that are tried, or labels of these: all, if there are no more than that.
const LATENTS: usize = 4;
const LABELS: usize = 16;
/// Part of the pictures' range that arithmetic in another order may come to.
const TOLERANCE: f32 = 1e-4;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The same pictures.
    Same,
    /// tract cannot run the file: why.
    NotRun(String),
    /// Pictures that differ by so large a part of their range.
    Differs(f32),
}

/// Draws some latents with `source` in tract and with `network`.
pub fn verify(source: &Source, network: &Network) -> Check {
    if data_type(&network.output) == Some(DataType::Uint8) {
        return Check::NotRun("its pictures are bytes, cut off and not rounded".to_owned());
    }
    let run = || -> anyhow::Result<f32> {
        let inputs = [&network.inputs[..], &network.fixed].concat();
        let original = Onnx::new(source, inputs, &[&network.output.name])?;
        let imported = Onnx::network(network, &[float::output(network.layers.len() - 1)])?;
        let [height, width, channels] = network.image();
        let plane = height * width;
        let (mut largest, mut low, mut high) = (0.0_f32, f32::MAX, f32::MIN);
        let latent = DraftPart::latent(&network.latent);
        let one_hot = network.latent.iter().filter(|it| it.distribution == Distribution::OneHot);
        let labels = one_hot.map(|part| part.len).min().unwrap_or(0);
        for index in 0..labels.clamp(LATENTS, LABELS) {
            let mut z = latent::calibration(0, index, &latent);
            if labels > 0 {
                latent::set_label(&mut z, &network.latent, index % labels)?;
            }
            let (a, b) = (original.run(&z)?.swap_remove(0), imported.run(&z)?.swap_remove(0));
            anyhow::ensure!(a.len() == b.len(), "its pictures are of another size");
            for (i, a) in a.iter().enumerate() {
                let at = match network.picture.interleaved {
                    true => i % channels * plane + i / channels,
                    false => i,
                };
                let off = (a - b[at]).abs();
                largest = if off.is_nan() { f32::INFINITY } else { largest.max(off) };
                (low, high) = (low.min(*a), high.max(*a));
            }
        }
        Ok(largest / (high - low).max(f32::MIN_POSITIVE))
    };
    match run() {
        Ok(off) if off <= TOLERANCE => Check::Same,
        Ok(off) => Check::Differs(off),
        Err(error) => Check::NotRun(format!("{error:#}")),
    }
}
