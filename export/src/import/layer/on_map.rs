//! Adds a convolution that reads a layer's output, perhaps with pixels repeated, borders padded or cut off, and
//! channels in another order.

use crate::import::Importer;
use crate::import::layer::chain::Chain;
use crate::import::layer::fit::Fit;
use crate::import::layer::kernel::Kernel;
use crate::import::layer::prepare::prepare;
use crate::import::node::Node;
use crate::import::view::{View, ZERO};
use crate::network::linear::pairs;
use crate::network::{KERNEL_LIMIT, Layer};
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};
use ndarray::{ArrayD, Axis as Dimension, Slice};

/// Adds the convolution with the weights `kernel`, which reads `view` along `axes`. If the layer cannot read the view
/// directly, first adds a layer that outputs exactly the view.
///
/// # Errors
/// If pixels or channels are shown in an order that no layer can read, or another layer reads the layer before.
pub(crate) fn on_map(
    importer: &mut Importer,
    node: Node,
    view: &View,
    axes: [Axis; 2],
    kernel: &Kernel,
) -> Result<()> {
    let view = prepare(importer, node, view)?;
    let chain = &mut importer.chain;
    let index = chain.close(node, &view)?;
    let map = chain.layers[index].output();
    let own = Fit::of(&view.elements, map);
    // With the zeros that the node pads with, so that they are compared too.
    let plain = axes[0].convolution == Convolution::Plain;
    let fit = match plain {
        true => Fit::of(&padded(&view, &axes), map),
        false => own.clone().filter(|fit| whole(fit, &view, map, &axes)),
    };
    let Some(fit) = fit.filter(|fit| readable(fit, &axes)) else {
        let own = own.ok_or_else(|| {
            node.refuse(
                "reads pixels or channels of the layer before in an order that cannot be converted",
            )
        })?;
        let itself = own.repeat == [1, 1] && own.begin == [0, 0];
        ensure!(
            !itself || view.dims()[1..] != [map[2], map[0], map[1]],
            node.refuse(
                "reads nothing but the zeros around its input, or zeros around repeated pixels"
            )
        );
        repeat(chain, node, &view, &own)?;
        let shown = chain.newest();
        return on_map(importer, node, &shown, axes, kernel);
    };
    let turned = plain && fit.repeat != [1, 1];
    let reading = |along: usize| reading(&axes[along], &fit, along, map[along], turned);
    let (Some(rows), Some(columns)) = (reading(0), reading(1)) else {
        return Err(node.refuse("kernel or padding above 255"));
    };
    let weights = weights(kernel, &fit, [&axes[0], &axes[1]], [&rows, &columns], turned, map[2]);
    let channels = [map[2], kernel.out];
    chain.layers.push(Layer::convolution(node.name(), [rows, columns], channels, weights));
    Ok(())
}

/// Adds a layer that gives what `view` shows of the newest one; `fit` is how the view lies in that.
pub(crate) fn repeat(chain: &mut Chain, node: Node, view: &View, fit: &Fit) -> Result<()> {
    let [height, width, depth] = chain.layers[chain.layers.len() - 1].output();
    let dims = view.dims();
    let (out, sides) = (dims[1], fit.repeat);
    // With zeros in front, or else repeated or cut. What comes after follows from the size.
    let zeros = fit.begin.iter().any(|begin| *begin < 0);
    let (convolution, sign) = match zeros {
        true => (Convolution::Plain, -1),
        false => (Convolution::Transposed, 1),
    };
    ensure!(
        !zeros || sides == [1, 1],
        node.refuse("reads zeros around repeated pixels: not supported")
    );
    let axis = |along: usize| {
        let pad = usize::try_from(sign * fit.begin[along]).ok()?;
        let (input, output) = ([height, width][along], dims[2 + along]);
        let (kernel, stride) = (sides[along], sides[along]);
        Some(Axis { convolution, input, output, kernel, stride, pad })
    };
    let (Some(rows), Some(columns)) = (axis(0), axis(1)) else {
        return Err(
            node.refuse("reads a map of which one border is cut and another padded: not supported")
        );
    };
    let mut weights = vec![0.0; out * sides[0] * sides[1] * depth];
    for channel in 0..out {
        for (sub, (row, column)) in pairs(sides).enumerate() {
            let from = fit.channels[sub * out + channel];
            weights[((channel * sides[0] + row) * sides[1] + column) * depth + from] = 1.0;
        }
    }
    chain.layers.push(Layer::convolution(node.name(), [rows, columns], [depth, out], weights));
    Ok(())
}

