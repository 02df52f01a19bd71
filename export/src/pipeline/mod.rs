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

use crate::draw::classifier::Classifier;
use crate::draw::comparison::Comparison;
use crate::import::import;
use crate::import::verify::verify;
use crate::network::ending::pixel_rule;
use crate::onnx::source::Source;
use crate::picture::fidelity::worst_first;
use crate::quantize::gen_file;
use crate::report::layout::Layout;
use crate::report::{Report, TableReport, TensorReport, Worst};
use crate::twin;
use anyhow::{Context, Result};
use attempt::{Attempt, GenFile, Prepared};
use boards::usual_times;
use gen_core::Model;
pub use options::Options;
use std::path::{Path, PathBuf};

/// Number of pictures on the sheet of the worst.
const WORST: usize = 8;

/// An exported generator.
#[derive(Clone, Debug)]
pub struct Export {
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

/// Exports the ONNX at `path`. The same input and options give the same bytes on every machine. `done` is called after every picture drawn.
///
/// # Errors
///
/// If the options don't fit, or the ONNX can't be read, converted or quantised. The message says what to do.
pub fn export(path: &Path, options: &Options, done: &(dyn Fn() + Sync)) -> Result<Export> {
    options.check()?;
    let name = options.name(path)?;
    let source = Source::load(path)?;
    let network = import(&source, &options.wishes)?;
    let file = || path.display().to_string();
    let pixels = pixel_rule(&network, options.pixels).with_context(file)?;
    let load = |path: &PathBuf| Classifier::load(path, network.image(), pixels);
    let classifier = options.classifier.as_ref().map(load).transpose()?;

    let draft = gen_file::draft(&name, source.sha256, &network);
    let prepared = Prepared::new(&network, draft, pixels, options, done).with_context(file)?;
    let compared = (options.seed, options.compare);
    let comparison = Comparison::new(&network, pixels, compared, done).with_context(file)?;
    let found = search::search(&prepared, &comparison).with_context(file)?;

    let Attempt { file: GenFile { draft, reals, bytes }, pictures, differences, fidelity } =
        found.attempt;
    let onnx = twin::encode(&draft, &network, pixels).with_context(file)?;
    let qdq = options.qdq.then(|| twin::qdq::encode(&draft, &reals, &network, pixels));
    let mut shown = worst_first(&differences);
    shown.truncate(WORST);
    let sheet = comparison.sheet(&pictures, &shown)?;
    let frechet = classifier.map(|classifier| comparison.frechet(&pictures, &classifier));
    let tensors = prepared.tensors(&found.mix);
    let seed = |index: usize| options.seed.wrapping_add(index as u64);
    let worst = |index: usize| Worst { seed: seed(index), psnr: differences[index].psnr };
    let worst: Vec<Worst> = shown.into_iter().map(worst).collect();
    let model = Model::parse(&bytes)?;
    let report = Report {
        layout: Layout::new(&model, bytes.len(), Some(&network)),
        import: verify(&source, &network),
        settings: options.settings(&network, pixels),
        tensors: TensorReport::all(&network, &tensors, &prepared.statistics.outputs),
        sensitivities: found.sensitivities,
        times: usual_times(&model)?,
        chosen: found.chosen,
        eight_bits: found.eight_bits,
        tables: TableReport::all(&network, &draft.layers),
        fidelity,
        worst_seed: worst[0].seed,
        worst,
        frechet: frechet.transpose()?,
    };
    drop(model);
    Ok(Export { gen_file: bytes, onnx, qdq, worst: sheet, report })
}
