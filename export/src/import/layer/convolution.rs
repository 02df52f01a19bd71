//! ConvTranspose and Conv, as their nodes have them.

use crate::import::layer::chain::check_map;
use crate::import::layer::kernel::Kernel;
use crate::import::view::View;
use crate::import::{KERNEL_LIMIT, Node, Walk};
use crate::network::{Kind, Operation};
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};

/// Strides and paddings as the node has them.
struct Geometry {
    stride: [usize; 2],
    begin: [usize; 2],
    end: [usize; 2],
}

impl Walk<'_> {
    pub(crate) fn transposed(&mut self, node: Node, view: &View) -> Result<View> {
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
        let (shape, values) = self.floats(node, 1, "weights")?;
        let [inputs, per_group, rows, columns] = shape[..] else {
            return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 4")));
        };
        let group = self.group(node, inputs)?;
        // As Conv has them, `[out][in of the group][row][column]`.
        let (out, input) = (per_group * group, inputs / group);
        let taps = rows * columns;
        let mut turned = Vec::with_capacity(values.len());
        for (o, i) in (0..out).flat_map(|o| (0..input).map(move |i| (o, i))) {
            let from = (o / per_group * input + i) * per_group + o % per_group;
            turned.extend(&values[from * taps..][..taps]);
        }
        let kernel = Kernel { out, input, sides: [rows, columns], values: turned };
        let kernel = kernel.plain(node, node.pair("dilations", 1)?, group)?;
        let [_, height, width] = self.map(node, view, kernel.input)?;
        let extra = node.pair("output_padding", 0)?;
        let stride = node.pair("strides", 1)?;
        ensure!(
            stride.iter().all(|stride| *stride > 0) && extra[0] < stride[0] && extra[1] < stride[1],
            node.refuse(format!("attribute output_padding = {extra:?}, strides = {stride:?}"))
        );
        let whole = |along: usize| {
            ([height, width][along] - 1) * stride[along] + kernel.sides[along] + extra[along]
        };
        let whole = [whole(0), whole(1)];
        let wanted = node.ints("output_shape")?.map(|sizes| {
            let last: Vec<i64> = sizes.iter().rev().take(2).rev().copied().collect();
            let size = |i: usize| usize::try_from(last.get(i).copied().unwrap_or(0)).unwrap_or(0);
            [size(0), size(1)]
        });
        let geometry = self.geometry(node, &kernel, |auto| {
            // ONNX: total padding so that the output has this size; the larger half comes last for
            // SAME_UPPER, and else first.
            let sizes = match (wanted, auto) {
                (Some(sizes), _) => sizes,
                (None, true) => [height * stride[0], width * stride[1]],
                (None, false) => return Ok(None),
            };
            let total = [0, 1].map(|i| whole[i].checked_sub(sizes[i]));
            let [Some(rows), Some(columns)] = total else {
                return Err(
                    node.refuse(format!("an output of {sizes:?} from {whole:?}: too large"))
                );
            };
            Ok(Some([rows, columns]))
        })?;
        let axis = |along: usize| {
            let pads = geometry.begin[along] + geometry.end[along];
            let output = whole[along].saturating_sub(pads);
            let (kernel, pad) = (kernel.sides[along], geometry.begin[along]);
            let convolution = Convolution::Transposed;
            let input = [height, width][along];
            Axis { convolution, input, output, kernel, stride: stride[along], pad }
        };
        let axes = [axis(0), axis(1)];
        self.convolution(node, view, Kind::Transposed, axes, &kernel)
    }

    pub(crate) fn plain(&mut self, node: Node, view: &View) -> Result<View> {
        let attributes = ["kernel_shape", "strides", "pads", "dilations", "group", "auto_pad"];
        node.expect(3, &attributes)?;
        let (shape, values) = self.floats(node, 1, "weights")?;
        let [out, input, rows, columns] = shape[..] else {
            return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 4")));
        };
        let group = self.group(node, out)?;
        let kernel = Kernel { out, input, sides: [rows, columns], values };
        let kernel = kernel.plain(node, node.pair("dilations", 1)?, group)?;
        let [_, height, width] = self.map(node, view, kernel.input)?;
        let stride = node.pair("strides", 1)?;
        let geometry = self.geometry(node, &kernel, |auto| {
            let total = |along: usize| {
                let input = [height, width][along];
                let stride = stride[along].max(1);
                ((input.div_ceil(stride) - 1) * stride + kernel.sides[along]).saturating_sub(input)
            };
            Ok(auto.then(|| [total(0), total(1)]))
        })?;
        let axis = |along: usize| {
            let input = [height, width][along];
            let (kernel, stride, pad) =
                (kernel.sides[along], geometry.stride[along], geometry.begin[along]);
            let padded = input + pad + geometry.end[along];
            let output = if padded < kernel { 0 } else { (padded - kernel) / stride + 1 };
            Axis { convolution: Convolution::Plain, input, output, kernel, stride, pad }
        };
        let axes = [axis(0), axis(1)];
        self.convolution(node, view, Kind::Plain, axes, &kernel)
    }

    fn group(&self, node: Node, channels: usize) -> Result<usize> {
        let group = usize::try_from(node.int("group", 1)?).unwrap_or(0);
        ensure!(
            group > 0 && channels.is_multiple_of(group),
            node.refuse(format!("attribute group = {group} on {channels} channels"))
        );
        Ok(group)
    }

    /// Channels, height, width of a convolution's input.
    fn map(&self, node: Node, view: &View, channels: usize) -> Result<[usize; 3]> {
        let dims = view.dims();
        ensure!(
            dims.len() == 4,
            node.refuse(format!("its input has rank {}: reshape it to a map first", dims.len()))
        );
        ensure!(
            dims[0] == 1 && dims[1] == channels && !dims.contains(&0),
            node.refuse(format!("weights for {channels} channels on {} channels", dims[1]))
        );
        Ok([dims[1], dims[2], dims[3]])
    }

    /// Strides and paddings, checked; `same` gives the total padding where the node asks for a size.
    fn geometry(
        &self,
        node: Node,
        kernel: &Kernel,
        same: impl Fn(bool) -> Result<Option<[usize; 2]>>,
    ) -> Result<Geometry> {
        let dilations = node.pair("dilations", 1)?;
        let declared = node.pair("kernel_shape", 0)?;
        let sides = [0, 1].map(|i| (kernel.sides[i] - 1) / dilations[i].max(1) + 1);
        ensure!(
            declared == [0, 0] || declared == sides,
            node.refuse(format!(
                "attribute kernel_shape = {declared:?}, the weights' is {sides:?}"
            ))
        );
        let stride = node.pair("strides", 1)?;
        let sizes = [kernel.sides[0], kernel.sides[1], stride[0], stride[1]];
        ensure!(
            sizes.iter().all(|size| (1..=KERNEL_LIMIT).contains(size)),
            node.refuse(format!(
                "kernel {:?} with strides {stride:?}, possible: 1…255",
                kernel.sides
            ))
        );
        let auto_pad = node.text("auto_pad", "NOTSET")?;
        ensure!(
            ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(&auto_pad),
            node.refuse(format!("attribute auto_pad = {auto_pad}"))
        );
        if let Some(total) = same(matches!(auto_pad, "SAME_UPPER" | "SAME_LOWER"))? {
            let smaller = total.map(|total| total / 2);
            let larger = [total[0] - smaller[0], total[1] - smaller[1]];
            let (begin, end) =
                if auto_pad == "SAME_UPPER" { (smaller, larger) } else { (larger, smaller) };
            return Ok(Geometry { stride, begin, end });
        }
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
        Ok(Geometry { stride, begin, end: [bottom.into(), right.into()] })
    }

    /// Adds a convolution with the bias of input 2.
    fn convolution(
        &mut self,
        node: Node,
        view: &View,
        kind: Kind,
        axes: [Axis; 2],
        kernel: &Kernel,
    ) -> Result<View> {
        let output = [axes[0].output, axes[1].output, kernel.out];
        ensure!(!output.contains(&0), node.refuse("its output is empty: pads are too large"));
        check_map(node, [output[2], output[0], output[1]])?;
        if self.is_point(view) && view.dims()[2..] == [1, 1] {
            let places: Vec<i32> = view.elements.iter().copied().collect();
            let tap = |axis: &Axis, o: usize| {
                let taps = axis.taps(o);
                (taps.len == 1).then(|| axis.kernel_index(taps.phase, taps.skip))
            };
            let weight = |feature: usize, input: usize| {
                let (y, x) = (feature / kernel.out / output[1], feature / kernel.out % output[1]);
                let tap = tap(&axes[0], y).zip(tap(&axes[1], x));
                tap.map_or(0.0, |(row, column)| kernel.at(feature % kernel.out, input, row, column))
            };
            self.point(node, view, &places, output, weight)?;
        } else {
            self.on_map(node, view, kind, axes, kernel)?;
        }
        let output = self.newest();
        if node.input(2).is_empty() {
            return Ok(output);
        }
        let (shape, bias) = self.floats(node, 2, "bias")?;
        ensure!(
            bias.len() == kernel.out,
            node.refuse(format!("bias of shape {shape:?} on {} channels", kernel.out))
        );
        let shift = bias.iter().map(|&b| f64::from(b)).collect();
        self.step(node, &output, Operation::Affine { scale: vec![1.0; kernel.out], shift })
    }
}
