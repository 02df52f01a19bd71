//! From blocks of weights to rows: block by block, row by row.

use super::line::{BlockJob, Line};
use super::scratch::Expanded;
use super::tile::{POSITIONS, Tile};
use super::{Job, Kernel, Scratch};
use crate::element::Weight;
use crate::layer::Layer;
use crate::weights::BLOCK;
use core::marker::PhantomData;
use core::ops::Range;
use heapless::Vec;

/// The kernel whose innermost loops are those of `K`.
#[derive(Debug)]
pub struct Blocked<K>(PhantomData<K>);

impl<K: Tile> Kernel for Blocked<K> {
    fn rows(job: Job<'_>, scratch: &mut Scratch<'_>, out: &mut [u8]) {
        let inputs = scratch.expand::<K>(&job);
        // 12-bit weights are put together modulo 2³², which no length of a sum is too long for.
        let chunk = match job.layer.weight {
            Weight::Byte => job.input.chunk() / 2,
            Weight::Wide => usize::MAX,
        };
        blocks::<K>(job.layer, job.rows, inputs, chunk, out);
    }
}

/// Computes all blocks of the rows.
#[inline(never)]
fn blocks<K: Tile>(
    layer: &Layer<'_>,
    rows: Range<usize>,
    inputs: Expanded<'_>,
    chunk: usize,
    out: &mut [u8],
) {
    let order = layer.order();
    let (row_len, phases) = (layer.output_row(), layer.rows.phases());
    let positions = layer.columns.positions();
    let step = layer.columns.output_step() * layer.channels_out;
    let slow_epilogue =
        layer.per_feature || layer.weight == Weight::Wide || layer.element.is_wide();
    let (mut parameters, mut sums) = (Vec::new(), [[0; BLOCK]; POSITIONS]);
    // The rows of a phase have the same weights.
    for first_row in rows.clone().take(phases) {
        let taps = layer.rows.taps(first_row);
        for group in layer.columns.groups() {
            // Where positions are not neighbours in the input every one is by itself.
            let tiled = layer.columns.input_step() == 1;
            let nowhere = positions.start..positions.start;
            let interior = if tiled { layer.columns.interior(&group) } else { nowhere };
            let all = order.features(&group);
            for first in (0..all).step_by(order.block_features()) {
                let place = order.block(taps.phase, &group, first);
                let weights = &layer.weights[place.begin..][..place.len];
                let (features, pairs) = (place.features, place.pairs);
                // Those of each position follow where they are needed.
                let known = if layer.per_feature { 0 } else { features };
                let channels = layer.channels_out;
                layer.epilogue.load(known, first % channels, channels - 1, &mut parameters);
                let parameters = &*parameters;
                let tap = taps.count * order.depth() * pairs;
                let job = BlockJob {
                    layer,
                    group,
                    weights,
                    first,
                    features,
                    pairs,
                    step,
                    tap,
                    chunk,
                    parameters,
                    slow_epilogue,
                };
                for y in (first_row..rows.end).step_by(phases) {
                    let line = Line::new(&job, &inputs, y);
                    let out = &mut out[(y - rows.start) * row_len..][..row_len];
                    let outside =
                        (positions.start..interior.start).chain(interior.end..positions.end);
                    outside.for_each(|m| line.single::<K>(m, &mut sums[0], out));
                    line.tiles::<K>(interior.clone(), &mut sums, out);
                }
                // What fills up the last pair has sums, which nobody takes.
                if features % layer.weight.features() == 1 {
                    sums = [[0; BLOCK]; POSITIONS];
                }
            }
        }
    }
}
