//! Arithmetic that each target does in its own way: the 64-bit product of two `i32`, and the clamp to a byte.

#[cfg(gen_core_armv6m)]
pub(crate) use halves as product;
#[cfg(not(gen_core_armv6m))]
pub(crate) use native as product;

/// `a · b`. *exact*. For processors whose multiplier gives 64 bits.
#[cfg(any(test, not(gen_core_armv6m)))]
#[inline(always)]
pub(crate) const fn native(a: i32, b: i32) -> i64 {
    a as i64 * b as i64
}

/// `a · b`, from the products of their 16-bit halves; lower halves are unsigned, upper halves signed. *exact*. For
/// ARMv6-M, whose multiplier gives 32 bits; for 64 bits the compiler would call a 64-by-64-bit function.
#[cfg(any(test, gen_core_armv6m))]
#[inline(always)]
pub(crate) const fn halves(a: i32, b: i32) -> i64 {
    let (a_low, a_high) = (a & 0xffff, a >> 16);
    let (b_low, b_high) = (b & 0xffff, b >> 16);
    let low = (a_low as u32) * (b_low as u32);
    // Neither of the next two overflows: −2¹⁵ ≤ high < 2¹⁵ and low < 2¹⁶, so a product is at most
    // (2¹⁵ − 1) · (2¹⁶ − 1), and less than 2¹⁶ is added to it.
    let middle = a_high * b_low + (low >> 16) as i32;
    let other = a_low * b_high + (middle & 0xffff);
    let high = a_high * b_high + (middle >> 16) + (other >> 16);
    (high as i64) << 32 | ((other as u32) << 16 | low & 0xffff) as i64
}

/// `clamp(y, 0, 255)`.
#[cfg(not(gen_core_lanes))]
#[inline(always)]
pub(crate) fn byte(y: i32) -> u8 {
    y.clamp(0, 255) as u8
}

/// `clamp(y, 0, 255)`, without branches. Half of a ReLU's inputs are negative, at random, so branches are
/// mispredicted: a picture of 128-64-32-16-3 took 0.40 ms with branches and takes 0.25 ms without (EPYC, Zen 4).
#[cfg(gen_core_lanes)]
#[inline(always)]
pub(crate) fn byte(y: i32) -> u8 {
    use core::hint::select_unpredictable;
    select_unpredictable(y < 0, 0, select_unpredictable(y > 255, 255, y)) as u8
}

#[cfg(test)]
mod tests {
    use super::{halves, native};

    #[test]
    fn halves_are_exact() {
        let edges =
            [0, 1, 2, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff].map(|x: i32| [x, !x, -x]);
        let spread = (0..200).map(|i: i32| i.wrapping_mul(0x9e37_79b1_u32 as i32));
        let numbers: Vec<i32> = edges.into_iter().flatten().chain(spread).collect();
        for &a in &numbers {
            for &b in &numbers {
                assert_eq!(halves(a, b), native(a, b), "{a} * {b}");
            }
        }
    }
}
