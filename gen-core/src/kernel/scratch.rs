//! The input rows of output rows, expanded once for all their features and positions.

use super::tile::Tile;
use super::{Input, Job};
use crate::axis::Taps;
use crate::layer::Layer;
use crate::weights::Word;

/// Words of two inputs each, 16 bits with the zero-point taken off; the second is 0 where the
/// channels are odd in number.
#[derive(Debug)]
pub struct Scratch<'a> {
    words: &'a mut [Word],
    /// Layer, first row and number of rows that are in it. All of a picture is drawn by one kernel, or
    /// the order would have to be here too.
    holds: Option<(usize, usize, usize)>,
}

/// The rows in a scratch.
#[derive(Clone, Copy, Debug)]
pub struct Expanded<'a> {
    words: &'a [Word],
    /// The first row's place in the map.
    first: usize,
    /// Pairs of channels.
    depth: usize,
    /// As in [`Rows`].
    plane: usize,
    column: usize,
}

/// The rows of one output row, pairs of channels of all rows one after the other in `planes`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub(super) words: &'a [Word],
    /// Rows times pairs of channels.
    pub(super) planes: usize,
    /// Words from one plane to the next, at the same column.
    pub(super) plane: usize,
    /// Words from one column to the next, in the same plane.
    pub(super) column: usize,
}

impl<'a> Scratch<'a> {
    /// A scratch that holds nothing; `words` are as many as the plan says.
    pub(crate) fn new(words: &'a mut [Word]) -> Self {
        // Kernels load several words at once.
        debug_assert!(words.as_ptr().addr().is_multiple_of(4), "the engine aligns it");
        Self { words, holds: None }
    }

    /// The rows that the job reads, planes outermost if the loops go across columns and else columns.
    /// Rows that are there already, since two output rows of a transposed convolution read the same,
    /// are left.
    pub(super) fn expand<K: Tile>(&mut self, job: &Job<'_>) -> Expanded<'_> {
        let layer = job.layer;
        let (depth, width) = (layer.order().depth(), layer.columns.input);
        let (first, rows) = match job.rows.len() {
            1 => {
                let taps = layer.rows.taps(job.rows.start);
                (taps.input, taps.len)
            }
            _ => (0, layer.rows.input),
        };
        let (plane, column) = if K::ACROSS { (width, 1) } else { (1, rows * depth) };
        let holds = (job.index, first, rows);
        if self.holds != Some(holds) {
            self.holds = Some(holds);
            match job.input {
                Input::Latent(latent) => pixel(latent, 0, self.words),
                Input::Rows(window) | Input::Wide(window) => {
                    let is_wide = matches!(job.input, Input::Wide(_));
                    let input_row = window.rows_from(first);
                    for t in 0..rows {
                        let words = &mut self.words[t * depth * plane..];
                        let row = input_row(t);
                        if is_wide {
                            expand_row::<K, [u8; 2]>(layer, row.as_chunks().0, column, words);
                        } else {
                            expand_bytes::<K>(layer, row, column, words);
                        }
                    }
                }
            }
        }
        Expanded { words: &self.words[..rows * depth * width], first, depth, plane, column }
    }
}

impl<'a> Expanded<'a> {
    /// Those of `taps`.
    pub(super) fn rows(&self, taps: &Taps) -> Rows<'a> {
        let Self { words, depth, plane, column, .. } = *self;
        let skip = taps.input.saturating_sub(self.first) * depth * plane;
        Rows { words: &words[skip..], planes: taps.len * depth, plane, column }
    }
}

/// Expands a row of bytes of `layer`'s input.
fn expand_bytes<K: Tile>(layer: &Layer<'_>, row: &[u8], column: usize, words: &mut [Word]) {
    if !(K::ACROSS && K::expand(row, layer.channels_in, layer.zero_point, words)) {
        expand_row::<K, u8>(layer, row, column, words);
    }
}

/// Expands a row of `layer`'s input, whose zero-point is 0 where it has 12 bits; without planes outermost, columns
/// are so many words apart.
fn expand_row<K: Tile, T: Value>(layer: &Layer<'_>, row: &[T], column: usize, words: &mut [Word]) {
    let (channels, zero_point) = (layer.channels_in, i32::from(layer.zero_point));
    if K::ACROSS {
        rows_of_planes(row, channels, zero_point, words);
    } else {
        for (x, pixels) in row.chunks_exact(channels).enumerate() {
            pixel(pixels, zero_point, &mut words[x * column..]);
        }
    }
}

/// What a row can be made of.
trait Value: Copy {
    fn value(self) -> i32;
}

impl Value for u8 {
    fn value(self) -> i32 {
        self.into()
    }
}

impl Value for i16 {
    fn value(self) -> i32 {
        self.into()
    }
}

impl Value for [u8; 2] {
    fn value(self) -> i32 {
        i16::from_le_bytes(self).into()
    }
}

/// A row as planes of neighbouring columns.
fn rows_of_planes<T: Value>(row: &[T], channels: usize, zero_point: i32, words: &mut [Word]) {
    let planes = words.chunks_exact_mut(row.len() / channels);
    for (first, plane) in (0..channels).step_by(2).zip(planes) {
        for (slot, pixel) in plane.iter_mut().zip(row.chunks_exact(channels)) {
            let [a, b] = [pixel.get(first), pixel.get(first + 1)]
                .map(|x| x.map_or(0, |x| x.value() - zero_point));
            *slot = word(a, b);
        }
    }
}

/// A pixel as neighbouring planes.
fn pixel<T: Value>(pixel: &[T], zero_point: i32, words: &mut [Word]) {
    let mut slots = words.iter_mut();
    let (pairs, last) = pixel.as_chunks::<2>();
    for (&[a, b], slot) in pairs.iter().zip(&mut slots) {
        *slot = word(a.value() - zero_point, b.value() - zero_point);
    }
    if let (&[a], Some(slot)) = (last, slots.next()) {
        *slot = word(a.value() - zero_point, 0);
    }
}

/// Two numbers of at most 12 bits in a word.
#[inline(always)]
const fn word(a: i32, b: i32) -> Word {
    (a as u16 as u32 | (b as u32) << 16).to_le_bytes()
}
