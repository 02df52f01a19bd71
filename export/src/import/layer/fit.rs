//! How a convolution's input lies in the layer before it: where it begins, how often pixels are repeated
//! or spread over channels, which are its channels. Verified element by element, zeros of the padding
//! included, so that a guess can be refused but not be wrong.

use crate::import::view::ZERO;
use ndarray::ArrayD;

/// Along both axes, rows first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    /// Input positions for each of the layer's pixels.
    pub(crate) repeat: [usize; 2],
    /// Position 0 is this position of the layer's, repeated; below 0 where zeros come first.
    pub(crate) begin: [i64; 2],
    /// The layer's channel for `[position within a repeat, rows][columns][channel]`.
    pub(crate) channels: Vec<usize>,
}

impl Fit {
    /// The fit of `elements`, `[1, C, H, W]`, in a map of height, width, channels.
    pub(crate) fn of(elements: &ArrayD<i32>, [height, width, depth]: [usize; 3]) -> Option<Self> {
        let &[1, channels, rows, columns] = elements.shape() else { return None };
        let at = |c: usize, y: usize, x: usize| elements[[0, c, y, x]];
        let pixel = |element: i32| (element >= 0).then(|| element as usize / depth);
        let first = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
        let (top, left) = first.clone().find(|(y, x)| at(0, *y, *x) != ZERO)?;
        // Along a column and along a row of what is not zero.
        let along = |positions: usize, element: &dyn Fn(usize) -> i32, unit: usize, len: usize| {
            let places: Vec<Option<usize>> =
                (0..positions).map(|i| pixel(element(i)).map(|pixel| pixel / unit % len)).collect();
            let start = places.iter().position(Option::is_some)?;
            let mut runs: Vec<(usize, usize)> = Vec::new();
            for place in places[start..].iter().map_while(|place| *place) {
                match runs.last_mut() {
                    Some((last, count)) if *last == place => *count += 1,
                    _ => runs.push((place, 1)),
                }
            }
            let repeat = runs.iter().map(|(_, count)| *count).max()?;
            let (place, count) = runs[0];
            // The first run is cut where it is shorter than others.
            let skipped = if runs.len() > 1 { repeat - count } else { 0 };
            Some((repeat, (place * repeat + skipped) as i64 - start as i64))
        };
        let (repeat_y, begin_y) = along(rows, &|y| at(0, y, left), width, height)?;
        let (repeat_x, begin_x) = along(columns, &|x| at(0, top, x), 1, width)?;
        let mut fit = Self {
            repeat: [repeat_y, repeat_x],
            begin: [begin_y, begin_x],
            channels: vec![usize::MAX; repeat_y * repeat_x * channels],
        };
        for (y, x) in first {
            for c in 0..channels {
                let element = at(c, y, x);
                let (py, px) = (y as i64 + begin_y, x as i64 + begin_x);
                let (cell_y, cell_x) =
                    (py.div_euclid(repeat_y as i64), px.div_euclid(repeat_x as i64));
                let inside =
                    (0..height as i64).contains(&cell_y) && (0..width as i64).contains(&cell_x);
                if !inside {
                    if element != ZERO {
                        return None;
                    }
                    continue;
                }
                let cell = cell_y as usize * width + cell_x as usize;
                if pixel(element) != Some(cell) {
                    return None;
                }
                let (sub_y, sub_x) = (
                    py.rem_euclid(repeat_y as i64) as usize,
                    px.rem_euclid(repeat_x as i64) as usize,
                );
                let known = &mut fit.channels[(sub_y * repeat_x + sub_x) * channels + c];
                let channel = element as usize % depth;
                if *known != usize::MAX && *known != channel {
                    return None;
                }
                *known = channel;
            }
        }
        (!fit.channels.contains(&usize::MAX)).then_some(fit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of 3×4 pixels and 4 channels, `[1, C, H, W]`.
    fn map() -> ArrayD<i32> {
        ArrayD::from_shape_fn(vec![1, 4, 3, 4], |at| ((at[2] * 4 + at[3]) * 4 + at[1]) as i32)
    }

    fn moved(layouts: &[crate::import::moves::layout::Layout]) -> ArrayD<i32> {
        let proto = tract_onnx::pb::NodeProto::default();
        layouts.iter().fold(map(), |map, layout| {
            layout.run(&map, ZERO, crate::import::Node(&proto)).unwrap().swap_remove(0)
        })
    }

    #[test]
    fn repeats_paddings_and_channels_are_found() {
        use crate::import::moves::layout::Layout::{Pad, Select};
        let size = [3, 4, 4];
        let plain = Fit::of(&map(), size).unwrap();
        assert_eq!((plain.repeat, plain.begin), ([1, 1], [0, 0]));
        assert_eq!(plain.channels, [0, 1, 2, 3]);
        let twice = |len: usize| (0..2 * len).map(|i| i / 2).collect::<Vec<_>>();
        let repeated =
            Select(vec![vec![0], vec![3, 1], twice(3), (0..12).map(|i| i / 3).collect()]);
        let fit = Fit::of(&moved(std::slice::from_ref(&repeated)), size).unwrap();
        assert_eq!((fit.repeat, fit.begin), ([2, 3], [0, 0]));
        assert_eq!(fit.channels[..2], [3, 1]);
        let padded = Pad(vec![[0, 0], [0, 0], [1, 2], [2, 0]]);
        let fit = Fit::of(&moved(&[repeated.clone(), padded]), size).unwrap();
        assert_eq!((fit.repeat, fit.begin), ([2, 3], [-1, -2]));
        // Cut within a repeat, and then zeros where the layer has more.
        let cut = Pad(vec![[0, 0], [0, 0], [-1, 0], [0, -1]]);
        let fit = Fit::of(&moved(&[repeated.clone(), cut.clone()]), size).unwrap();
        assert_eq!((fit.repeat, fit.begin), ([2, 3], [1, 0]));
        let zeros = Pad(vec![[0, 0], [0, 0], [1, 0], [0, 1]]);
        assert_eq!(Fit::of(&moved(&[repeated, cut, zeros]), size), None);
        // Rows turned round.
        assert_eq!(
            Fit::of(&moved(&[Select(vec![vec![0], vec![0], vec![2, 1, 0], vec![0]])]), size),
            None
        );
    }
}