/// The input of a plain convolution with the zeros around it that the convolution reads.
fn padded(view: &View, axes: &[Axis; 2]) -> ArrayD<i32> {
    let mut all = (*view.elements).clone();
    for (along, axis) in axes.iter().enumerate() {
        let read = (axis.output - 1) * axis.stride + axis.kernel;
        let behind = read.saturating_sub(axis.pad + axis.input);
        let used = (read - behind).saturating_sub(axis.pad).min(axis.input);
        all.slice_axis_inplace(Dimension(2 + along), Slice::from(0..used));
        let zeros = |count: usize| {
            let mut dims = all.shape().to_vec();
            dims[2 + along] = count;
            ArrayD::from_elem(dims, ZERO)
        };
        let parts = [zeros(axis.pad), all.clone(), zeros(behind)];
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        all = ndarray::concatenate(Dimension(2 + along), &views).unwrap_or(all);
    }
    all
}

/// Whether a transposed convolution can read the layer's output itself: it reads all pixels, and the zeros around them
/// only move its own output, which does not begin before the first.
fn whole(fit: &Fit, view: &View, map: [usize; 3], axes: &[Axis; 2]) -> bool {
    (0..2).all(|along| {
        let (begin, axis) = (fit.begin[along], &axes[along]);
        let end = begin + view.dims()[2 + along] as i64;
        begin <= 0 && end >= map[along] as i64 && axis.pad as i64 + begin * axis.stride as i64 >= 0
    })
}

/// Whether a convolution can read the layer's output without a layer between: repeated pixels only if it is plain and
/// has no strides, and cut borders only then too.
fn readable(fit: &Fit, axes: &[Axis; 2]) -> bool {
    let strides = axes.iter().any(|axis| axis.stride > 1);
    match (axes[0].convolution, fit.repeat) {
        (Convolution::Plain, [1, 1]) => fit.begin.iter().all(|begin| *begin <= 0),
        (Convolution::Plain, _) => !strides,
        (Convolution::Transposed, repeat) => repeat == [1, 1],
    }
}

/// The axis of the layer that reads the layer's output itself; none if it is beyond a `.gen` file's limits.
fn reading(axis: &Axis, fit: &Fit, along: usize, input: usize, turned: bool) -> Option<Axis> {
    let (begin, repeat) = (fit.begin[along], fit.repeat[along]);
    let (pad, kernel, stride) = match (axis.convolution, turned) {
        // Position i is the layer's i + begin.
        (Convolution::Plain, false) => (-begin, axis.kernel as i64, axis.stride),
        // Output o reads layer pixel p = ⌊(o + tap + begin) / repeat⌋: kernel index o + pad − repeat · p.
        (Convolution::Plain, true) => {
            let pad = (axis.kernel as i64 - 1 + begin).max(0);
            (pad, pad - begin + repeat as i64, repeat)
        }
        // Zeros in front are outputs that begin earlier.
        (Convolution::Transposed, _) => {
            (axis.pad as i64 + begin * axis.stride as i64, axis.kernel as i64, axis.stride)
        }
    };
    let limited = |number: i64| usize::try_from(number).ok().filter(|it| *it <= KERNEL_LIMIT);
    let (pad, kernel) = (limited(pad)?, limited(kernel)?);
    let convolution = if turned { Convolution::Transposed } else { axis.convolution };
    Some(Axis { convolution, input, output: axis.output, kernel, stride, pad })
}

/// The weights `[out][row][column][in]` of a layer that does along the axes `new` what `kernel` does along `old`.
/// `turned`: a plain convolution on repeated pixels becomes a transposed one. `depth`: the layer's input channels.
fn weights(
    kernel: &Kernel,
    fit: &Fit,
    old: [&Axis; 2],
    new: [&Axis; 2],
    turned: bool,
    depth: usize,
) -> Vec<f32> {
    // Which taps of the node a kernel index stands for, and where within a repeat each reads.
    let taps = |along: usize, index: usize| -> Vec<(usize, usize)> {
        if !turned {
            return vec![(index, 0)];
        }
        let within = |tap: usize| {
            let at = (index + tap) as i64 - new[along].pad as i64 + fit.begin[along];
            usize::try_from(at).ok().filter(|at| *at < fit.repeat[along])
        };
        (0..old[along].kernel).filter_map(|tap| Some((tap, within(tap)?))).collect()
    };
    let mut weights = vec![0.0_f32; kernel.out * new[0].kernel * new[1].kernel * depth];
    for (ky, kx) in pairs([new[0].kernel, new[1].kernel]) {
        for &(row, sub_y) in &taps(0, ky) {
            for &(column, sub_x) in &taps(1, kx) {
                let sub = sub_y * fit.repeat[1] + sub_x;
                let channels = &fit.channels[sub * kernel.input..][..kernel.input];
                for out in 0..kernel.out {
                    let at = ((out * new[0].kernel + ky) * new[1].kernel + kx) * depth;
                    for (input, channel) in channels.iter().enumerate() {
                        weights[at + channel] += kernel.at(out, input, row, column);
                    }
                }
            }
        }
    }
    weights
}
