//! For ARMv6-M, whose multiplier gives 32 bits; for 64 bits the compiler would call a 64-by-64-bit function.

/// `a · b`, from the products of their 16-bit halves; lower halves are unsigned, upper halves signed. *exact*.
#[inline(always)]
pub const fn product(a: i32, b: i32) -> i64 {
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
