//! A random number generator whose stream never changes.

/// The random number generator xoshiro128++ 1.0, seeded with SplitMix64 as its authors advise.
///
/// The stream of a seed is part of this crate's interface and never changes. *cost*: 32-bit additions, rotations and
/// shifts only. *source*: Blackman & Vigna, prng.di.unimi.it.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u32; 4],
}

impl Random {
    /// The generator for `seed`; equals `rand_xoshiro`'s `Xoshiro128PlusPlus::seed_from_u64`.
    pub const fn new(seed: u64) -> Self {
        let (a, seed) = split_mix(seed);
        let (b, _) = split_mix(seed);
        Self { state: [a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32] }
    }

    /// The next 32 random bits.
    pub const fn next_u32(&mut self) -> u32 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(7).wrapping_add(*a);
        let shifted = *b << 9;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(11);
        result
    }
}

/// One step of SplitMix64 (Steele, Lea & Flood 2014): the output and the next state.
const fn split_mix(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31), state)
}

#[cfg(test)]
mod tests {
    use super::Random;
    use rand_core::{Rng, SeedableRng};
    use rand_xoshiro::Xoshiro128PlusPlus;

    #[test]
    fn equals_rand_xoshiro() {
        for seed in [0, 1, 2, 42, u64::MAX, 0x0123_4567_89ab_cdef] {
            let (mut ours, mut theirs) =
                (Random::new(seed), Xoshiro128PlusPlus::seed_from_u64(seed));
            for _ in 0..1000 {
                assert_eq!(ours.next_u32(), theirs.next_u32(), "seed {seed}");
            }
        }
    }
}
