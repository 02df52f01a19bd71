//! Batch normalisation and the rectifier behind it.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::columns::{self, ROWS};
use super::lanes::{load, store, vectors};

/// The mean of every channel over the rows `x`, then the variance of every channel: its mean squared distance from the
/// mean. Those of blocks are combined as in Chan, Golub & LeVeque 1979.
pub(super) fn statistics(x: &[f32], channels: usize) -> Vec<f32> {
    let blocks = x.par_chunks(ROWS * channels).map(|x| {
        let rows = (x.len() / channels) as f32;
        let mut mean = columns::sums(x, channels);
        mean.iter_mut().for_each(|mean| *mean /= rows);
        let squares = Arch::new().dispatch(Squares { x, mean: &mean });
        (mean, squares)
    });
    let blocks: Vec<(Vec<f32>, Vec<f32>)> = blocks.collect();
    let (mut mean, mut squares) = (vec![0.0_f64; channels], vec![0.0_f64; channels]);
    let mut rows = 0.0;
    for (block, (means, more)) in blocks.iter().enumerate() {
        let count = (x.len() / channels - block * ROWS).min(ROWS) as f64;
        let all = rows + count;
        for c in 0..channels {
            let off = f64::from(means[c]) - mean[c];
            mean[c] += off * count / all;
            squares[c] += f64::from(more[c]) + off * off * rows * count / all;
        }
        rows = all;
    }
    let variance = squares.into_iter().map(|sum| sum / rows);
    mean.into_iter().chain(variance).map(|it| it as f32).collect()
}

/// The sums of the squared distances of the rows `x` from `mean`.
struct Squares<'a> {
    x: &'a [f32],
    mean: &'a [f32],
}

impl WithSimd for Squares<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let Self { x, mean } = self;
        let mut sums = vec![0.0; mean.len()];
        for range in vectors::<S>(mean.len()) {
            let mean_of = load(simd, &mean[range.clone()]);
            let mut sum = simd.splat_f32s(0.0);
            for x in x.chunks_exact(mean.len()) {
                let off = simd.sub_f32s(load(simd, &x[range.clone()]), mean_of);
                sum = simd.mul_add_e_f32s(off, off, sum);
            }
            store(simd, &mut sums[range], sum);
        }
        sums
    }
}

/// A batch normalisation: scale · x + shift for each channel.
pub(super) struct Norm<'a> {
    mean: &'a [f32],
    /// Square root of the variance plus ε.
    deviation: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl<'a> Norm<'a> {
    /// The normalisation with factor γ and summand β, by [`statistics`].
    pub(super) fn new(gamma: &[f32], beta: &[f32], statistics: &'a [f32], epsilon: f32) -> Self {
        let (mean, variance) = statistics.split_at(gamma.len());
        let deviation: Vec<f32> = variance.iter().map(|it| (it + epsilon).sqrt()).collect();
        let scale: Vec<f32> = gamma.iter().zip(&deviation).map(|(gamma, by)| gamma / by).collect();
        let shifts = beta.iter().zip(mean).zip(&scale);
        let shift = shifts.map(|((beta, mean), scale)| beta - mean * scale).collect();
        Self { mean, deviation, scale, shift }
    }

    /// The rows `x`, normalised and rectified: `slope` is that of negative values.
    pub(super) fn of(&self, x: &[f32], slope: f32) -> Vec<f32> {
        let len = ROWS * self.mean.len();
        let mut y = vec![0.0; x.len()];
        x.par_chunks(len).zip(y.par_chunks_mut(len)).for_each(|(x, y)| {
            Arch::new().dispatch(Forward { norm: self, slope, x, y });
        });
        y
    }

    /// Replaces `gradient`, that of [`of`](Self::of) the rows `x`, by that of x. Returns those of γ and β. `of_batch`:
    /// whether the statistics are those of x, and change with it.
    ///
    /// *source*: Ioffe & Szegedy 2015 (arXiv 1502.03167), section 3.
    pub(super) fn gradients(
        &self,
        x: &[f32],
        gradient: &mut [f32],
        slope: f32,
        of_batch: bool,
    ) -> [Vec<f32>; 2] {
        let channels = self.mean.len();
        let len = ROWS * channels;
        let sums = x
            .par_chunks(len)
            .zip(gradient.par_chunks(len))
            .map(|(x, gradient)| Arch::new().dispatch(Sums { norm: self, slope, x, gradient }));
        let (of_beta, tilts): (Vec<_>, Vec<_>) = sums.unzip();
        let (of_beta, tilts) =
            (columns::total(&of_beta, channels), columns::total(&tilts, channels));
        let tilts = tilts.iter().zip(&self.deviation);
        let of_gamma: Vec<f32> = tilts.clone().map(|(sum, by)| sum / by).collect();
        // What x adds by way of the statistics; without, they are constant.
        let count = if of_batch { (x.len() / channels) as f32 } else { f32::INFINITY };
        let level: Vec<f32> = of_beta.iter().map(|sum| sum / count).collect();
        let tilt: Vec<f32> = tilts.map(|(sum, by)| sum / (by * by * count)).collect();
        x.par_chunks(len).zip(gradient.par_chunks_mut(len)).for_each(|(x, gradient)| {
            let (level, tilt) = (&level, &tilt);
            Arch::new().dispatch(Back { norm: self, slope, x, gradient, level, tilt });
        });
        [of_gamma, of_beta]
    }
}

