//! The specification: every weight looked up by its name, every product summed in order.

use super::{Input, Job, Kernel, Scratch};
use crate::weights::{BLOCK, numbers, split};
use heapless::Vec;

/// What all other kernels must equal.
#[derive(Debug)]
pub struct Portable;

impl Kernel for Portable {
    fn rows<T: Input>(job: Job<'_, T>, _: &mut Scratch<'_>, out: &mut [u8]) {
        let row_len = job.layer.output().row();
        for (y, out) in job.rows.clone().zip(out.chunks_exact_mut(row_len)) {
            row(&job, y, out);
        }
    }
}

/// One row.
fn row<T: Input>(job: &Job<'_, T>, y: usize, out: &mut [u8]) {
    let Job { layer, window, .. } = *job;
    let order = layer.order();
    let (channels_in, channels_out) = (layer.channels_in, layer.channels_out);
    let ty = layer.rows.taps(y);
    let input_row = window.rows_from(ty.input);
    for (x, pixel) in out.chunks_exact_mut(channels_out).enumerate() {
        let tx = layer.columns.taps(x);
        let holds = |group: &crate::axis::Group| {
            (group.first..group.first + group.phases).contains(&tx.phase)
        };
        // Every phase is in one group.
        let Some(group) = layer.columns.groups().find(holds) else { continue };
        for (channel, byte) in pixel.iter_mut().enumerate() {
            let feature = (tx.phase - group.first) * channels_out + channel;
            let block = order.block(ty.phase, &group, feature / BLOCK * BLOCK);
            let mut acc = 0;
            for (t, s) in (0..ty.len).flat_map(|t| (0..tx.len).map(move |s| (t, s))) {
                let pixel = &input_row(t)[(tx.input + s) * channels_in..][..channels_in];
                for (c, &x) in pixel.iter().enumerate() {
                    let tap = (tx.skip + s) * ty.count + ty.skip + t;
                    let point = tap * order.depth() + c / 2;
                    let at = block.begin + point * block.pairs + feature % BLOCK / 2;
                    let w = split(numbers(layer.weights[at])[c % 2])[feature % 2];
                    acc += (x.into() - i32::from(layer.zero_point)) * w;
                }
            }
            let position = if layer.per_feature { y * layer.columns.output + x } else { 0 };
            let number = position * channels_out + channel;
            let (mut numbers, mut sums) = (Vec::new(), [[acc; BLOCK]]);
            let (epilogue, byte) = (&layer.epilogue, core::slice::from_mut(byte));
            epilogue.numbers(1, number, number, &mut numbers);
            epilogue.activation.apply(&numbers, 0, &mut sums, byte, 1);
        }
    }
}
