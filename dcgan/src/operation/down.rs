//! The convolution of a batch: from big maps to small ones.

use super::gather::{Lines, Part, gather};
use super::geometry::Geometry;
use super::tile;
use super::windows::Windows;

/// The small maps of the `big` ones.
pub(super) fn down(geometry: &Geometry, big: &[f32], weights: &[f32]) -> Vec<f32> {
    let Geometry { big: from, small: to, kernel, .. } = *geometry;
    let taps = kernel * kernel;
    // Of each number of a window, the weights of all small channels.
    let mut by = Vec::with_capacity(weights.len());
    for tap in 0..taps {
        for c in 0..from.channels {
            by.extend(weights[c * taps + tap..].iter().step_by(from.channels * taps));
        }
    }
    let axis = geometry.small_meets();
    let part = Part {
        windows: Windows::new(from, axis, axis),
        packed: tile::pack(by, to.channels),
        places: (0..to.len()).step_by(to.channels).collect(),
        lines: Lines { count: 1, len: to.channels, distance: 0 },
    };
    gather(&[part], big, [from, to])
}
