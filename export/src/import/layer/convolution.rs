//! Conv and ConvTranspose nodes: read with their attributes, then added to the chain.

use crate::import::importer::Importer;
use crate::import::layer::chain::check_map;
use crate::import::layer::geometry::{Geometry, groups};
use crate::import::layer::kernel::Kernel;
use crate::import::layer::on_map::on_map;
use crate::import::layer::point::point;
use crate::import::node::Node;
use crate::import::value::Values;
use crate::import::view::View;
use crate::network::LayerKind;
use crate::network::operation::Operation;
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};

/// A convolution as its node has it, but for the bias.
struct Linear {
    kind: LayerKind,
    /// Rows and columns.
    axes: [Axis; 2],
    kernel: Kernel,
}

/// The output of `node`, a ConvTranspose that reads `view`.
pub(crate) fn transposed(it: &mut Importer, node: Node, view: &View) -> Result<View> {
    let linear = read_transposed(node, view, &it.values)?;
    add(it, node, view, &linear)
}

/// The output of `node`, a Conv that reads `view`.
pub(crate) fn plain(it: &mut Importer, node: Node, view: &View) -> Result<View> {
    let linear = read_plain(node, view, &it.values)?;
    add(it, node, view, &linear)
}

fn read_transposed(node: Node, view: &View, values: &Values) -> Result<Linear> {
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
    let kernel = transposed_kernel(node, values)?;
    let [_, height, width] = map(node, view, kernel.input)?;
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
    let geometry = Geometry::read(node, &kernel, |auto| {
        // ONNX: total padding so that the output has this size; the larger half comes last for SAME_UPPER, else first.
        let sizes = match (wanted, auto) {
            (Some(sizes), _) => sizes,
            (None, true) => [height * stride[0], width * stride[1]],
            (None, false) => return Ok(None),
        };
        let total = [0, 1].map(|i| whole[i].checked_sub(sizes[i]));
        let [Some(rows), Some(columns)] = total else {
            return Err(node.refuse(format!("an output of {sizes:?} from {whole:?}: too large")));
        };
        Ok(Some([rows, columns]))
    })?;
    let axis = |along: usize| {
        let pads = geometry.begin[along] + geometry.end[along];
        let output = whole[along].saturating_sub(pads);
        let (kernel, pad) = (kernel.sides[along], geometry.begin[along]);
        let (convolution, input) = (Convolution::Transposed, [height, width][along]);
        Axis { convolution, input, output, kernel, stride: stride[along], pad }
    };
    Ok(Linear { kind: LayerKind::Transposed, axes: [axis(0), axis(1)], kernel })
}

/// The weights of a ConvTranspose, `[in][out of the group][row][column]`, in the order of a Conv's.
fn transposed_kernel(node: Node, values: &Values) -> Result<Kernel> {
    let (shape, values) = values.floats(node, 1, "weights")?;
    let [inputs, per_group, rows, columns] = shape[..] else {
        return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 4")));
    };
    let group = groups(node, inputs)?;
    // `[out][in of the group][row][column]`
    let (out, input) = (per_group * group, inputs / group);
    let taps = rows * columns;
    let mut turned = Vec::with_capacity(values.len());
    for (o, i) in (0..out).flat_map(|o| (0..input).map(move |i| (o, i))) {
        let from = (o / per_group * input + i) * per_group + o % per_group;
        turned.extend(&values[from * taps..][..taps]);
    }
    let kernel = Kernel { out, input, sides: [rows, columns], values: turned };
    kernel.plain(node, node.pair("dilations", 1)?, group)
}

fn read_plain(node: Node, view: &View, values: &Values) -> Result<Linear> {
    let attributes = ["kernel_shape", "strides", "pads", "dilations", "group", "auto_pad"];
    node.expect(3, &attributes)?;
    let (shape, values) = values.floats(node, 1, "weights")?;
    let [out, input, rows, columns] = shape[..] else {
        return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 4")));
    };
    let group = groups(node, out)?;
    let kernel = Kernel { out, input, sides: [rows, columns], values };
    let kernel = kernel.plain(node, node.pair("dilations", 1)?, group)?;
    let [_, height, width] = map(node, view, kernel.input)?;
    let stride = node.pair("strides", 1)?;
    let geometry = Geometry::read(node, &kernel, |auto| {
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
    Ok(Linear { kind: LayerKind::Plain, axes: [axis(0), axis(1)], kernel })
}

/// Channels, height and width of the map that a convolution for `channels` channels reads.
fn map(node: Node, view: &View, channels: usize) -> Result<[usize; 3]> {
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

/// Adds `linear`, which reads `view`, and the bias of input 2.
fn add(it: &mut Importer, node: Node, view: &View, linear: &Linear) -> Result<View> {
    let Linear { kind, axes, kernel } = linear;
    let output = [axes[0].output, axes[1].output, kernel.out];
    ensure!(!output.contains(&0), node.refuse("its output is empty: pads are too large"));
    check_map(node, [output[2], output[0], output[1]])?;
    if it.chain.is_point(view) && view.dims()[2..] == [1, 1] {
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
        point(&mut it.chain, &it.forms, node, view, &places, output, weight)?;
    } else {
        on_map(&mut it.chain, &it.forms, node, view, *kind, *axes, kernel)?;
    }
    let output = it.chain.newest();
    if node.input(2).is_empty() {
        return Ok(output);
    }
    let (shape, bias) = it.values.floats(node, 2, "bias")?;
    ensure!(
        bias.len() == kernel.out,
        node.refuse(format!("bias of shape {shape:?} on {} channels", kernel.out))
    );
    let shift = bias.iter().map(|&b| f64::from(b)).collect();
    it.forms.then(node, &output, Operation::Affine { scale: vec![1.0; kernel.out], shift })
}
