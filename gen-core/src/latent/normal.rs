//! Normal random numbers, by inverting the distribution function.

/// The normal number for 32 random bits: the sign, and the probability of the tail in steps of 2⁻³².
///
/// *source*: Wichura 1988, algorithm AS 241, PPND7, relative error about 1e-7. *range*: ±6.3. *cost*: 7
/// multiplications and a division; one number in seven also needs a logarithm and a square root.
pub(super) fn from_bits(bits: u32) -> f32 {
    let tail = ((bits >> 1) as f32 + 0.5) * (1.0 / 4_294_967_296.0);
    let magnitude = upper_quantile(tail);
    if bits & 1 == 0 { magnitude } else { -magnitude }
}

/// The x ≥ 0 beyond which a standard normal variable falls with probability `tail` in (0, ½].
fn upper_quantile(tail: f32) -> f32 {
    let q = 0.5 - tail;
    if q <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(r, &CENTRAL) / polynomial(r, &CENTRAL_DENOMINATOR);
    }
    // tail ≥ 2⁻³³, so the root is at most 4.8: the algorithm's third region is never reached.
    let r = libm::sqrtf(-libm::logf(tail)) - 1.6;
    polynomial(r, &TAIL) / polynomial(r, &TAIL_DENOMINATOR)
}

/// A polynomial by Horner's rule. `coefficients` begin with the lowest power.
fn polynomial(x: f32, coefficients: &[f32]) -> f32 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

const CENTRAL: [f32; 4] = [3.387_132_7, 50.434_27, 159.291_13, 59.109_375];
const CENTRAL_DENOMINATOR: [f32; 4] = [1.0, 17.895_17, 78.757_76, 67.187_56];
const TAIL: [f32; 4] = [1.423_437_3, 2.756_815_4, 1.306_728_5, 0.170_238_21];
const TAIL_DENOMINATOR: [f32; 3] = [1.0, 0.737_001_64, 0.120_211_33];

#[cfg(test)]
mod tests {
    use super::upper_quantile;

    /// Tabulated quantiles (Abramowitz & Stegun 26.1; R's `qnorm(p, lower.tail = FALSE)`).
    #[test]
    fn equals_tabulated_quantiles() {
        let table = [
            (0.5, 0.0),
            (0.4, 0.253_347_1),
            (0.25, 0.674_489_75),
            (0.1, 1.281_551_6),
            (0.076, 1.432_502_7),
            (0.074, 1.446_631_7),
            (0.05, 1.644_853_6),
            (0.025, 1.959_964),
            (0.001, 3.090_232_3),
            (1e-6, 4.753_424),
            (1e-9, 5.997_807),
        ];
        for (tail, x) in table {
            assert!((upper_quantile(tail) - x).abs() <= 2e-6, "{tail}: {}", upper_quantile(tail));
        }
    }
}
