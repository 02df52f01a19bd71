//! The input rows of a job, expanded to 16 bits once for all features and positions.

use super::tile::Tile;
use super::{Input, Job};
use crate::axis::Taps;
use crate::layer::Layer;
use crate::weights::Word;

/// The expanded input rows: words of two channels, each as 16 bits with the zero-point subtracted. With an odd number
/// of channels, the second half of the last word is 0.
#[derive(Debug)]
pub struct Scratch<'a> {
    words: &'a mut [Word],
    /// Layer, first row and number of rows that it holds. The order of words is not here, because one kernel draws the
    /// whole picture.
    holds: Option<(usize, usize, usize)>,
}

/// The rows in a scratch.
#[derive(Clone, Copy, Debug)]
pub struct Expanded<'a> {
    words: &'a [Word],
    /// Index of the first row in the map.
    first: usize,
    /// Pairs of channels.
    depth: usize,
    /// As in [`Rows`].
    plane: usize,
    column: usize,
}

/// The expanded rows that one output row reads. A *plane* is one pair of channels of one row, at all columns.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub(super) words: &'a [Word],
    /// Number of planes: rows times pairs of channels.
    pub(super) planes: usize,
    /// Words from one plane to the next, at the same column.
    pub(super) plane: usize,
    /// Words from one column to the next, in the same plane.
    pub(super) column: usize,
}

impl<'a> Scratch<'a> {
    /// An empty scratch in `words`, which are aligned to 4 bytes and as many as the plan says.
    pub(crate) fn new(words: &'a mut [Word]) -> Self {
        // Some kernels load several words at once.
        debug_assert!(words.as_ptr().addr().is_multiple_of(4), "the engine aligns it");
        Self { words, holds: None }
    }

    /// Expands the rows that `job` reads: `[plane][column]` if the kernel computes across columns, else
    /// `[column][plane]`.
    ///
    /// Rows that are already expanded are kept: two output rows of a transposed convolution read the same rows.
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
    /// The rows that `taps` meet.
    pub(super) fn rows(&self, taps: &Taps) -> Rows<'a> {
        let Self { words, depth, plane, column, .. } = *self;
        let skip = taps.input.saturating_sub(self.first) * depth * plane;
        Rows { words: &words[skip..], planes: taps.len * depth, plane, column }
    }
}

/// Expands a row of 8-bit elements.
fn expand_bytes<K: Tile>(layer: &Layer<'_>, row: &[u8], column: usize, words: &mut [Word]) {
    if !(K::ACROSS && K::expand(row, layer.channels_in, layer.zero_point, words)) {
        expand_row::<K, u8>(layer, row, column, words);
    }
}

/// Expands a row of any element type. *shapes*: without planes outermost, columns are `column` words apart. The
/// zero-point of 12-bit elements is 0.
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

/// An input element, as it lies in memory.
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

/// Expands a row to `[plane][column]`.
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

/// Expands one pixel to neighbouring planes.
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

/// The word of two inputs of at most 13 bits.
#[inline(always)]
const fn word(a: i32, b: i32) -> Word {
    (a as u16 as u32 | (b as u32) << 16).to_le_bytes()
}
