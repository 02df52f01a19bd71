//! The specification: looks up every weight by its coordinates and adds every product in order.

use super::{Job, Kernel, Scratch};
use crate::element::Weight;
use crate::weights::{BLOCK, lanes, split};
use heapless::Vec;

/// The specification. All other kernels must compute the same bytes.
#[derive(Debug)]
pub struct Portable;

impl Kernel for Portable {
    fn rows(job: Job<'_>, _: &mut Scratch<'_>, out: &mut [u8]) {
        let row_len = job.layer.output_row();
        for (y, out) in job.rows.clone().zip(out.chunks_exact_mut(row_len)) {
            row(&job, y, out);
        }
    }
}

/// Computes output row `y`.
fn row(job: &Job<'_>, y: usize, out: &mut [u8]) {
    let Job { layer, input, .. } = *job;
    let order = layer.order();
    let (channels_in, channels_out) = (layer.channels_in, layer.channels_out);
    let (in_block, in_lane) = (order.block_features(), layer.weight.features());
    let ty = layer.rows.taps(y);
    let size = layer.element.bytes();
    for (x, pixel) in out.chunks_exact_mut(channels_out * size).enumerate() {
        let tx = layer.columns.taps(x);
        let holds = |group: &crate::axis::Group| {
            (group.first..group.first + group.phases).contains(&tx.phase)
        };
        // Cannot fail: every phase with taps or outputs is in one group.
        let Some(group) = layer.columns.groups().find(holds) else { continue };
        for (channel, bytes) in pixel.chunks_exact_mut(size).enumerate() {
            let feature = (tx.phase - group.first) * channels_out + channel;
            let block = order.block(ty.phase, &group, feature / in_block * in_block);
            let mut acc = 0_i32;
            for (t, s) in (0..ty.len).flat_map(|t| (0..tx.len).map(move |s| (t, s))) {
                for c in 0..channels_in {
                    let x = input.at(ty.input + t, (tx.input + s) * channels_in + c);
                    let tap = (tx.skip + s) * ty.count + ty.skip + t;
                    let point = tap * order.depth() + c / 2;
                    let at = block.begin + point * block.pairs + feature % in_block / in_lane;
                    let lane = lanes(layer.weights[at])[c % 2];
                    let w = match layer.weight {
                        Weight::Byte => split(lane)[feature % 2],
                        Weight::Wide => lane.into(),
                    };
                    // Sums of 12-bit weights are modulo 2³².
                    acc = (x - i32::from(layer.zero_point)).wrapping_mul(w).wrapping_add(acc);
                }
            }
            let position = if layer.per_feature { y * layer.columns.output + x } else { 0 };
            let index = position * channels_out + channel;
            let (mut parameters, mut sums) = (Vec::new(), [[acc; BLOCK]]);
            layer.epilogue.load(1, index, index, &mut parameters);
            layer.epilogue.apply(&parameters, 0, &mut sums, bytes, size);
        }
    }
}
