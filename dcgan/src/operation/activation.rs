//! The bias of a convolution and the activation behind it.

use pulp::Arch;
use rayon::prelude::*;

use super::columns::{self, ROWS};

/// What follows a convolution and its bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// x, or the given slope, 0 to 1, times x if x is negative.
    Rectify(f32),
    /// Hyperbolic tangent, within 5e-7.
    Tanh,
}

impl Activation {
    /// Replaces all `y` by the activation's values.
    #[inline(always)]
    fn apply(self, y: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Rectify(slope) => {
                y.iter_mut().for_each(|y| *y = if *y > 0.0 { *y } else { slope * *y });
            }
            Self::Tanh => y.iter_mut().for_each(|y| *y = tanh(*y)),
        }
    }

    /// Replaces the gradients of all outputs `y` by those of the inputs.
    #[inline(always)]
    fn back(self, y: &[f32], gradient: &mut [f32]) {
        let pairs = y.iter().zip(gradient);
        match self {
            Self::None => {}
            Self::Rectify(slope) => {
                pairs.for_each(|(y, g)| *g *= if *y > 0.0 { 1.0 } else { slope })
            }
            Self::Tanh => pairs.for_each(|(y, g)| *g *= 1.0 - y * y),
        }
    }
}

/// Adds `bias` to the rows of `x` and replaces the sums by their `activation`.
pub(super) fn bias(x: &mut [f32], bias: &[f32], activation: Activation) {
    x.par_chunks_mut(ROWS * bias.len()).for_each(|x| {
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for x in x.chunks_exact_mut(bias.len()) {
                    x.iter_mut().zip(bias).for_each(|(x, bias)| *x += bias);
                }
                activation.apply(x);
            },
        );
    });
}

/// Replaces the `gradient` of outputs `y` of [`bias`] by that of the input. Returns that of the bias.
pub(super) fn gradients(
    y: &[f32],
    gradient: &mut [f32],
    channels: usize,
    activation: Activation,
) -> Vec<f32> {
    let blocks = y.par_chunks(ROWS * channels).zip(gradient.par_chunks_mut(ROWS * channels));
    let sums: Vec<Vec<f32>> = blocks
        .map(|(y, gradient)| {
            Arch::new().dispatch(
                #[inline(always)]
                || activation.back(y, gradient),
            );
            columns::sums(gradient, channels)
        })
        .collect();
    columns::total(&sums, channels)
}

/// tanh x as a quotient of polynomials. *source*: Eigen's `generic_fast_tanh_float`.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let x = x.clamp(-7.905_311, 7.905_311);
    let z = x * x;
    let p = -2.760_768_5e-16 * z + 2.000_188e-13;
    let p = p * z - 8.604_672e-11;
    let p = p * z + 5.122_297e-8;
    let p = p * z + 1.485_722_4e-5;
    let p = p * z + 6.372_619_3e-4;
    let p = p * z + 4.893_524_6e-3;
    let q = 1.198_258_4e-6 * z + 1.185_347_1e-4;
    let q = q * z + 2.268_434_6e-3;
    let q = q * z + 4.893_525e-3;
    x * p / q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_is_near() {
        for i in -100_000..=100_000 {
            let x = i as f32 / 1e4;
            let far = (f64::from(tanh(x)) - f64::from(x).tanh()).abs();
            assert!(far < 5e-7, "{far} at {x}");
        }
    }
}
