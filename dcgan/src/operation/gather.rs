//! What both a convolution and its transpose are: each output is the sum of the products of a window with weights.

use std::borrow::Cow;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::Map;
use super::tile::{self, Tiles};
use super::windows::Windows;

/// Some outputs of each picture, all with the same weights.
pub(super) struct Part {
    /// What they see.
    pub(super) windows: Windows,
    /// The weights of each number of a window, [packed](tile::pack).
    pub(super) packed: Cow<'static, [f32]>,
    /// Where each of them begins in the map of a picture.
    pub(super) places: Vec<usize>,
    /// What each of them consists of.
    pub(super) lines: Lines,
}

/// The numbers of an output: neighbouring ones, or some lines of these.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    /// How many.
    pub(super) count: usize,
    /// Numbers of a line.
    pub(super) len: usize,
    /// How far they are apart in the map of a picture.
    pub(super) distance: usize,
}

/// The maps of shape `to` whose elements are the outputs of all `parts`, from the maps `from`.
pub(super) fn gather(parts: &[Part], from: &[f32], [from_map, to_map]: [Map; 2]) -> Vec<f32> {
    let mut all = vec![0.0; from.len() / from_map.len() * to_map.len()];
    // Together, the pictures of a task have enough outputs for whole tiles.
    let group = 64_usize.div_ceil(parts[0].places.len());
    let tasks = from.par_chunks(group * from_map.len());
    tasks.zip(all.par_chunks_mut(group * to_map.len())).for_each(|(from, to)| {
        for part in parts {
            let edges = part.windows.edges(from);
            let pictures = (0..to.len()).step_by(to_map.len());
            let places = pictures.flat_map(|first| part.places.iter().map(move |it| first + it));
            Arch::new().dispatch(Outputs {
                windows: &part.windows.rows(from, &edges),
                packed: &part.packed,
                places: &places.collect::<Vec<_>>(),
                lines: part.lines,
                to,
            });
        }
    });
    all
}

/// Computes outputs from their windows.
struct Outputs<'a> {
    /// `[output][row of the window]`
    windows: &'a [&'a [f32]],
    packed: &'a [f32],
    /// Where each output begins in `to`.
    places: &'a [usize],
    lines: Lines,
    to: &'a mut [f32],
}

impl WithSimd for Outputs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (rows, numbers) = (self.places.len(), self.lines.count * self.lines.len);
        tile::cover(simd, rows, 0..numbers, &mut self);
    }
}

impl<S: Simd> Tiles<S> for Outputs<'_> {
    #[inline(always)]
    fn tile<const R: usize, const V: usize>(&mut self, simd: S, row: usize, vector: usize) {
        let (taps, run) = (self.windows.len() / self.places.len(), self.windows[0].len());
        let by = tile::packed::<S, V>(self.packed, taps * run, vector);
        let windows = &self.windows[row * taps..][..R * taps];
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (tap, by) in by.chunks_exact(run).enumerate() {
            let rows = std::array::from_fn(|r| windows[r * taps + tap]);
            tile::add(simd, &mut sums, rows, by);
        }
        let first = vector * S::F32_LANES;
        let Lines { count, len, distance } = self.lines;
        for (place, sums) in self.places[row..row + R].iter().zip(sums) {
            let to = &mut self.to[*place..];
            if count == 1 {
                tile::put(simd, &mut to[first..len], sums);
                continue;
            }
            let sums: &[f32] = pulp::bytemuck::cast_slice(&sums);
            for line in 0..count {
                let numbers = first.max(line * len)..(first + sums.len()).min((line + 1) * len);
                if !numbers.is_empty() {
                    let to = &mut to[line * distance + numbers.start - line * len..];
                    to[..numbers.len()]
                        .copy_from_slice(&sums[numbers.start - first..numbers.end - first]);
                }
            }
        }
    }
}
