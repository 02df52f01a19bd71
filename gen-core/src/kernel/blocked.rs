//! The common part of all kernels but the portable one: block by block of weights, row by row.

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

/// The kernel with the innermost loop `K`.
#[derive(Debug)]
pub struct Blocked<K>(PhantomData<K>);

impl<K: Tile> Kernel for Blocked<K> {
    fn rows(job: Job<'_>, scratch: &mut Scratch<'_>, out: &mut [u8]) {
        let inputs = scratch.expand::<K>(&job);
        // 12-bit weights are recombined modulo 2³², so their sums may have any length.
        let chunk = match job.layer.weight {
            Weight::Byte => job.input.chunk() / 2,
            Weight::Wide => usize::MAX,
        };
        blocks::<K>(job.layer, job.rows, inputs, chunk, out);
    }
}

/// Computes `rows` from the expanded `inputs`, block by block. `chunk`: most planes that may be accumulated at once.
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
    // The rows of one phase share their weights.
    for first_row in rows.clone().take(phases) {
        let taps = layer.rows.taps(first_row);
        for group in layer.columns.groups() {
            // Tiles need positions that are neighbours in the input.
            let tiled = layer.columns.input_step() == 1;
            let nowhere = positions.start..positions.start;
            let interior = if tiled { layer.columns.interior(&group) } else { nowhere };
            let all = order.features(&group);
            for first in (0..all).step_by(order.block_features()) {
                let place = order.block(taps.phase, &group, first);
                let weights = &layer.weights[place.begin..][..place.len];
                let (features, pairs) = (place.features, place.pairs);
                // Parameters per feature are loaded where they are needed, for each position.
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
                // The padding of an odd last pair leaves sums that no output takes.
                if features % layer.weight.features() == 1 {
                    sums = [[0; BLOCK]; POSITIONS];
                }
            }
        }
    }
}
