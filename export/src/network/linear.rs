//! Linear operations as ONNX nodes, for the float network and the quantised one.

use crate::network::Layer;
use crate::onnx::graph::{Graph, Values, int, ints};
use gen_core::axis::{Axis, Convolution};

/// Geometry of a linear operation: its two axes and its channels.
pub struct Linear {
    /// Geometry along rows and columns. Both are transposed, or both are plain.
    pub axes: [Axis; 2],
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
}

impl Linear {
    /// The geometry of `layer`.
    pub fn of(layer: &Layer) -> Self {
        let Layer { rows, columns, channels_in, channels_out, .. } = *layer;
        Self { axes: [rows, columns], channels_in, channels_out }
    }

    /// Shape and values of `weights`, given as `[out][kernel row][kernel column][in]`, in ONNX's
    /// [order](Self::weights).
    pub fn reordered<T: Copy>(&self, weights: &[T]) -> ([usize; 4], Vec<T>) {
        let [rows, columns] = self.axes.map(|axis| axis.kernel);
        self.weights(|out, tap, input| {
            weights[(out * rows * columns + tap) * self.channels_in + input]
        })
    }

    /// Shape and values of the weights in ONNX's order: `[in][out][row][column]` for a transposed convolution,
    /// `[out][in][row][column]` for a plain one. `at` gives the weight of an output channel, tap and input channel.
    pub fn weights<T>(&self, at: impl Fn(usize, usize, usize) -> T) -> ([usize; 4], Vec<T>) {
        let [rows, columns] = self.axes.map(|axis| axis.kernel);
        let taps = rows * columns;
        let transposed = self.is_transposed();
        let (outer, inner) = match transposed {
            true => (self.channels_in, self.channels_out),
            false => (self.channels_out, self.channels_in),
        };
        let mut weights = Vec::with_capacity(outer * inner * taps);
        for (a, b) in pairs([outer, inner]) {
            let (input, out) = if transposed { (a, b) } else { (b, a) };
            weights.extend((0..taps).map(|tap| at(out, tap, input)));
        }
        ([outer, inner, rows, columns], weights)
    }

    /// Adds the operation on `x` and returns the name of its output. Names of nodes end in `suffix`. A `bias` has one
    /// number per output channel.
    pub fn add(
        &self,
        graph: &mut Graph,
        suffix: &str,
        x: &str,
        weights: &str,
        bias: Option<&str>,
    ) -> String {
        let operator = if self.is_transposed() { "ConvTranspose" } else { "Conv" };
        let pad = self.axes.map(|axis| axis.pad);
        let [end, extra] = [self.axes.map(|axis| far(&axis).0), self.axes.map(|axis| far(&axis).1)];
        let attributes = vec![
            int("group", 1),
            ints("kernel_shape", &self.axes.map(|axis| axis.kernel)),
            ints("strides", &self.axes.map(|axis| axis.stride)),
            ints("pads", &[pad, end].concat()),
        ];
        let padded = self.is_transposed() && extra != [0, 0];
        let mut inputs = vec![x, weights];
        inputs.extend(bias.filter(|_| !padded));
        let y = graph.node(operator, &format!("linear{suffix}"), &inputs, attributes);
        if extra == [0, 0] {
            return y;
        }
        if !self.is_transposed() {
            return graph.cut(&format!("cut{suffix}"), &y, self.axes.map(|axis| axis.output));
        }
        let more = [0, 0, 0, 0, 0, 0, extra[0] as i64, extra[1] as i64];
        let more = graph.constant(&format!("more{suffix}"), &[8], Values::Int64(&more));
        let y = graph.node("Pad", &format!("padded{suffix}"), &[&y, &more], vec![]);
        let Some(bias) = bias else { return y };
        let axes = graph.constant(&format!("bias_axes{suffix}"), &[2], Values::Int64(&[1, 2]));
        let bias = graph.node("Unsqueeze", &format!("bias_map{suffix}"), &[bias, &axes], vec![]);
        graph.node("Add", &format!("biased{suffix}"), &[&y, &bias], vec![])
    }

    /// Whether it is a transposed convolution.
    pub(crate) fn is_transposed(&self) -> bool {
        self.axes[0].convolution == Convolution::Transposed
    }
}

/// Padding at the far end of an axis, at least 0, and what it can't express: for a transposed convolution the number of
/// outputs to append as zeros, for a plain one the number of outputs to cut off.
fn far(axis: &Axis) -> (usize, usize) {
    let Axis { convolution, input, output, kernel, stride, pad } = *axis;
    match convolution {
        Convolution::Transposed => {
            let whole = (input - 1) * stride + kernel;
            (whole.saturating_sub(pad + output), (pad + output).saturating_sub(whole))
        }
        Convolution::Plain => {
            let end = ((output - 1) * stride + kernel).saturating_sub(pad + input);
            (end, (pad + input + end - kernel) / stride + 1 - output)
        }
    }
}

/// All pairs of a row and a column, in row order.
pub(crate) fn pairs([rows, columns]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

/// Per-feature values, `[H][W][C]`, in ONNX's order `[C][H][W]`.
pub fn planes<T: Copy>(values: &[T], [height, width, channels]: [usize; 3]) -> Vec<T> {
    let positions = height * width;
    let value = |i: usize| values[i % positions * channels + i / positions];
    (0..positions * channels).map(value).collect()
}
