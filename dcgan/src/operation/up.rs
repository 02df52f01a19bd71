//! The transpose of the convolution of a batch: from small maps to big ones.
//!
//! Big elements that are a stride apart meet the same taps of the kernel: each such phase is a convolution of the small
//! maps by these taps.

use super::gather::{Lines, Part, gather};
use super::geometry::{Geometry, Phase};
use super::tile;
use super::windows::Windows;

/// The big maps of the `small` ones.
pub(super) fn up(geometry: &Geometry, small: &[f32], weights: &[f32]) -> Vec<f32> {
    let phases = geometry.phases();
    let pairs = phases.iter().flat_map(|rows| phases.iter().map(move |columns| (rows, columns)));
    let part = |(rows, columns)| part(geometry, rows, columns, weights);
    gather(&pairs.map(part).collect::<Vec<_>>(), small, [geometry.small, geometry.big])
}

/// The big elements that are of the phase `rows` from top to bottom and of the phase `columns` from left to right.
fn part(geometry: &Geometry, rows: &Phase, columns: &Phase, weights: &[f32]) -> Part {
    let Geometry { big, small, kernel, .. } = *geometry;
    let taps = kernel * kernel;
    let (down, across) = (rows.axis(), columns.axis());
    // Of each number of a window, the weights of all numbers of an output.
    let lines = Lines {
        count: rows.len,
        len: columns.len * big.channels,
        distance: big.size * big.channels,
    };
    let mut by = vec![0.0; down.taps * across.taps * small.channels * lines.count * lines.len];
    let mut all = by.chunks_exact_mut(big.channels);
    for y in 0..down.taps {
        for x in 0..across.taps {
            for o in 0..small.channels {
                for row in 0..rows.len {
                    for column in 0..columns.len {
                        let to = all.next().expect("one for each");
                        let Some(tap) = rows.tap(row, y).zip(columns.tap(column, x)) else {
                            continue;
                        };
                        let from = &weights[o * big.channels * taps + tap.0 * kernel + tap.1..];
                        to.iter_mut().zip(from.iter().step_by(taps)).for_each(|(to, it)| *to = *it);
                    }
                }
            }
        }
    }
    let places = rows
        .firsts()
        .flat_map(|y| columns.firsts().map(move |x| (y * big.size + x) * big.channels));
    Part {
        windows: Windows::new(small, down, across),
        packed: tile::pack(by, lines.count * lines.len),
        places: places.collect(),
        lines,
    }
}
