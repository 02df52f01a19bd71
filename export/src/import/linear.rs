//! Gemm, MatMul, ConvTranspose, Conv.

use super::{KERNEL_LIMIT, Node, Walk, check_dense};
use crate::network::{Kind, Layer, Operation};
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};

/// Kernel, strides and paddings as the node has them.
struct Geometry {
    kernel: [usize; 2],
    stride: [usize; 2],
    begin: [usize; 2],
    end: [usize; 2],
}

impl Walk<'_> {
    pub(super) fn gemm(&mut self, node: Node) -> Result<()> {
        node.expect(3, &["alpha", "beta", "transA", "transB"])?;
        ensure!(node.int("transA", 0)? == 0, node.refuse("attribute transA = 1 is not supported"));
        let alpha = node.float("alpha", 1.0)?;
        let beta = node.float("beta", 1.0)?;
        let transposed = node.int("transB", 0)? != 0;
        let features = self.dense(node, transposed)?;
        let shift = if node.input(2).is_empty() {
            vec![0.0; features]
        } else {
            let (shape, values) = self.constants.floats(node, 2, "bias")?;
            let bias = match values[..] {
                [one] => vec![one; features],
                _ if values.len() == features && shape.last() == Some(&features) => values,
                _ => return Err(node.refuse(format!("bias of shape {shape:?} does not fit"))),
            };
            bias.iter().map(|&b| beta * f64::from(b)).collect()
        };
        self.step(node, Operation::Affine { scale: vec![alpha; features], shift })
    }

    pub(super) fn matmul(&mut self, node: Node) -> Result<()> {
        node.expect(2, &[])?;
        self.dense(node, false).map(drop)
    }

    /// Adds a dense layer with the weights of input 1, `[in, out]` or transposed, and returns its
    /// features.
    fn dense(&mut self, node: Node, transposed: bool) -> Result<usize> {
        let (shape, values) = self.constants.floats(node, 1, "weights")?;
        let channels_in = self.map[0];
        ensure!(
            self.flat,
            node.refuse("stands on a map: a dense layer must come before the first convolution")
        );
        let [rows, columns] = shape[..] else {
            return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 2")));
        };
        let (fits, features) = if transposed { (columns, rows) } else { (rows, columns) };
        ensure!(
            fits == channels_in && features > 0,
            node.refuse(format!("weights of shape {shape:?} do not fit {channels_in} inputs"))
        );
        let weights = if transposed {
            values
        } else {
            let at = |out: usize, input: usize| values[input * features + out];
            (0..features * fits).map(|i| at(i / fits, i % fits)).collect()
        };
        let (rows, columns) = (Layer::dense_axis(1), Layer::dense_axis(1));
        self.push(node, Kind::Dense, rows, columns, features, weights);
        Ok(features)
    }

    pub(super) fn transposed(&mut self, node: Node) -> Result<()> {
        let attributes = [
            "kernel_shape",
            "strides",
            "pads",
            "dilations",
            "group",
            "output_padding",
            "output_shape",
            "auto_pad",
        ];
        node.expect(3, &attributes)?;
        ensure!(
            node.ints("output_shape")?.is_none(),
            node.refuse("attribute output_shape is not supported: export pads and output_padding")
        );
        let (shape, values) = self.constants.floats(node, 1, "weights")?;
        let [channels_in, channels_out, kernel_rows, kernel_columns] = shape[..] else {
            return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 4")));
        };
        let geometry = self.geometry(node, channels_in, [kernel_rows, kernel_columns])?;
        let extra = node.pair("output_padding", 0)?;
        ensure!(
            extra[0] < geometry.stride[0] && extra[1] < geometry.stride[1],
            node.refuse(format!("attribute output_padding = {extra:?} is not below the strides"))
        );
        let axis = |along: usize| {
            let input = self.map[1 + along];
            let kernel = geometry.kernel[along];
            let whole = (input - 1) * geometry.stride[along] + kernel + extra[along];
            let output = whole.saturating_sub(geometry.begin[along] + geometry.end[along]);
            let (stride, pad) = (geometry.stride[along], geometry.begin[along]);
            Axis { convolution: Convolution::Transposed, input, output, kernel, stride, pad }
        };
        let (rows, columns) = (axis(0), axis(1));
        let taps = kernel_rows * kernel_columns;
        let weights = reorder(channels_out, taps, channels_in, |out, tap, input| {
            values[(input * channels_out + out) * taps + tap]
        });
        self.convolution(node, Kind::Transposed, rows, columns, channels_out, weights)
    }

    pub(super) fn plain(&mut self, node: Node) -> Result<()> {
        let attributes = ["kernel_shape", "strides", "pads", "dilations", "group", "auto_pad"];
        node.expect(3, &attributes)?;
        let (shape, values) = self.constants.floats(node, 1, "weights")?;
        let [channels_out, channels_in, kernel_rows, kernel_columns] = shape[..] else {
            return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 4")));
        };
        let geometry = self.geometry(node, channels_in, [kernel_rows, kernel_columns])?;
        let axis = |along: usize| {
            let input = self.map[1 + along];
            let kernel = geometry.kernel[along];
            let (stride, pad) = (geometry.stride[along], geometry.begin[along]);
            let padded = input + pad + geometry.end[along];
            let output = if padded < kernel { 0 } else { (padded - kernel) / stride + 1 };
            Axis { convolution: Convolution::Plain, input, output, kernel, stride, pad }
        };
        let (rows, columns) = (axis(0), axis(1));
        let taps = kernel_rows * kernel_columns;
        let weights = reorder(channels_out, taps, channels_in, |out, tap, input| {
            values[(out * channels_in + input) * taps + tap]
        });
        self.convolution(node, Kind::Plain, rows, columns, channels_out, weights)
    }

    /// What both convolutions have in common, checked.
    fn geometry(&self, node: Node, channels_in: usize, kernel: [usize; 2]) -> Result<Geometry> {
        ensure!(!self.flat, node.refuse("its input has rank 2: reshape it to a map first"));
        let group = node.int("group", 1)?;
        ensure!(group == 1, node.refuse(format!("attribute group = {group}: only 1 is supported")));
        let dilations = node.pair("dilations", 1)?;
        ensure!(
            dilations == [1, 1],
            node.refuse(format!("attribute dilations = {dilations:?}: only 1 is supported"))
        );
        let auto_pad = node.text("auto_pad", "NOTSET")?;
        ensure!(
            matches!(auto_pad, "NOTSET" | "VALID"),
            node.refuse(format!("attribute auto_pad = {auto_pad}: export explicit pads"))
        );
        let declared = node.pair("kernel_shape", 0)?;
        ensure!(
            declared == [0, 0] || declared == kernel,
            node.refuse(format!(
                "attribute kernel_shape = {declared:?}, the weights' is {kernel:?}"
            ))
        );
        let stride = node.pair("strides", 1)?;
        let sizes = [kernel[0], kernel[1], stride[0], stride[1]];
        ensure!(
            sizes.iter().all(|size| (1..=KERNEL_LIMIT).contains(size)),
            node.refuse(format!("kernel {kernel:?} with strides {stride:?}, possible: 1…255"))
        );
        ensure!(
            channels_in == self.map[0],
            node.refuse(format!("weights for {channels_in} channels on {} channels", self.map[0]))
        );
        let pads = match node.ints("pads")? {
            Some(pads) if auto_pad == "NOTSET" => pads,
            _ => &[0; 4],
        };
        let small = |index: usize| pads.get(index).and_then(|&p| u8::try_from(p).ok());
        let (4, Some(top), Some(left), Some(bottom), Some(right)) =
            (pads.len(), small(0), small(1), small(2), small(3))
        else {
            return Err(node.refuse(format!("attribute pads = {pads:?}, possible: 0…255")));
        };
        let begin = [top.into(), left.into()];
        Ok(Geometry { kernel, stride, begin, end: [bottom.into(), right.into()] })
    }

    /// Adds a convolution with the bias of input 2.
    fn convolution(
        &mut self,
        node: Node,
        kind: Kind,
        rows: Axis,
        columns: Axis,
        channels_out: usize,
        weights: Vec<f32>,
    ) -> Result<()> {
        ensure!(
            rows.output > 0 && columns.output > 0 && channels_out > 0,
            node.refuse("its output is empty: pads are too large")
        );
        if rows.input == 1 && columns.input == 1 {
            let channels_in = self.map[0];
            check_dense(node, channels_in, [channels_out, rows.output, columns.output])?;
            let weights = on_one_element(&rows, &columns, channels_in, channels_out, &weights);
            let (rows, columns) =
                (Layer::dense_axis(rows.output), Layer::dense_axis(columns.output));
            self.push(node, Kind::Dense, rows, columns, channels_out, weights);
        } else {
            self.push(node, kind, rows, columns, channels_out, weights);
        }
        if !node.input(2).is_empty() {
            let (shape, bias) = self.constants.floats(node, 2, "bias")?;
            ensure!(
                bias.len() == channels_out,
                node.refuse(format!("bias of shape {shape:?} on {channels_out} channels"))
            );
            let shift = bias.iter().map(|&b| f64::from(b)).collect();
            let scale = vec![1.0; channels_out];
            self.step(node, Operation::Affine { scale, shift })?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        node: Node,
        kind: Kind,
        rows: Axis,
        columns: Axis,
        channels_out: usize,
        weights: Vec<f32>,
    ) {
        let channels_in = self.map[0];
        self.map = [channels_out, rows.output, columns.output];
        self.layers.push(Layer {
            name: node.name().to_owned(),
            kind,
            rows,
            columns,
            channels_in,
            channels_out,
            weights,
            steps: Vec::new(),
            tensor: String::new(),
        });
    }
}

