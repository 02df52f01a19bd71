//! Lookup tables: functions of one number, in entries as fine as the sums that look them up can be.

use crate::network::fold::Folded;
use crate::network::function::Function;
use crate::network::operation::{Operation, all};
use crate::quantize::epilogue::{Sums, Target};

/// Maximum number of entries. For a tanh that gives pixels, whose table covers ±3.2, neighbouring entries differ by at
/// most 127.5 · 6.4 / 4096 = 0.2 levels.
pub(crate) const TABLE: usize = 4096;

/// The inputs of a curve that its table covers, in entries of equal width. Outside, the output element is that of the
/// nearer end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Domain {
    pub(super) low: f64,
    high: f64,
}

impl Domain {
    /// The domain of `curve`.
    pub(super) fn of(folded: &Folded, curve: &[Operation], target: Target) -> Self {
        // Beyond these ends the curve changes by less than half a pixel.
        let high = match (curve, target) {
            ([Operation::Function(Function::Tanh)], Target::Pixels(_)) => 3.2,
            ([Operation::Function(Function::Sigmoid)], Target::Pixels(_)) => 6.4,
            _ => {
                let domain = Self::search(|x| target.quantize(all(curve, x)));
                return folded.looked_up.map_or(domain, |inputs| domain.within(inputs));
            }
        };
        Self { low: -high, high }
    }

    /// The domain outside which `quantized` is constant, searched among magnitudes of 2⁻²⁰ to 2²⁰, 32 per octave.
    fn search(quantized: impl Fn(f64) -> i16) -> Self {
        let positive = (-640..=640).map(|i| f64::from(i) / 32.0).map(libm::exp2);
        let negative = positive.clone().rev().map(|x| -x);
        let points: Vec<f64> = negative.chain([0.0]).chain(positive).collect();
        let values: Vec<i16> = points.iter().map(|&x| quantized(x)).collect();
        let last = points.len() - 1;
        let begin = values.iter().position(|y| *y != values[0]).unwrap_or(1);
        let end = values.iter().rposition(|y| *y != values[last]).unwrap_or(last - 1);
        Self { low: points[begin - 1], high: points[end + 1] }
    }

    /// The part of this domain between `low` and `high`, the smallest and largest inputs in calibration, extended by a
    /// quarter on either side for inputs that calibration did not see.
    fn within(self, (low, high): (f64, f64)) -> Self {
        let more = ((high - low) / 4.0).max(1e-6 * high.abs().max(low.abs()).max(1e-6));
        let (low, high) = (self.low.max(low - more), self.high.min(high + more));
        // All inputs seen lie outside the domain, where the curve is constant.
        if low < high { Self { low, high } } else { self }
    }

    /// Width of one of `len` entries.
    pub(super) fn entry(self, len: usize) -> f64 {
        (self.high - self.low) / len as f64
    }

    /// This domain with the number of its entries: [`TABLE`], or as many as `sums` allow. If these are fewer, the domain
    /// is extended by at least an entry at either end, so that the first and the last, which also serve all inputs
    /// beyond, have the values beyond.
    fn divided(self, folded: &Folded, sums: Sums) -> (Self, usize) {
        let finest = sums.finest(folded, self.low);
        if self.entry(TABLE) >= finest {
            return (self, TABLE);
        }
        let len = ((self.entry(1) / finest).ceil() as usize + 2).min(TABLE);
        let more = (len as f64 * finest - self.entry(1)) / 2.0;
        (Self { low: self.low - more, high: self.high + more }, len)
    }
}

/// The table of `curve` that `sums` look up, and its domain.
pub(super) fn table(
    folded: &Folded,
    sums: Sums,
    target: Target,
    curve: &[Operation],
) -> (Domain, Vec<i16>) {
    let (domain, len) = Domain::of(folded, curve, target).divided(folded, sums);
    let width = domain.entry(len);
    let middle = |entry: usize| (entry as f64 + 0.5) * width + domain.low;
    (domain, (0..len).map(|entry| target.quantize(all(curve, middle(entry)))).collect())
}
