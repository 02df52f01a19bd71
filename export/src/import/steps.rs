//! What works on single elements: biases, BatchNormalization, activations.

use super::{Node, Walk};
use crate::network::{Function, Kind, Operation};
use anyhow::{Error, Result, ensure};

impl Walk<'_> {
    pub(super) fn add(&mut self, node: Node) -> Result<()> {
        node.expect(2, &[])?;
        let index = usize::from(self.constants.contains(node.input(1)));
        let (shape, values) = self.constants.floats(node, index, "summand")?;
        let [channels, height, width] = self.map;
        // A leading 1 is the batch's.
        let sizes =
            if shape.len() > 1 && shape[0] == 1 && shape.len() == if self.flat { 2 } else { 4 } {
                &shape[1..]
            } else {
                &shape[..]
            };
        let fits = if self.flat { sizes == [channels] } else { sizes == [channels, 1, 1] };
        let dense = self.layer(node)?.kind == Kind::Dense;
        let shift: Vec<f64> = if values.len() == 1 {
            vec![f64::from(values[0]); channels]
        } else if fits {
            values.iter().map(|&v| f64::from(v)).collect()
        } else if dense && !self.flat && sizes == [channels, height, width] {
            to_hwc(&values, self.map).map(f64::from).collect()
        } else {
            return Err(node.refuse(format!(
                "summand of shape {shape:?} on {channels}×{height}×{width}: one number per channel \
                 is supported"
            )));
        };
        let scale = vec![1.0; shift.len()];
        self.step(node, Operation::Affine { scale, shift })
    }

    pub(super) fn batch_normalization(&mut self, node: Node) -> Result<()> {
        node.expect(5, &["epsilon", "momentum", "training_mode", "spatial", "is_test"])?;
        ensure!(
            node.int("training_mode", 0)? == 0 && node.0.output.len() == 1,
            node.refuse("attribute training_mode = 1: export in inference mode, model.eval()")
        );
        ensure!(
            node.int("spatial", 1)? == 1,
            node.refuse("attribute spatial = 0 is not supported: export with opset 9 or later")
        );
        let epsilon = node.float("epsilon", 1e-5)?;
        let channels = self.map[0];
        let vector = |index, what| {
            let (shape, values) = self.constants.floats(node, index, what)?;
            ensure!(
                values.len() == channels,
                node.refuse(format!("{what} of shape {shape:?} on {channels} channels"))
            );
            Ok(values.into_iter().map(f64::from).collect::<Vec<_>>())
        };
        let (gamma, beta) = (vector(1, "scale")?, vector(2, "bias")?);
        let (mean, variance) = (vector(3, "mean")?, vector(4, "variance")?);
        let bad = variance.iter().position(|v| v + epsilon <= 0.0);
        if let Some(channel) = bad {
            let value = variance[channel];
            return Err(
                node.refuse(format!("variance {value} of channel {channel} is no variance"))
            );
        }
        let scale: Vec<f64> =
            (0..channels).map(|c| gamma[c] / (variance[c] + epsilon).sqrt()).collect();
        let shift = (0..channels).map(|c| beta[c] - mean[c] * scale[c]).collect();
        self.step(node, Operation::Affine { scale, shift })
    }

    pub(super) fn function(&mut self, node: Node) -> Result<()> {
        let function = match node.operator() {
            "Relu" => {
                node.expect(1, &[])?;
                Function::Relu
            }
            "LeakyRelu" => {
                node.expect(1, &["alpha"])?;
                Function::LeakyRelu(node.float("alpha", 0.01)?)
            }
            "Tanh" => {
                node.expect(1, &[])?;
                Function::Tanh
            }
            "Sigmoid" => {
                node.expect(1, &[])?;
                Function::Sigmoid
            }
            _ => self.clip(node)?,
        };
        self.step(node, Operation::Function(function))
    }

    /// The limits are attributes before opset 11, inputs since then; a missing one is infinite.
    fn clip(&self, node: Node) -> Result<Function> {
        node.expect(3, &["min", "max"])?;
        let limit = |index: usize, name, missing: f32| {
            // The ends of float32 are what old exporters write for no limit.
            let end = missing.clamp(f32::MIN, f32::MAX);
            let value = if node.input(index).is_empty() {
                node.float(name, end)?
            } else {
                let (shape, values) = self.constants.floats(node, index, name)?;
                ensure!(
                    values.len() == 1,
                    node.refuse(format!("{name} of shape {shape:?}, expected one number"))
                );
                f64::from(values[0])
            };
            Ok::<_, Error>(if value == f64::from(end) { f64::from(missing) } else { value })
        };
        let (low, high) = (limit(1, "min", f32::NEG_INFINITY)?, limit(2, "max", f32::INFINITY)?);
        ensure!(low < high, node.refuse(format!("limits {low} and {high} leave nothing between")));
        Ok(Function::Clip(low, high))
    }

    pub(super) fn dropout(&mut self, node: Node) -> Result<()> {
        node.expect(3, &["ratio", "seed", "is_test"])?;
        if !node.input(2).is_empty() {
            ensure!(
                !self.constants.flag(node, 2, "training_mode")?,
                node.refuse("training_mode is on: export in inference mode, model.eval()")
            );
        }
        Ok(())
    }
}

/// CHW values in HWC order.
pub(super) fn to_hwc<T: Copy>(
    values: &[T],
    [channels, height, width]: [usize; 3],
) -> impl Iterator<Item = T> {
    (0..height * width)
        .flat_map(move |at| (0..channels).map(move |c| values[c * height * width + at]))
}
