//! Differentiable augmentation (Zhao et al. 2020, arXiv 2006.10738): the discriminator sees real and
//! drawn pictures shifted, so that it can't learn a small data set by heart; the generator learns
//! through the shifts.

use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;
use gen_core::latent::Random;

use crate::random::below;

/// Parts of a batch that are shifted each its own way.
const PARTS: usize = 8;
/// Most that a picture is shifted, in parts of its side: the paper's.
const SHIFT: usize = 8;

/// Shifts pictures at random; what comes in at the borders is 0, grey.
pub fn augment(pictures: Tensor<4>, random: &mut Random) -> Tensor<4> {
    let [n, _, height, width] = pictures.dims();
    let parts = pictures.chunk(PARTS.min(n), 0);
    let shifted = parts.into_iter().map(|part| {
        let [y, x] = [height, width].map(|side| shift(random, side));
        let [top, bottom, left, right] = [y.max(0), -y.min(0), x.max(0), -x.min(0)];
        let [top, bottom, left, right] = [top, bottom, left, right].map(|s: isize| s as usize);
        // What leaves on one side comes in on the other.
        let kept =
            part.narrow(2, bottom, height - top - bottom).narrow(3, right, width - left - right);
        kept.pad((left, right, top, bottom), PadMode::Constant(0.0))
    });
    Tensor::cat(shifted.collect(), 0)
}

/// Up to an eighth of `side` in either direction.
fn shift(random: &mut Random, side: usize) -> isize {
    let most = side / SHIFT;
    below(random, 2 * most + 1) as isize - most as isize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::values;
    use burn::tensor::TensorData;

    #[test]
    fn pictures_are_shifted_as_they_are() {
        let (side, n) = (16, 16);
        let numbers: Vec<f32> = (1..=side * side).map(|i| i as f32).collect();
        let batch = numbers.repeat(n);
        let device = crate::device::device();
        let pictures = Tensor::from_data(TensorData::new(batch, [n, 1, side, side]), &device);
        let shifted = values(augment(pictures, &mut Random::new(1)));
        let mut shifts = std::collections::HashSet::new();
        for picture in shifted.chunks_exact(side * side) {
            // The pixel of the middle tells how far.
            let centre = picture[8 * side + 8] as usize - 1;
            let (y, x) = (8 - (centre / side) as isize, 8 - (centre % side) as isize);
            assert!(y.abs() <= 2 && x.abs() <= 2);
            shifts.insert((y, x));
            for (index, &pixel) in picture.iter().enumerate() {
                let from = [(index / side) as isize - y, (index % side) as isize - x];
                let is_inside = from.iter().all(|place| (0..side as isize).contains(place));
                let expected = from[0] * side as isize + from[1] + 1;
                assert_eq!(pixel, if is_inside { expected as f32 } else { 0.0 });
            }
        }
        assert!(shifts.len() > 4, "{shifts:?}");
    }
}