/// Weights as `[out][tap][in]`.
fn reorder(
    channels_out: usize,
    taps: usize,
    channels_in: usize,
    at: impl Fn(usize, usize, usize) -> f32,
) -> Vec<f32> {
    let mut weights = Vec::with_capacity(channels_out * taps * channels_in);
    for out in 0..channels_out {
        for tap in 0..taps {
            weights.extend((0..channels_in).map(|input| at(out, tap, input)));
        }
    }
    weights
}

/// The kernel of output's size that does on a 1×1 map what `weights` does: each output meets at
/// most one tap.
fn on_one_element(
    rows: &Axis,
    columns: &Axis,
    channels_in: usize,
    channels_out: usize,
    weights: &[f32],
) -> Vec<f32> {
    let tap = |axis: &Axis, o: usize| {
        let taps = axis.taps(o);
        (taps.len == 1).then(|| axis.kernel_index(taps.phase, taps.skip))
    };
    let mut dense = Vec::with_capacity(channels_out * rows.output * columns.output * channels_in);
    for out in 0..channels_out {
        for y in 0..rows.output {
            for x in 0..columns.output {
                match tap(rows, y).zip(tap(columns, x)) {
                    None => dense.extend(std::iter::repeat_n(0.0, channels_in)),
                    Some((ky, kx)) => {
                        let at = (out * rows.kernel + ky) * columns.kernel + kx;
                        dense.extend(&weights[at * channels_in..][..channels_in]);
                    }
                }
            }
        }
    }
    dense
}
