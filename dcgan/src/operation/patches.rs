//! Maps of few channels as maps of patches: what a small place meets of the big map, as the channels of one place. So
//! vectors are filled, and a convolution of patches has a kernel of one tap.

use std::borrow::Cow;

use rayon::prelude::*;

use super::geometry::{Geometry, Map, Meeting};

/// The geometry by patches, whose channels are `[tap][big channel]`. `None` if the big map is not one of pictures.
pub(super) fn flat(geometry: &Geometry) -> Option<Geometry> {
    let Geometry { big, small, kernel, .. } = *geometry;
    let patches = Map { size: small.size, channels: geometry.taps() * big.channels };
    let flat = Geometry { big: patches, small, kernel: 1, stride: 1, padding: 0 };
    (kernel > 1 && matches!(big.channels, 1 | 3)).then_some(flat)
}

/// The maps of a batch of `n` pictures, or the patches of such maps.
pub(super) struct Input<'a> {
    n: usize,
    maps: &'a [f32],
    /// Channels of the maps.
    channels: usize,
    /// Channels of a patch, and what the patches consist of, by their places.
    patches: Option<(usize, Vec<Vec<Meeting>>)>,
}

impl<'a> Input<'a> {
    /// The maps themselves.
    pub(super) fn maps(n: usize, maps: &'a [f32], channels: usize) -> Self {
        Self { n, maps, channels, patches: None }
    }

    /// The patches of the big `maps` of `geometry`.
    pub(super) fn patches(geometry: &Geometry, n: usize, maps: &'a [f32]) -> Self {
        let channels = geometry.big.channels;
        let patches = (geometry.taps() * channels, geometry.by_small());
        Self { n, maps, channels, patches: Some(patches) }
    }

    /// The matrix of `place`, `[picture][channel]`.
    pub(super) fn matrix(&self, place: usize) -> Cow<'a, [f32]> {
        let of = |place: usize, channels: usize| {
            &self.maps[place * self.n * channels..][..self.n * channels]
        };
        let Some((len, meetings)) = &self.patches else { return of(place, self.channels).into() };
        let mut matrix = vec![0.0; self.n * len];
        for it in &meetings[place] {
            match self.channels {
                1 => cut::<1>(of(it.big, 1), &mut matrix, *len, it.tap),
                _ => cut::<3>(of(it.big, 3), &mut matrix, *len, it.tap),
            }
        }
        matrix.into()
    }
}

/// Copies one element of each picture to a tap of its patch, which has `len` channels.
fn cut<const C: usize>(from: &[f32], patches: &mut [f32], len: usize, tap: usize) {
    for (from, patch) in from.as_chunks::<C>().0.iter().zip(patches.chunks_exact_mut(len)) {
        patch.as_chunks_mut::<C>().0[tap] = *from;
    }
}

/// The big maps, each element the sum of all that `patches` of `n` pictures have of it.
pub(super) fn add(geometry: &Geometry, n: usize, patches: &[f32]) -> Vec<f32> {
    let channels = geometry.big.channels;
    let len = geometry.taps() * channels;
    let meetings = geometry.by_big();
    let mut big = vec![0.0; meetings.len() * n * channels];
    meetings.par_iter().zip(big.par_chunks_mut(n * channels)).for_each(|(meetings, big)| {
        for it in meetings {
            let patches = &patches[it.small * n * len..][..n * len];
            match channels {
                1 => add_tap::<1>(patches, big, len, it.tap),
                _ => add_tap::<3>(patches, big, len, it.tap),
            }
        }
    });
    big
}

/// Adds a tap of each picture's patch, which has `len` channels, to one element of it.
fn add_tap<const C: usize>(patches: &[f32], to: &mut [f32], len: usize, tap: usize) {
    for (to, patch) in to.as_chunks_mut::<C>().0.iter_mut().zip(patches.chunks_exact(len)) {
        let from = &patch.as_chunks::<C>().0[tap];
        for c in 0..C {
            to[c] += from[c];
        }
    }
}
