//! The whole export: from an ONNX file to everything that `quantize` writes.
//!
//! - [`options`]: what a user can choose
//! - [`attempt`]: one mix of 8 and 12 bits, quantised, written and drawn
//! - [`search`]: chooses the mix

mod attempt;
pub mod options;
mod search;
#[cfg(test)]
mod tests;

use crate::draw::classifier::{Classifier, Frechet};
use crate::draw::comparison::Comparison;
use crate::import::import;
use crate::import::verify::verify;
use crate::network::Network;
use crate::network::ending::pixel_rule;
use crate::onnx::source::Source;
use crate::picture::Picture;
use crate::picture::fidelity::worst_first;
use crate::picture::pixel_rule::PixelRule;
use crate::report::{Findings, Report};
use crate::twin;
use anyhow::{Context, Result};
use attempt::{Drawn, Groundwork, Made};
use gen_core::Model;
pub use options::Options;
use std::path::Path;

/// Number of pictures on the sheet of the worst.
const WORST: usize = 8;

/// An exported generator.
#[derive(Clone, Debug)]
pub struct Export {
    /// The model's name.
    pub name: String,
    /// The `.gen` file.
    pub gen_file: Vec<u8>,
    /// The quantised ONNX file.
    pub onnx: Vec<u8>,
    /// The ONNX file with QuantizeLinear and DequantizeLinear, if [`Options::qdq`] is set.
    pub qdq: Option<Vec<u8>>,
    /// A PNG of the pictures that differ most, the worst first: float, `.gen`, and their difference times 8.
    pub worst: Vec<u8>,
    /// Sizes, times, ranges and fidelity.
    pub report: Report,
}

/// Exports the ONNX at `path`. The same input and options give the same bytes. `done` is called after every picture
/// drawn.
///
/// # Errors
/// If the options don't fit, or the ONNX can't be read, converted or quantised. The message says what to do.
pub fn export(path: &Path, options: &Options, done: &(dyn Fn() + Sync)) -> Result<Export> {
    options.check()?;
    let name = options.name(path)?;
    let source = Source::load(path)?;
    let network = import(&source, &options.wishes)?;
    let file = || path.display().to_string();
    let pixels = pixel_rule(&network, options.pixels).with_context(file)?;
    let classifier = options.classifier.as_deref();
    let classifier =
        classifier.map(|it| Classifier::load(it, network.image(), pixels)).transpose()?;

    let origin = (&network, source.sha256);
    let ground = Groundwork::prepare(origin, pixels, (&name, options), done).with_context(file)?;
    let comparison =
        Comparison::new(&network, pixels, options.compared(), done).with_context(file)?;
    let found = search::search(&ground, &comparison, done).with_context(file)?;

    let Drawn { made: Made { draft, reals, gen_file }, pictures, pairs, fidelity } = found.drawn;
    let onnx = twin::encode(&draft, &network, pixels).with_context(file)?;
    let qdq = options.qdq.then(|| twin::qdq::encode(&draft, &reals, &network, pixels));
    let mut worst = worst_first(&pairs);
    worst.truncate(WORST);
    let sheet = comparison.sheet(&pictures, &worst)?;
    let frechet = |classifier| {
        distances((&network, pixels), &comparison, &pictures, (classifier, options), done)
    };
    let findings = Findings {
        network: &network,
        import: verify(&source, &network),
        ranges: ground.ranges(&found.mix),
        histograms: &ground.seen.outputs,
        drafts: &draft.layers,
        sensitivities: found.sensitivities,
        eight_bits: found.eight_bits,
        worst: worst.iter().map(|index| (*index, pairs[*index].psnr())).collect(),
        fidelity,
        frechet: classifier.as_ref().map(frechet).transpose()?,
    };
    let report = {
        let model = Model::parse(&gen_file)?;
        Report::new(&model, gen_file.len(), options.settings(pixels), findings)?
    };
    Ok(Export { name, gen_file, onnx, qdq, worst: sheet, report })
}

/// Squared Fréchet distances from the pictures of `comparison`: of `pictures`, and, as a measure of chance, of the
/// float network's pictures of as many other latents.
fn distances(
    (network, pixels): (&Network, PixelRule),
    comparison: &Comparison,
    pictures: &[Picture],
    (classifier, options): (&Classifier, &Options),
    done: &(dyn Fn() + Sync),
) -> Result<Frechet> {
    let (seed, count) = options.compared();
    let others = (seed.wrapping_add(count as u64), count);
    let others = Comparison::new(network, pixels, others, done)?;
    comparison.frechet(pictures, &others, classifier, done)
}
