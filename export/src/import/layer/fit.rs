//! How a convolution's input lies in the output of the layer before: where it begins, how often pixels are repeated or
//! spread over channels, and which channels it reads. Every element is compared, a padding's zeros too, so that a wrong
//! guess is refused.

use crate::import::view::ZERO;
use ndarray::ArrayD;

/// The place of an input in a layer's output; rows come before columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    /// Input positions for each of the layer's pixels.
    pub(crate) repeat: [usize; 2],
    /// The position, among the layer's repeated pixels, of the input's position 0; below 0 where zeros come first.
    pub(crate) begin: [i64; 2],
    /// The layer's channel for `[position within a repeat, rows][columns][channel]`.
    pub(crate) channels: Vec<usize>,
}

impl Fit {
    /// The fit of `elements`, `[1, C, H, W]`, in a layer's output of height, width, channels; none if they lie in
    /// another way.
    pub(crate) fn of(elements: &ArrayD<i32>, [height, width, depth]: [usize; 3]) -> Option<Self> {
        let &[1, channels, rows, columns] = elements.shape() else { return None };
        let at = |c: usize, y: usize, x: usize| elements[[0, c, y, x]];
        let pixel = |element: i32| (element >= 0).then(|| element as usize / depth);
        let positions = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
        let (top, left) = positions.clone().find(|(y, x)| at(0, *y, *x) != ZERO)?;
        let row = |y: usize| pixel(at(0, y, left)).map(|pixel| pixel / width % height);
        let column = |x: usize| pixel(at(0, top, x)).map(|pixel| pixel % width);
        let (repeat_y, begin_y) = runs((0..rows).map(row).collect())?;
        let (repeat_x, begin_x) = runs((0..columns).map(column).collect())?;
        let mut fit = Self {
            repeat: [repeat_y, repeat_x],
            begin: [begin_y, begin_x],
            channels: vec![usize::MAX; repeat_y * repeat_x * channels],
        };
        for (y, x) in positions {
            let (cell_y, sub_y) = fit.cell(0, y);
            let (cell_x, sub_x) = fit.cell(1, x);
            let inside =
                (0..height as i64).contains(&cell_y) && (0..width as i64).contains(&cell_x);
            let cell = inside.then(|| cell_y as usize * width + cell_x as usize);
            for c in 0..channels {
                let element = at(c, y, x);
                if pixel(element) != cell {
                    return None;
                }
                if cell.is_some() {
                    let known = &mut fit.channels[(sub_y * repeat_x + sub_x) * channels + c];
                    let channel = element as usize % depth;
                    if *known != usize::MAX && *known != channel {
                        return None;
                    }
                    *known = channel;
                }
            }
        }
        (!fit.channels.contains(&usize::MAX)).then_some(fit)
    }

    /// The layer's row or column that input position `at` shows, and which of its repetitions.
    fn cell(&self, along: usize, at: usize) -> (i64, usize) {
        let (place, repeat) = (at as i64 + self.begin[along], self.repeat[along] as i64);
        (place.div_euclid(repeat), place.rem_euclid(repeat) as usize)
    }
}

/// How often pixels are repeated along a line of an input, and the position of its position 0 among the repeated ones.
/// `places` are the pixels' places along the layer's output; none for zeros.
fn runs(places: Vec<Option<usize>>) -> Option<(usize, i64)> {
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
        let node = crate::import::node::Node(&proto);
        crate::import::moves::layout::moved(layouts, &map(), ZERO, node).unwrap().swap_remove(0)
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
