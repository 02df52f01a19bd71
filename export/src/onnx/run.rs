//! Runs an ONNX in tract.

use crate::onnx::input::Input;
use crate::onnx::source::Source;
use anyhow::{Context, Result, anyhow, ensure};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tract_onnx::prelude::*;

/// The passes that tract makes over a graph before it runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passes {
    /// Optimised, or typed if that fails: tract can run some graphs that it cannot optimise.
    #[default]
    Most,
    /// Typed: operators are tract's own, types and shapes are known, constants are computed.
    Typed,
    /// Optimised: typed, then operators are merged and specialised for this machine, unless tract was told before not to
    /// use the processor's own instructions.
    Optimised,
}

/// An ONNX ready to run.
pub struct Onnx {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<Input>,
    /// Shape of the first output.
    output_shape: Vec<usize>,
}

impl Onnx {
    /// Prepares `source` for batch 1. It takes a latent through `inputs` and computes the tensors called `outputs`.
    ///
    /// # Errors
    /// If tract cannot run the graph.
    pub fn new(source: &Source, inputs: Vec<Input>, outputs: &[&str]) -> Result<Self> {
        Self::with_passes(source, Passes::Most, inputs, outputs)
    }

    /// As [`new`](Self::new), with the given passes over the graph.
    ///
    /// # Errors
    /// If tract cannot make the passes or run the graph.
    pub fn with_passes(
        source: &Source,
        passes: Passes,
        inputs: Vec<Input>,
        outputs: &[&str],
    ) -> Result<Self> {
        let plan = guard(|| {
            let reader = match passes {
                Passes::Optimised => reader(),
                _ => tract(),
            };
            let mut model = reader.parse(&source.proto, source.directory())?.model;
            model.select_outputs_by_name(outputs)?;
            model.select_inputs_by_name(inputs.iter().map(Input::name))?;
            for (index, input) in inputs.iter().enumerate() {
                model.set_input_fact(index, input.datum_type().fact(&input.shape).into())?;
            }
            let model = match passes {
                Passes::Typed => model.into_typed()?,
                Passes::Optimised => model.into_optimized()?,
                Passes::Most => {
                    let plain = model.clone();
                    match catch_unwind(AssertUnwindSafe(|| model.into_optimized())) {
                        Ok(Ok(model)) => model,
                        _ => plain.into_typed()?,
                    }
                }
            };
            let plan = model.into_runnable()?;
            let shape = plan.model().output_fact(0)?.shape.as_concrete().map(<[usize]>::to_vec);
            Ok((plan, shape.context("the output's size depends on the batch")?))
        });
        let (plan, output_shape) =
            plan.with_context(|| format!("{}: tract cannot run it", source.path.display()))?;
        Ok(Self { plan, inputs, output_shape })
    }

    /// Shape of the first output.
    pub fn output_shape(&self) -> &[usize] {
        &self.output_shape
    }

    /// The outputs for latent `z`, each flat and in row-major order.
    ///
    /// # Errors
    /// If `z` has the wrong length, or tract fails.
    pub fn run(&self, z: &[f32]) -> Result<Vec<Vec<f32>>> {
        let need: usize = self.inputs.iter().map(|input| input.elements.len()).sum();
        ensure!(z.len() == need, "latent of {} elements, the model takes {need}", z.len());
        guard(|| {
            let inputs = self.inputs.iter().map(|input| Ok(input.tensor(z)?.into()));
            let outputs = self.plan.run(inputs.collect::<TractResult<_>>()?)?;
            // Pictures may be bytes, which become floats.
            let values = outputs.iter().map(|output| {
                let floats = output.cast_to::<f32>()?;
                Ok(floats.to_plain_array_view::<f32>()?.iter().copied().collect())
            });
            values.collect::<TractResult<_>>()
        })
    }
}

/// tract's reader of ONNX. All use of tract begins here, or in [`reader`].
///
/// tract is told that the processor lacks what its own instructions need, and then computes with the code that is the
/// same for all. Otherwise it fuses multiplications and additions where the processor can, and constants that it
/// computes would differ from machine to machine.
pub(crate) fn tract() -> tract_onnx::Onnx {
    let without = format!("-{}", std::env::consts::ARCH);
    tract_linalg::knobs::TRACT_CPU_ISA.set(Some(without));
    reader()
}

/// The same with the processor's own instructions, as tract is by default.
fn reader() -> tract_onnx::Onnx {
    tract_onnx::onnx().with_ignore_value_info(true)
}

/// Runs `work` in tract and turns a panic into an error: some malformed graphs make tract panic.
pub(crate) fn guard<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| anyhow!("{}", one_line(&format!("{error:#}")))),
        Err(_) => Err(anyhow!("it panics on this graph")),
    }
}

/// The first line of `text`, at most 200 characters: tract's errors print whole graphs.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::import;
    use crate::latent::wish::Wishes;
    use crate::onnx::graph::{Graph, Values, tensor};
    use crate::sketch;

    #[test]
    fn graphs_go_as_far_as_is_said() {
        let source = sketch::dense_first();
        let operators = |passes| {
            let network = import(&source, &Wishes::default()).unwrap();
            let outputs = [network.output.name.as_str()];
            let onnx = Onnx::with_passes(&source, passes, network.inputs, &outputs).unwrap();
            let nodes = onnx.plan.model().nodes().iter();
            nodes.map(|node| node.op.name().into_owned()).collect::<Vec<String>>()
        };
        let [typed, optimised] = [Passes::Typed, Passes::Optimised].map(operators);
        let merged = |operators: &[String]| operators.iter().any(|name| name.starts_with("Opt"));
        assert!(!merged(&typed) && merged(&optimised), "{typed:?} {optimised:?}");
        assert_eq!(operators(Passes::Most), optimised);
    }
    /// 1 + 2⁻¹³ has the square 1 + 2⁻¹² + 2⁻²⁶, whose last part is lost unless the next addition is fused with it.
    #[test]
    fn products_are_rounded_before_they_are_added() {
        let root = 1.0 + 2.0_f32.powi(-13);
        let columns = 16;
        let mut graph = Graph::default();
        let weights = [vec![-root * root; columns], vec![root; columns]].concat();
        let weights = graph.constant("weights", &[2, columns], Values::Float(&weights));
        let y = graph.node("MatMul", "product", &["x", &weights], vec![]);
        let inputs = vec![tensor("x", &[2])];
        let outputs = tensor(&y, &[columns as i64]);
        let proto = graph.model("product", inputs, outputs, Vec::new());
        let source = Source { path: "product".into(), proto, sha256: [0; 32] };
        for passes in [Passes::Typed, Passes::Optimised] {
            let input = Input { elements: 0..2, ..Input::new(tensor("x", &[2]), vec![1, 2]) };
            let onnx = Onnx::with_passes(&source, passes, vec![input], &[&y]).unwrap();
            assert_eq!(onnx.run(&[1.0, root]).unwrap(), [vec![0.0; columns]], "{passes:?}");
        }
    }
}
