//! The windows through which the outputs of a convolution see its input maps.

use super::geometry::{Axis, Map};

/// The windows of all outputs of a picture: of each some rows, of each of these some neighbouring elements.
pub(super) struct Windows {
    /// The input.
    map: Map,
    /// Numbers of a row of a window.
    pub(super) run: usize,
    /// `[output][row of the window]`
    places: Vec<Place>,
}

/// Where a row of a window lies in a map.
struct Place {
    /// Its first number within the map.
    begin: usize,
    /// Its numbers within the map.
    len: usize,
    /// Its numbers before them, which are 0 as are those behind them.
    before: usize,
}

impl Windows {
    /// The windows of the outputs along `rows` and `columns` of a map.
    pub(super) fn new(map: Map, rows: Axis, columns: Axis) -> Self {
        let mut places = Vec::with_capacity(rows.outputs * columns.outputs * rows.taps);
        for row in 0..rows.outputs {
            for column in 0..columns.outputs {
                let (across, before) = columns.met(column, map.size);
                places.extend((0..rows.taps).map(|tap| {
                    let y = rows.first + (row * rows.stride + tap) as isize;
                    let is_inside = (0..map.size as isize).contains(&y);
                    let begin = if is_inside { y as usize * map.size + across.start } else { 0 };
                    Place {
                        begin: begin * map.channels,
                        len: if is_inside { across.len() * map.channels } else { 0 },
                        before: before * map.channels,
                    }
                }));
            }
        }
        Self { map, run: columns.taps * map.channels, places }
    }

    /// Rows that do not lie wholly in `maps`, one after the other: first one of zeros, then those that have some
    /// numbers in a map.
    pub(super) fn edges(&self, maps: &[f32]) -> Vec<f32> {
        let is_edge = |place: &&Place| place.len > 0 && place.len < self.run;
        let count = self.places.iter().filter(is_edge).count();
        let mut edges = vec![0.0; self.run * (1 + maps.len() / self.map.len() * count)];
        if count == 0 {
            return edges;
        }
        let all = edges[self.run..].chunks_exact_mut(self.run * count);
        for (map, edges) in maps.chunks_exact(self.map.len()).zip(all) {
            let places = self.places.iter().filter(is_edge);
            for (place, edge) in places.zip(edges.chunks_exact_mut(self.run)) {
                let inside = &map[place.begin..][..place.len];
                edge[place.before..][..place.len].copy_from_slice(inside);
            }
        }
        edges
    }

    /// The rows of the windows, `[picture][output][row of the window]`, in `maps` and their [`edges`](Self::edges).
    pub(super) fn rows<'a>(&self, maps: &'a [f32], edges: &'a [f32]) -> Vec<&'a [f32]> {
        let (zeros, edges) = edges.split_at(self.run);
        let mut edges = edges.chunks_exact(self.run);
        let mut rows = Vec::with_capacity(maps.len() / self.map.len() * self.places.len());
        for map in maps.chunks_exact(self.map.len()) {
            rows.extend(self.places.iter().map(|place| match place.len {
                0 => zeros,
                len if len == self.run => &map[place.begin..][..len],
                _ => edges.next().expect("there is one for each"),
            }));
        }
        rows
    }
}
