//! Latents: statistics, frozen samples, interpolation, quantisation.

use gen_core::latent::{
    Distribution, LATENT_MAX, Latent, LengthError, MAX_LEN, Part, Random, ease, sample,
};

/// A latent of one part.
fn one(len: usize, distribution: Distribution, scale: f32) -> Latent<'static> {
    Latent::new([Part { name: "z", len, distribution, scale, normalized: false }])
}

/// Along the great circle, as normal latents walk.
fn slerp(from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
    let latent = one(from.len(), Distribution::Normal, 1.0);
    latent.walk(from, to, t, out).expect("slices of one length");
}

/// On the straight line, as uniform latents walk.
fn lerp(from: &[f32], to: &[f32], t: f32, out: &mut [f32]) {
    let latent = one(from.len(), Distribution::Uniform, 1.0);
    latent.walk(from, to, t, out).expect("slices of one length");
}

fn quantize(latent: &[f32], scale: f32, out: &mut [i16]) {
    let of = one(latent.len(), Distribution::Uniform, scale);
    of.quantize(latent, out).expect("slices of one length");
}

fn samples(distribution: Distribution) -> Vec<f32> {
    let mut all = vec![0.0; 1 << 21];
    // Many seeds of a latent's length each, as an application draws them.
    for (seed, latent) in all.chunks_exact_mut(64).enumerate() {
        sample(seed as u64, distribution, latent);
    }
    all
}

fn moment(samples: &[f32], power: i32) -> f64 {
    samples.iter().map(|&z| f64::from(z).powi(power)).sum::<f64>() / samples.len() as f64
}

fn share(samples: &[f32], condition: impl Fn(f32) -> bool) -> f64 {
    samples.iter().filter(|&&z| condition(z)).count() as f64 / samples.len() as f64
}

#[test]
fn normal_moments_and_tails() {
    let z = samples(Distribution::Normal);
    // Standard errors of 2 million samples: mean 0.0007, variance 0.001, third 0.0027, fourth 0.007.
    assert!(moment(&z, 1).abs() < 0.003, "mean {}", moment(&z, 1));
    assert!((moment(&z, 2) - 1.0).abs() < 0.004, "variance {}", moment(&z, 2));
    assert!(moment(&z, 3).abs() < 0.011, "third moment {}", moment(&z, 3));
    assert!((moment(&z, 4) - 3.0).abs() < 0.03, "fourth moment {}", moment(&z, 4));
    // Two-sided tails of the normal distribution; 4 standard errors each.
    for (beyond, tail, error) in [
        (1.0, 0.317_311, 1.3e-3),
        (2.0, 0.045_500, 6e-4),
        (3.0, 0.002_700, 1.5e-4),
        (4.0, 6.33e-5, 2.2e-5),
    ] {
        let got = share(&z, |z| z.abs() > beyond);
        assert!((got - tail).abs() < error, "beyond {beyond}: {got}");
    }
    let largest = z.iter().fold(0.0f32, |max, z| max.max(z.abs()));
    assert!((4.5..6.5).contains(&largest), "largest {largest}");
}

#[test]
fn uniform_moments_and_ends() {
    let z = samples(Distribution::Uniform);
    assert!(moment(&z, 1).abs() < 0.002);
    assert!((moment(&z, 2) - 1.0 / 3.0).abs() < 0.001);
    assert!((moment(&z, 4) - 0.2).abs() < 0.001);
    assert!(z.iter().all(|z| z.abs() < 1.0));
    for tenth in 0..10 {
        let from = -1.0 + 0.2 * tenth as f32;
        let got = share(&z, |z| (from..from + 0.2).contains(&z));
        assert!((got - 0.1).abs() < 1e-3, "from {from}: {got}");
    }
}

/// Elements at a fixed distance, within a latent or in the latents of neighbouring seeds, are uncorrelated: a person
/// who steps through seeds sees unrelated faces.
#[test]
fn neighbours_are_uncorrelated() {
    let z = samples(Distribution::Normal);
    for distance in [1, 2, 63, 64, 65, 128] {
        let pairs = z.iter().zip(&z[distance..]);
        let correlation = pairs.map(|(a, b)| f64::from(a * b)).sum::<f64>() / z.len() as f64;
        assert!(correlation.abs() < 0.003, "at {distance}: {correlation}");
    }
}

