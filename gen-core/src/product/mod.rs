//! The product of two `i32`, all 64 bits of it.

#[cfg(any(test, gen_core_armv6m))]
mod halves;
#[cfg(any(test, not(gen_core_armv6m)))]
mod whole;

#[cfg(gen_core_armv6m)]
pub(crate) use halves::product;
#[cfg(not(gen_core_armv6m))]
pub(crate) use whole::product;

#[cfg(test)]
mod tests {
    use super::{halves, whole};

    #[test]
    fn halves_are_exact() {
        let edges =
            [0, 1, 2, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff].map(|x: i32| [x, !x, -x]);
        let spread = (0..200).map(|i: i32| i.wrapping_mul(0x9e37_79b1_u32 as i32));
        let numbers: Vec<i32> = edges.into_iter().flatten().chain(spread).collect();
        for &a in &numbers {
            for &b in &numbers {
                assert_eq!(halves::product(a, b), whole::product(a, b), "{a} * {b}");
            }
        }
    }
}