/// Computes `y` of the rows `x`.
struct Forward<'a> {
    norm: &'a Norm<'a>,
    slope: f32,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { norm, slope, x, y } = self;
        let channels = norm.mean.len();
        let slope = simd.splat_f32s(slope);
        for range in vectors::<S>(channels) {
            let [scale, shift] =
                [&norm.scale, &norm.shift].map(|it| load(simd, &it[range.clone()]));
            for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
                let x = load(simd, &x[range.clone()]);
                let normed = simd.mul_add_e_f32s(x, scale, shift);
                let low = simd.mul_f32s(normed, slope);
                store(simd, &mut y[range.clone()], simd.max_f32s(normed, low));
            }
        }
    }
}

/// The gradient before the rectifier, from that behind it.
#[inline(always)]
fn before<S: Simd>(
    simd: S,
    x: S::f32s,
    gradient: S::f32s,
    [scale, shift, slope]: [S::f32s; 3],
) -> S::f32s {
    let normed = simd.mul_add_e_f32s(x, scale, shift);
    let positive = simd.greater_than_f32s(normed, simd.splat_f32s(0.0));
    simd.select_f32s(positive, gradient, simd.mul_f32s(gradient, slope))
}

/// Sums over rows: of the gradient before the rectifier, and of its products with the distances of `x` from the mean.
struct Sums<'a> {
    norm: &'a Norm<'a>,
    slope: f32,
    x: &'a [f32],
    gradient: &'a [f32],
}

impl WithSimd for Sums<'_> {
    type Output = (Vec<f32>, Vec<f32>);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { norm, slope, x, gradient } = self;
        let channels = norm.mean.len();
        let (mut levels, mut tilts) = (vec![0.0; channels], vec![0.0; channels]);
        let slope = simd.splat_f32s(slope);
        for range in vectors::<S>(channels) {
            let [scale, shift, mean] =
                [&norm.scale[..], &norm.shift, norm.mean].map(|it| load(simd, &it[range.clone()]));
            let [mut level, mut tilt] = [simd.splat_f32s(0.0); 2];
            for (x, g) in x.chunks_exact(channels).zip(gradient.chunks_exact(channels)) {
                let x = load(simd, &x[range.clone()]);
                let g = load(simd, &g[range.clone()]);
                let g = before(simd, x, g, [scale, shift, slope]);
                level = simd.add_f32s(level, g);
                tilt = simd.mul_add_e_f32s(g, simd.sub_f32s(x, mean), tilt);
            }
            store(simd, &mut levels[range.clone()], level);
            store(simd, &mut tilts[range], tilt);
        }
        (levels, tilts)
    }
}

/// Replaces the gradient by that of x: scale · (g − level − (x − mean) · tilt), where g is that before the rectifier.
struct Back<'a> {
    norm: &'a Norm<'a>,
    slope: f32,
    x: &'a [f32],
    gradient: &'a mut [f32],
    level: &'a [f32],
    tilt: &'a [f32],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { norm, slope, x, gradient, level, tilt } = self;
        let channels = norm.mean.len();
        let slope = simd.splat_f32s(slope);
        for range in vectors::<S>(channels) {
            let [scale, shift, mean, level, tilt] =
                [&norm.scale[..], &norm.shift, norm.mean, level, tilt]
                    .map(|it| load(simd, &it[range.clone()]));
            let rows = x.chunks_exact(channels).zip(gradient.chunks_exact_mut(channels));
            for (x, gradient) in rows {
                let gradient = &mut gradient[range.clone()];
                let x = load(simd, &x[range.clone()]);
                let g = load(simd, gradient);
                let g = before(simd, x, g, [scale, shift, slope]);
                let off = simd.mul_f32s(simd.sub_f32s(x, mean), tilt);
                let of = simd.sub_f32s(simd.sub_f32s(g, level), off);
                store(simd, gradient, simd.mul_f32s(scale, of));
            }
        }
    }
}