/// Samples are part of the interface: a seed keeps its face. Emulated boards compute the same samples.
#[test]
fn frozen_samples() {
    let mut z = [0.0; 4];
    sample(1, Distribution::Normal, &mut z);
    let bits = z.map(f32::to_bits);
    sample(1, Distribution::Uniform, &mut z);
    assert_eq!(bits, [0x3f2c_b8a6, 0xbf05_8ae6, 0x3e3b_c4a1, 0x3f08_0bb1]);
    assert_eq!(z.map(f32::to_bits), [0xb987_2800, 0x3e50_b814, 0x3f35_824f, 0x3e42_cf4c]);
    let mut q = [0; 4];
    quantize(&z, 2047.0, &mut q);
    assert_eq!(q, [-1, 417, 1451, 389]);
}

fn norm(z: &[f32]) -> f32 {
    z.iter().map(|z| z * z).sum::<f32>().sqrt()
}

fn two_latents(seed: u64) -> ([f32; 64], [f32; 64]) {
    let (mut a, mut b) = ([0.0; 64], [0.0; 64]);
    sample(seed, Distribution::Normal, &mut a);
    sample(seed + 1, Distribution::Normal, &mut b);
    (a, b)
}

#[test]
fn slerp_ends_norm_and_angle() {
    for seed in 0..100 {
        let (a, b) = two_latents(seed);
        let mut out = [0.0; 64];
        slerp(&a, &b, 0.0, &mut out);
        assert_eq!(out, a);
        slerp(&a, &b, 1.0, &mut out);
        assert_eq!(out, b);
        // The exact path, in f64.
        let dot: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let angle = (dot / f64::from(norm(&a)) / f64::from(norm(&b))).acos();
        for step in 1..16 {
            let t = step as f32 / 16.0;
            slerp(&a, &b, t, &mut out);
            let weight = |t: f32| (f64::from(t) * angle).sin() / angle.sin();
            let exact: Vec<f32> = a
                .iter()
                .zip(&b)
                .map(|(&a, &b)| (weight(1.0 - t) * f64::from(a) + weight(t) * f64::from(b)) as f32)
                .collect();
            let error = norm(&out.iter().zip(&exact).map(|(o, e)| o - e).collect::<Vec<_>>());
            assert!(error < 1e-5 * norm(&exact), "seed {seed}, t {t}: {error}");
        }
    }
}

/// On the unit circle, for angles up to 179°, where the sine is small.
#[test]
fn slerp_keeps_the_norm_at_every_angle() {
    for degrees in [1.0f32, 30.0, 90.0, 150.0, 170.0, 179.0] {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let mut out = [0.0; 2];
        for t in [0.1, 0.25, 0.5, 0.9] {
            slerp(&[1.0, 0.0], &[cosine, sine], t, &mut out);
            assert!((norm(&out) - 1.0).abs() < 1e-3, "{degrees}°, t {t}: {out:?}");
            let angle = out[1].atan2(out[0]).to_degrees();
            assert!((angle - t * degrees).abs() < 0.05, "{degrees}°, t {t}: {angle}°");
        }
    }
}

#[test]
fn slerp_without_a_great_circle_is_straight() {
    let a = [1.0, -2.0, 0.5];
    let opposite = a.map(|z| -z);
    let mut out = [9.0; 3];
    for (to, middle) in [(a, a), (opposite, [0.0; 3]), ([0.0; 3], [0.5, -1.0, 0.25])] {
        slerp(&a, &to, 0.5, &mut out);
        assert_eq!(out, middle);
    }
    slerp(&a, &[1.0, 1.0, 1.0], f32::NAN, &mut out);
}

#[test]
fn lerp_and_slerp() {
    let mut out = [0.0; 2];
    lerp(&[1.0, 2.0], &[3.0, -2.0], 0.25, &mut out);
    assert_eq!(out, [1.5, 1.0]);
    one(2, Distribution::OneHot, 1.0).walk(&[1.0, 0.0], &[0.0, 1.0], 0.5, &mut out).unwrap();
    assert_eq!(out, [0.5, 0.5]);
    slerp(&[1.0, 0.0], &[0.0, 1.0], 0.5, &mut out);
    assert!((norm(&out) - 1.0).abs() < 0.01 && (out[0] - out[1]).abs() < 0.01);
}

