//! A convolution on a map that a layer gives.

use super::fit::Fit;
use super::kernel::{Kernel, pairs};
use super::view::View;
use super::{KERNEL_LIMIT, Node, Walk};
use crate::network::Kind;
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};
use ndarray::{ArrayD, Axis as Dimension, Slice};

impl Walk<'_> {
    /// A layer on a map that a layer gives.
    pub(super) fn on_map(
        &mut self,
        node: Node,
        view: &View,
        kind: Kind,
        axes: [Axis; 2],
        kernel: &Kernel,
    ) -> Result<()> {
        let view = self.spread(node, view)?;
        let view = self.cut(node, &view)?;
        let index = self.close(node, &view)?;
        let map = self.layers[index].output();
        let own = Fit::of(&view.elements, map);
        // With the zeros that the node pads with, so that they are verified too.
        let fit = match kind {
            Kind::Plain => Fit::of(&self.padded(&view, &axes), map),
            _ => own.clone().filter(|fit| whole(fit, &view, map, &axes)),
        };
        let strides = axes.iter().any(|axis| axis.stride > 1);
        let fit = fit.filter(|fit| fit.repeat == [1, 1] || kind == Kind::Plain && !strides);
        let fit = fit.filter(|fit| {
            kind != Kind::Plain || fit.begin.iter().all(|it| *it <= 0) || fit.repeat != [1, 1]
        });
        let Some(fit) = fit else {
            let own = own.ok_or_else(|| {
                node.refuse("pixels or channels of the layer before are mixed in a way that cannot be converted")
            })?;
            let itself = own.repeat == [1, 1] && own.begin == [0, 0];
            ensure!(
                !itself || view.dims()[1..] != [map[2], map[0], map[1]],
                node.refuse(
                    "reads nothing but the zeros around its input, or zeros around repeated pixels"
                )
            );
            // A layer that gives just what is shown, and then this one.
            self.repeated(node, &view, &own)?;
            return self.on_map(node, &self.newest(), kind, axes, kernel);
        };
        let depth = map[2];
        let [repeat_y, repeat_x] = fit.repeat;
        let axis = |along: usize| {
            let (axis, repeat, begin) = (&axes[along], fit.repeat[along], fit.begin[along]);
            let (input, output) = (map[along], axis.output);
            match kind {
                // Position i is the layer's i + begin.
                Kind::Plain if repeat == 1 => {
                    let pad = usize::try_from(-begin).ok()?;
                    Some(Axis { input, pad, ..*axis })
                }
                // Output o reads layer pixel ⌊(o + tap + begin) / repeat⌋, that is kernel index
                // o + pad − repeat · pixel.
                Kind::Plain if axis.stride == 1 => {
                    let pad = (axis.kernel as i64 - 1 + begin).max(0);
                    let largest = pad - begin + repeat as i64 - 1;
                    let (kernel, pad) = (usize::try_from(largest + 1).ok()?, pad as usize);
                    let convolution = Convolution::Transposed;
                    Some(Axis { convolution, input, output, kernel, stride: repeat, pad })
                }
                Kind::Plain => None,
                _ if repeat == 1 => {
                    let pad = usize::try_from(axis.pad as i64 + begin * axis.stride as i64).ok()?;
                    Some(Axis { input, pad, ..*axis })
                }
                _ => None,
            }
        };
        // Both axes are of one kind.
        let transposed = kind != Kind::Plain || repeat_y > 1 || repeat_x > 1;
        let (Some(mut rows), Some(mut columns)) = (axis(0), axis(1)) else {
            return Err(node.refuse("strides behind an upsampling are not supported"));
        };
        for (along, axis) in [&mut rows, &mut columns].into_iter().enumerate() {
            if transposed && axis.convolution == Convolution::Plain {
                // Repeated once: the kernel turned round.
                ensure!(
                    axis.stride == 1,
                    node.refuse("strides behind an upsampling are not supported")
                );
                let begin = fit.begin[along];
                let pad = (axis.kernel as i64 - 1 + begin).max(0);
                let largest = pad - begin;
                axis.convolution = Convolution::Transposed;
                axis.kernel = usize::try_from(largest + 1).unwrap_or(usize::MAX);
                axis.pad = pad as usize;
            }
        }
        let limits = rows.kernel <= KERNEL_LIMIT && columns.kernel <= KERNEL_LIMIT;
        let pads = rows.pad <= KERNEL_LIMIT && columns.pad <= KERNEL_LIMIT;
        ensure!(limits && pads, node.refuse("kernel or padding above 255"));
        let mut weights = vec![0.0_f32; kernel.out * rows.kernel * columns.kernel * depth];
        // Which taps of the node a kernel index stands for, and where within a repeat each reads.
        let taps = |along: usize, axis: &Axis, index: usize| -> Vec<(usize, usize)> {
            if kind != Kind::Plain || !transposed {
                return vec![(index, 0)];
            }
            (0..axes[along].kernel)
                .filter_map(|tap| {
                    let within = index as i64 - axis.pad as i64 + tap as i64 + fit.begin[along];
                    let within = usize::try_from(within).ok()?;
                    (within < fit.repeat[along]).then_some((tap, within))
                })
                .collect()
        };
        for (ky, kx) in pairs([rows.kernel, columns.kernel]) {
            for &(row, sub_y) in &taps(0, &rows, ky) {
                for &(column, sub_x) in &taps(1, &columns, kx) {
                    let channels = &fit.channels[(sub_y * repeat_x + sub_x) * kernel.input..];
                    for out in 0..kernel.out {
                        let at = ((out * rows.kernel + ky) * columns.kernel + kx) * depth;
                        for input in 0..kernel.input {
                            weights[at + channels[input]] += kernel.at(out, input, row, column);
                        }
                    }
                }
            }
        }
        let kind = if transposed { Kind::Transposed } else { Kind::Plain };
        self.push(node, kind, [rows, columns], depth, kernel.out, weights);
        Ok(())
    }

    /// A layer that gives what `view` shows of the layer before, of which `fit` is the fit.
    pub(super) fn repeated(&mut self, node: Node, view: &View, fit: &Fit) -> Result<()> {
        let before = &self.layers[self.layers.len() - 1];
        let [height, width, depth] = before.output();
        let dims = view.dims();
        let (out, sides) = (dims[1], fit.repeat);
        // With zeros in front, or else repeated or cut. What is behind follows from the size.
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
            return Err(node.refuse(
                "reads a map of which one border is cut and another padded: not supported",
            ));
        };
        let mut weights = vec![0.0; out * sides[0] * sides[1] * depth];
        for channel in 0..out {
            for (sub, (row, column)) in pairs(sides).enumerate() {
                let from = fit.channels[sub * out + channel];
                weights[((channel * sides[0] + row) * sides[1] + column) * depth + from] = 1.0;
            }
        }
        let kind = if zeros { Kind::Plain } else { Kind::Transposed };
        self.push(node, kind, [rows, columns], depth, out, weights);
        Ok(())
    }

    /// A convolution's input with the zeros around it that it reads.
    fn padded(&self, view: &View, axes: &[Axis; 2]) -> ArrayD<i32> {
        let mut all = (*view.elements).clone();
        for (along, axis) in axes.iter().enumerate() {
            let read = (axis.output - 1) * axis.stride + axis.kernel;
            let behind = read.saturating_sub(axis.pad + axis.input);
            let used = (read - behind).saturating_sub(axis.pad).min(axis.input);
            all.slice_axis_inplace(Dimension(2 + along), Slice::from(0..used));
            let zeros = |count: usize| {
                let mut dims = all.shape().to_vec();
                dims[2 + along] = count;
                ArrayD::from_elem(dims, super::view::ZERO)
            };
            let parts = [zeros(axis.pad), all.clone(), zeros(behind)];
            let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
            all = ndarray::concatenate(Dimension(2 + along), &views).unwrap_or(all);
        }
        all
    }
}

/// Whether a transposed convolution can read the layer's map itself: it reads all of its pixels, and
/// zeros around are outputs that begin earlier, though not before the first.
fn whole(fit: &Fit, view: &View, map: [usize; 3], axes: &[Axis; 2]) -> bool {
    (0..2).all(|along| {
        let (begin, axis) = (fit.begin[along], &axes[along]);
        let end = begin + view.dims()[2 + along] as i64;
        begin <= 0 && end >= map[along] as i64 && axis.pad as i64 + begin * axis.stride as i64 >= 0
    })
}
