//! Random numbers derived from one seed. They are the same on every machine and backend, and those of a
//! training step do not depend on whether the run was interrupted before it.

use gen_core::latent::{self, Distribution, Random};

/// What random numbers are used for. Each purpose has its own sequence. The discriminants are part of the
/// seed's meaning: changing one changes every run.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Initial weights of the generator.
    Generator = 1,
    /// Initial weights of the discriminator.
    Discriminator,
    /// Initial weights of the classifier.
    Classifier,
    /// Latents of a training step.
    Latents,
    /// Order of the pictures in an epoch.
    Order,
    /// Latents on which the averaged generator's BatchNorm statistics are measured.
    Statistics = 7,
    /// Classes that a conditional generator is measured by.
    Classes,
}

/// The `index`-th random number generator for `purpose`.
pub fn random(seed: u64, purpose: Purpose, index: u64) -> Random {
    Random::new(mixed(seed, purpose, index))
}

/// The `index`-th sequence for `purpose`: `len` samples of N(0, 1).
pub fn normal(seed: u64, purpose: Purpose, index: u64, len: usize) -> Vec<f32> {
    let mut values = vec![0.0; len];
    latent::sample(mixed(seed, purpose, index), Distribution::Normal, &mut values);
    values
}

/// The numbers 0 to `len` − 1 in random order (Fisher–Yates shuffle).
pub fn order(seed: u64, purpose: Purpose, index: u64, len: usize) -> Vec<usize> {
    let mut random = random(seed, purpose, index);
    let mut order: Vec<usize> = (0..len).collect();
    for last in (1..len).rev() {
        order.swap(last, below(&mut random, last + 1));
    }
    order
}

/// A random number from 0 to `len` − 1. Its bias is negligible: 2³² is far more than there are pictures.
pub fn below(random: &mut Random, len: usize) -> usize {
    ((u64::from(random.next_u32()) * len as u64) >> 32) as usize
}

/// Hashes the three numbers into one seed, by the finaliser of SplitMix64.
fn mixed(seed: u64, purpose: Purpose, index: u64) -> u64 {
    [purpose as u64, index].into_iter().fold(seed, |state, value| {
        let z = state.wrapping_add(value.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_number_has_its_place_in_an_order() {
        let first = order(1, Purpose::Order, 0, 1000);
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), 1000);
        assert_ne!(first, order(1, Purpose::Order, 1, 1000));
        assert_ne!(first, order(2, Purpose::Order, 0, 1000));
        assert_eq!(first, order(1, Purpose::Order, 0, 1000));
        let fixed = first.iter().enumerate().filter(|&(i, &j)| i == j).count();
        assert!(fixed < 10, "{fixed} of 1000 lie where they lay");
    }

    #[test]
    fn purposes_and_indices_share_nothing() {
        let seeds: HashSet<_> = (0..10)
            .flat_map(|seed| (0..100).map(move |index| (seed, index)))
            .flat_map(|(seed, index)| {
                [Purpose::Latents, Purpose::Order].map(|purpose| mixed(seed, purpose, index))
            })
            .collect();
        assert_eq!(seeds.len(), 2000);
    }
}