#[test]
fn labels_are_one_hot_and_each_as_likely() {
    let mut counts = [0; 7];
    for seed in 0..70_000 {
        let mut label = [9.0; 7];
        sample(seed, Distribution::OneHot, &mut label);
        let hot = label.iter().position(|&value| value == 1.0).unwrap();
        assert_eq!(label.iter().sum::<f32>(), 1.0);
        counts[hot] += 1;
    }
    // 10,000 each; a standard deviation is 93.
    assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
    sample(1, Distribution::OneHot, &mut []);
}

/// Parts are sampled from one stream; each is interpolated and quantised in its own way.
#[test]
fn parts_go_their_own_ways() {
    let part = |len, distribution, scale| {
        let normalized = false;
        Part { name: "part", len, distribution, scale, normalized }
    };
    let latent = Latent::new([
        part(3, Distribution::Normal, 100.0),
        part(4, Distribution::OneHot, 2047.0),
        part(2, Distribution::Uniform, 1000.0),
    ]);
    assert_eq!((latent.len(), latent.parts().len(), latent.is_empty()), (9, 3, false));
    let (mut from, mut to, mut out) = ([0.0; 9], [0.0; 9], [9.0; 9]);
    latent.sample(3, &mut from).unwrap();
    latent.sample(4, &mut to).unwrap();
    let mut alone = [0.0; 6];
    sample(3, Distribution::Normal, &mut alone);
    assert_eq!(from[..3], alone[..3], "noise does not depend on what is behind it");
    let mut random = Random::new(3);
    for _ in 0..3 {
        random.next_u32();
    }
    let hot = (u64::from(random.next_u32()) * 4) >> 32;
    assert_eq!(from[3..7].iter().position(|&value| value == 1.0), Some(hot as usize));
    let mut uniform = [0.0; 6];
    sample(3, Distribution::Uniform, &mut uniform);
    assert_eq!(from[7..], uniform[4..], "a label takes one number");

    latent.walk(&from, &to, 0.25, &mut out).unwrap();
    let mut expected = [0.0; 9];
    slerp(&from[..3], &to[..3], 0.25, &mut expected[..3]);
    lerp(&from[3..], &to[3..], 0.25, &mut expected[3..]);
    assert_eq!(out, expected);
    for (beyond, end) in [(-0.5, from), (1.5, to)] {
        latent.walk(&from, &to, beyond, &mut out).unwrap();
        assert_eq!(out, end);
    }

    let mut q = [0; 9];
    latent.quantize(&from, &mut q).unwrap();
    let mut expected = [0; 9];
    quantize(&from[..3], 100.0, &mut expected[..3]);
    quantize(&from[3..7], 2047.0, &mut expected[3..7]);
    quantize(&from[7..], 1000.0, &mut expected[7..]);
    assert_eq!(q, expected);

    let mut sampled = [0; 9];
    latent.sample_quantized(3, &mut sampled).unwrap();
    assert_eq!(sampled, q, "one call does both");
}

/// A slice of another length would be a plausible picture of another seed.
#[test]
fn slices_of_another_length_are_refused() {
    let latent = one(4, Distribution::Normal, 100.0);
    let (four, mut steps) = ([0.5; 4], [7; 9]);
    for got in [0, 3, 5, 9] {
        let (mut values, wrong) = ([7.0; 9], Err(LengthError { need: 4, got }));
        assert_eq!(latent.sample(1, &mut values[..got]), wrong);
        assert_eq!(latent.walk(&[7.0; 9][..got], &four, 0.5, &mut [0.0; 4]), wrong);
        assert_eq!(latent.walk(&four, &[7.0; 9][..got], 0.5, &mut [0.0; 4]), wrong);
        assert_eq!(latent.walk(&four, &four, 0.5, &mut values[..got]), wrong);
        assert_eq!(latent.quantize(&values[..got], &mut [0; 4]), wrong);
        assert_eq!(latent.quantize(&four, &mut steps[..got]), wrong);
        assert_eq!(latent.sample_quantized(1, &mut steps[..got]), wrong);
        assert_eq!((values, steps), ([7.0; 9], [7; 9]), "nothing is written");
    }
    let message = LengthError { need: 4, got: 5 }.to_string();
    assert_eq!(message, "the slice has 5 elements, the latent has 4");
}

