//! An ONNX in tract.

use crate::network::Network;
use crate::network::float;
use crate::network::float::Rounded;
use crate::onnx::graph::tensor;
use crate::onnx::input::Input;
use crate::onnx::source::Source;
use anyhow::{Context, Result, anyhow, ensure};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tract_onnx::prelude::*;

/// How far tract takes a graph before it runs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Passes {
    /// To optimised, or where that fails to typed: it can run some graphs that it can't optimise.
    #[default]
    Most,
    /// To typed: operators are tract's own, types and shapes are known, constants are computed.
    Typed,
    /// To optimised: operators are merged as well, and as they are computed on this machine.
    Optimised,
}

/// An ONNX ready to run.
pub struct Onnx {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<Input>,
    /// Of the first output.
    output_shape: Vec<usize>,
}

impl Onnx {
    /// Prepares a float network, to give some of the tensors that [`float`] names, `[C, H, W]`.
    ///
    /// # Errors
    /// If tract can't.
    pub fn network(network: &Network, names: &[String]) -> Result<Self> {
        Self::rounded(network, None, names)
    }

    /// The same with one of its tensors rounded, if that is wanted.
    ///
    /// # Errors
    /// If tract can't.
    pub fn rounded(network: &Network, rounded: Option<Rounded>, names: &[String]) -> Result<Self> {
        let len = network.latent_len();
        let proto = float::encode(network, rounded);
        let source = Source::new("the imported network".into(), proto, [0; 32]);
        let input = Input {
            declared: tensor(float::INPUT, &[len as i64, 1, 1]),
            shape: vec![1, len, 1, 1],
            elements: 0..len,
            number: false,
            guessed: false,
            fixed: None,
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Self::new(&source, vec![input], &names)
    }

    /// Prepares `source` for single latents that go into `inputs`, to give the tensors named `outputs`.
    ///
    /// # Errors
    /// If tract can't.
    pub fn new(source: &Source, inputs: Vec<Input>, outputs: &[&str]) -> Result<Self> {
        let plan = guard(|| {
            let parsed = tract_onnx::onnx()
                .with_ignore_value_info(true)
                .parse(&source.proto, Some(source.directory()))?;
            let mut model = parsed.model;
            model.select_outputs_by_name(outputs)?;
            model.select_inputs_by_name(inputs.iter().map(Input::name))?;
            for (index, input) in inputs.iter().enumerate() {
                model.set_input_fact(index, input.datum_type().fact(&input.shape).into())?;
            }
            let model = match source.passes {
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

    /// The outputs for latent `z`, as they lie in memory.
    ///
    /// # Errors
    /// If `z` has the wrong length, or tract fails.
    pub fn run(&self, z: &[f32]) -> Result<Vec<Vec<f32>>> {
        let need: usize = self.inputs.iter().map(|input| input.elements.len()).sum();
        ensure!(z.len() == need, "latent of {} elements, the model takes {need}", z.len());
        guard(|| {
            let inputs = self.inputs.iter().map(|input| Ok(input.tensor(z)?.into()));
            let outputs = self.plan.run(inputs.collect::<TractResult<_>>()?)?;
            // Pictures may be bytes.
            let values = outputs.iter().map(|output| {
                let floats = output.cast_to::<f32>()?;
                Ok(floats.to_plain_array_view::<f32>()?.iter().copied().collect())
            });
            values.collect::<TractResult<_>>()
        })
    }
}

/// What tract does, with its panics as errors: some malformed graphs make it panic.
fn guard<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| anyhow!("{}", one_line(&format!("{error:#}")))),
        Err(_) => Err(anyhow!("it panics on this graph")),
    }
}

/// tract's errors hold whole graphs.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::import;
    use crate::pipeline::sketch;

    #[test]
    fn graphs_go_as_far_as_is_said() {
        let source = sketch::dense_first();
        let operators = |passes| {
            let source = Source { passes, ..source.clone() };
            let network = import(&source).unwrap();
            let onnx = Onnx::new(&source, network.inputs, &[&network.output.name]).unwrap();
            let nodes = onnx.plan.model().nodes().iter();
            nodes.map(|node| node.op.name().into_owned()).collect::<Vec<String>>()
        };
        let [typed, optimised] = [Passes::Typed, Passes::Optimised].map(operators);
        let merged = |operators: &[String]| operators.iter().any(|name| name.starts_with("Opt"));
        assert!(!merged(&typed) && merged(&optimised), "{typed:?} {optimised:?}");
        assert_eq!(operators(Passes::Most), optimised);
    }
}
