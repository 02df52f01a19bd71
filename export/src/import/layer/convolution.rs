//! Conv and ConvTranspose nodes: read with their attributes, then added to the chain.

use crate::import::Importer;
use crate::import::layer::chain::check_map;
use crate::import::layer::kernel::Kernel;
use crate::import::layer::on_map::on_map;
use crate::import::layer::point::point;
use crate::import::node::Node;
use crate::import::view::View;
use crate::network::KERNEL_LIMIT;
use crate::network::operation::Operation;
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};

/// The output of `node`, a Conv or ConvTranspose that reads `view`: without its bias, input 2, a layer.
pub(crate) fn convolution(
    importer: &mut Importer,
    node: Node,
    view: &View,
    convolution: Convolution,
) -> Result<View> {
    let more = match convolution {
        Convolution::Transposed => "output_padding output_shape",
        Convolution::Plain => "",
    };
    node.expect(3, &format!("kernel_shape strides pads dilations group auto_pad {more}"))?;
    let kernel = Kernel::read(node, &importer.scope, convolution)?;
    let axes = axes(node, &kernel, sides(node, view, kernel.input)?, convolution)?;
    let output = [axes[0].output, axes[1].output, kernel.out];
    ensure!(!output.contains(&0), node.refuse("its output is empty: pads are too large"));
    check_map(node, output)?;
    if importer.chain.is_point(view) && view.dims()[2..] == [1, 1] {
        let tap = |axis: &Axis, o: usize| {
            let taps = axis.taps(o);
            (taps.len == 1).then(|| axis.kernel_index(taps.phase, taps.skip))
        };
        let weight = |feature: usize, input: usize| {
            let (y, x) = (feature / kernel.out / output[1], feature / kernel.out % output[1]);
            let tap = tap(&axes[0], y).zip(tap(&axes[1], x));
            tap.map_or(0.0, |(row, column)| kernel.at(feature % kernel.out, input, row, column))
        };
        point(importer, node, view, output, weight)?;
    } else {
        on_map(importer, node, view, axes, &kernel)?;
    }
    let output = importer.chain.newest();
    if node.input(2).is_empty() {
        return Ok(output);
    }
    let (shape, bias) = importer.scope.floats(node, 2, "bias")?;
    ensure!(
        bias.len() == kernel.out,
        node.refuse(format!("bias of shape {shape:?} on {} channels", kernel.out))
    );
    let shift = bias.iter().map(|&b| f64::from(b)).collect();
    importer.forms.then(node, &output, Operation::Affine { scale: vec![1.0; kernel.out], shift })
}

/// Height and width of the map that a convolution for `channels` channels reads.
fn sides(node: Node, view: &View, channels: usize) -> Result<[usize; 2]> {
    let &[batch, own, height, width] = view.dims() else {
        let rank = view.dims().len();
        return Err(node.refuse(format!("its input has rank {rank}: reshape it to a map first")));
    };
    ensure!(
        batch == 1 && own == channels && !view.dims().contains(&0),
        node.refuse(format!("weights expect {channels} channels, the input has {own}"))
    );
    Ok([height, width])
}