/// One call gives what two gave, for every distribution and the longest latent.
#[test]
fn sample_quantized_is_sample_and_quantize() {
    let all = [Distribution::Normal, Distribution::Uniform, Distribution::OneHot];
    for (seed, distribution) in (0..300).flat_map(|seed| all.map(|it| (seed, it))) {
        let len = if seed == 0 { MAX_LEN } else { 1 + seed as usize };
        let latent = one(len, distribution, 412.5);
        let (mut values, mut two, mut single) = (vec![0.0; len], vec![0; len], vec![9; len]);
        latent.sample(seed, &mut values).unwrap();
        latent.quantize(&values, &mut two).unwrap();
        latent.sample_quantized(seed, &mut single).unwrap();
        assert_eq!(single, two, "seed {seed}, {distribution:?}");
        assert!(single.iter().all(|q| q.abs() <= LATENT_MAX));
    }
}

/// A normalised part is divided by the root of its mean square, whatever its length, and only when it is quantised.
#[test]
fn normalised_parts_have_unit_mean_square() {
    for (seed, len) in [(1, 1), (2, 16), (3, 100), (4, 512), (5, MAX_LEN)] {
        for distribution in [Distribution::Normal, Distribution::Uniform] {
            let (name, scale, normalized) = ("z", 400.0, true);
            let latent = Latent::new([Part { name, len, distribution, scale, normalized }]);
            let mut z = vec![0.0; len];
            latent.sample(seed, &mut z).unwrap();
            let mut plain = vec![0.0; len];
            one(len, distribution, scale).sample(seed, &mut plain).unwrap();
            assert_eq!(z, plain, "a sample is as before");
            let squares: f64 = z.iter().map(|z| f64::from(*z).powi(2)).sum();
            let root = (squares / len as f64).sqrt();
            let mut q = vec![0; len];
            // The length of the latent does not matter; a power of two changes no bit.
            for by in [1.0, 0.125, 1024.0] {
                let z: Vec<f32> = z.iter().map(|z| z * by).collect();
                latent.quantize(&z, &mut q).unwrap();
                for (q, z) in q.iter().zip(&z) {
                    let exact = f64::from(*z) / (root * f64::from(by)) * f64::from(scale);
                    assert!(
                        (f64::from(*q) - exact).abs() < 0.52 || q.abs() == LATENT_MAX,
                        "{q} {exact}"
                    );
                }
                let mut sampled = vec![0; len];
                latent.sample_quantized(seed, &mut sampled).unwrap();
                assert_eq!(sampled, q, "one call does both");
            }
        }
    }
    let (name, len, distribution) = ("z", 3, Distribution::Normal);
    let latent = Latent::new([Part { name, len, distribution, scale: 400.0, normalized: true }]);
    let quantized = |z: [f32; 3]| {
        let mut q = [9; 3];
        latent.quantize(&z, &mut q).unwrap();
        q
    };
    assert_eq!(quantized([0.0; 3]), [0; 3]);
    assert_eq!(quantized([0.0, -1e-30, 0.0]), [0, -693, 0]);
    assert_eq!(quantized([f32::NAN, 2.0, 0.0]), [0, 693, 0]);
    assert_eq!(quantized([f32::INFINITY, 2.0, 0.0]), [0, 0, 0]);
}

#[test]
fn ease_is_monotonic_from_0_to_1() {
    assert_eq!([ease(-1.0), ease(0.0), ease(1.0), ease(2.0)], [0.0, 0.0, 1.0, 1.0]);
    let steps: Vec<f32> = (0..=64).map(|t| ease(t as f32 / 64.0)).collect();
    assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]), "{steps:?}");
    for (t, step) in steps.iter().enumerate() {
        let exact = (1.0 - (std::f32::consts::PI * t as f32 / 64.0).cos()) / 2.0;
        assert!((step - exact).abs() < 0.002, "{t}: {step} for {exact}");
    }
}
