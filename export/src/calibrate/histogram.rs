//! Histograms: how often each value of a tensor occurs.

/// Counts of values in bins of equal width, one of which is centred at 0.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// Width of a bin.
    width: f64,
    /// Counts of the bins from −[`REACH`] to +[`REACH`].
    counts: Vec<u64>,
}

/// Number of bins on either side of 0: about 30 for each of the 256 steps of a clipped, signed tensor.
const REACH: usize = 8192;

impl Histogram {
    /// An empty histogram for values of magnitude up to `largest`.
    pub fn new(largest: f32) -> Self {
        // Even the bins of a tensor of zeros are wide enough for `add` to divide by.
        let width = f64::from(largest.max(f32::MIN_POSITIVE)) / REACH as f64;
        Self { width, counts: vec![0; 2 * REACH + 1] }
    }

    /// Counts `values`, HWC, and adds their squares to those of their channels, in bins. These are whole numbers, whose
    /// sum is the same in any order.
    pub fn add(&mut self, values: &[f32], squares: &mut [u64]) {
        let inverse = self.width.recip();
        for values in values.chunks_exact(squares.len()) {
            for (&value, squares) in values.iter().zip(&mut *squares) {
                let bin = (f64::from(value) * inverse).round() + REACH as f64;
                let bin = (bin as usize).min(2 * REACH);
                self.counts[bin] += 1;
                *squares += (bin.abs_diff(REACH) as u64).pow(2);
            }
        }
    }

    /// The root mean squares of channels with these sums of `squares`, from [`add`](Self::add).
    pub fn magnitudes(&self, squares: &[u64]) -> Vec<f64> {
        let count = self.counts.iter().sum::<u64>() as f64 / squares.len() as f64;
        let magnitude = |sum: &u64| (*sum as f64 / count.max(1.0)).sqrt() * self.width;
        squares.iter().map(magnitude).collect()
    }

    /// Adds the counts of `other`, which has the same bins.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// The values that occur, ascending, each with its count.
    pub fn occurring(&self) -> Vec<(f64, f64)> {
        let value = |bin: usize| (bin as f64 - REACH as f64) * self.width;
        let bins = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        bins.map(|(bin, &count)| (value(bin), count as f64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn zeros_and_all_but_zeros_are_counted_at_0() {
        for largest in [0.0, 1e-45] {
            let mut histogram = Histogram::new(largest);
            histogram.add(&[0.0, largest, -largest], &mut [0]);
            assert_eq!(histogram.occurring(), [(0.0, 3.0)]);
        }
    }

    #[test]
    fn channels_have_magnitudes() {
        let mut histogram = Histogram::new(4.0);
        let mut squares = [0; 2];
        histogram.add(&[0.0, 4.0, 1.0, -4.0], &mut squares);
        histogram.add(&[-1.0, 4.0, 0.0, 4.0], &mut squares);
        let [small, large] = histogram.magnitudes(&squares)[..] else { unreachable!() };
        assert!((small - 0.5_f64.sqrt()).abs() < 1e-9 && (large - 4.0).abs() < 1e-9);
    }
}