/// The axes of a convolution with `kernel` on a map of `input`, rows and columns.
///
/// # Errors
/// If an attribute contradicts the weights or is beyond a `.gen` file's limits.
fn axes(
    node: Node,
    kernel: &Kernel,
    input: [usize; 2],
    convolution: Convolution,
) -> Result<[Axis; 2]> {
    let (stride, extra) = (node.pair("strides", 1)?, node.pair("output_padding", 0)?);
    ensure!(
        convolution == Convolution::Plain || extra[0] < stride[0] && extra[1] < stride[1],
        node.refuse(format!("output_padding {extra:?} must be below strides {stride:?}"))
    );
    check_sizes(node, kernel.sides, stride)?;
    // What a transposed convolution gives without padding.
    let whole = [0, 1].map(|i| (input[i] - 1) * stride[i] + kernel.sides[i] + extra[i]);
    let pads = match asked_for(node, input, stride, convolution)? {
        None => pads(node)?,
        Some(output) => {
            let total = [0, 1].map(|i| match convolution {
                Convolution::Transposed => whole[i].checked_sub(output[i]),
                Convolution::Plain => {
                    Some(((output[i] - 1) * stride[i] + kernel.sides[i]).saturating_sub(input[i]))
                }
            });
            let [Some(rows), Some(columns)] = total else {
                let text = format!("an output of {output:?} from {whole:?}: too large");
                return Err(node.refuse(text));
            };
            // The larger half comes last for SAME_UPPER, else first.
            let last = node.text("auto_pad", "NOTSET")? == "SAME_UPPER";
            [rows, columns]
                .map(|all| if last { [all / 2, all - all / 2] } else { [all - all / 2, all / 2] })
        }
    };
    Ok([0, 1].map(|i| {
        let [pad, end] = pads[i];
        let (input, kernel, stride) = (input[i], kernel.sides[i], stride[i]);
        let output = match convolution {
            Convolution::Transposed => whole[i].saturating_sub(pad + end),
            Convolution::Plain => {
                (input + pad + end).checked_sub(kernel).map_or(0, |room| room / stride + 1)
            }
        };
        Axis { convolution, input, output, kernel, stride, pad }
    }))
}

/// Refuses kernels and strides beyond a `.gen` file's limits, and weights with other `sides` than the node has.
fn check_sizes(node: Node, sides: [usize; 2], stride: [usize; 2]) -> Result<()> {
    let dilations = node.pair("dilations", 1)?;
    let declared = node.pair("kernel_shape", 0)?;
    let own = [0, 1].map(|i| (sides[i] - 1) / dilations[i].max(1) + 1);
    ensure!(
        declared == [0, 0] || declared == own,
        node.refuse(format!("attribute kernel_shape = {declared:?}, the weights' is {own:?}"))
    );
    ensure!(
        sides.iter().chain(&stride).all(|size| (1..=KERNEL_LIMIT).contains(size)),
        node.refuse(format!("kernel {sides:?} with strides {stride:?}, possible: 1…255"))
    );
    Ok(())
}

/// The size of the output, rows and columns, if the node asks for one instead of paddings.
fn asked_for(
    node: Node,
    input: [usize; 2],
    stride: [usize; 2],
    convolution: Convolution,
) -> Result<Option<[usize; 2]>> {
    let auto_pad = node.text("auto_pad", "NOTSET")?;
    ensure!(
        ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(&auto_pad),
        node.refuse(format!("attribute auto_pad = {auto_pad}"))
    );
    if let Some(sizes) = node.ints("output_shape")? {
        // Batch and channels may stand before them.
        let from_end = |i: usize| sizes.iter().rev().nth(i).copied().unwrap_or(0);
        let size = |i: usize| usize::try_from(from_end(i)).unwrap_or(0);
        return Ok(Some([size(1), size(0)]));
    }
    let same = |i: usize| match convolution {
        Convolution::Transposed => input[i] * stride[i],
        Convolution::Plain => input[i].div_ceil(stride[i]),
    };
    Ok(auto_pad.starts_with("SAME").then(|| [same(0), same(1)]))
}

/// The paddings of `node` before and after its rows and its columns.
fn pads(node: Node) -> Result<[[usize; 2]; 2]> {
    let pads = match node.ints("pads")? {
        Some(pads) if node.text("auto_pad", "NOTSET")? == "NOTSET" => pads,
        _ => &[0; 4],
    };
    let small: Option<Vec<usize>> =
        pads.iter().map(|pad| u8::try_from(*pad).ok().map(usize::from)).collect();
    let Some(&[top, left, bottom, right]) = small.as_deref() else {
        return Err(node.refuse(format!("attribute pads = {pads:?}, possible: 0…255")));
    };
    Ok([[top, bottom], [left, right]])
}
