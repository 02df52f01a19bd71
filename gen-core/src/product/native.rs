//! For processors whose multiplier gives 64 bits.

/// `a · b`. *exact*.
#[inline(always)]
pub const fn product(a: i32, b: i32) -> i64 {
    a as i64 * b as i64
}
