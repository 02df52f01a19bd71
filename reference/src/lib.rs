//! The models that the benches measure: the shipped ones by name, and networks of the paper's shape with
//! random weights, whose cost depends only on their sizes.
//!
//! The random networks have kernels of 4: a first layer from 1×1 to 4×4, then layers that double the size,
//! each followed by BatchNorm and ReLU, the last by tanh instead. Weights are drawn from N(0, 0.02), the
//! paper's initialisation. BatchNorm has its initial scale 1 and shift 0, and statistics measured on the
//! network itself for a few latents. So about half of the values after ReLU are zero, as in a trained
//! network, which matters to a kernel that skips zeros.

use gen_core::axis::Convolution;
use gen_core::element::{Element, Weight};
use gen_core::format::write::{Draft, DraftActivation, DraftLayer, DraftPart};
use gen_core::latent::{self, Distribution};
use gen_core::requant::{FRACTION_BITS, scale};

/// The models of `models/`.
pub const SHIPPED: [&str; 2] = ["faces", "fashion"];

/// Index of the last layer.
const LAST: usize = 4;

/// A network with random weights.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Its name: the channels of its layers and what else distinguishes it.
    pub name: &'static str,
    /// Elements of the latent.
    pub latent: usize,
    /// Channels of each layer's output.
    pub channels: [usize; LAST + 1],
    /// Number of layers, from the first on, that are computed whole.
    pub whole: usize,
    /// Element type of the tensors between the layers.
    pub element: Element,
    /// Weight type of all layers.
    pub weight: Weight,
}

const SMALL: Reference = Reference {
    name: "128-64-32-16-3",
    latent: 64,
    channels: [128, 64, 32, 16, 3],
    whole: 0,
    element: Element::Byte,
    weight: Weight::Byte,
};
const MIDDLE: Reference =
    Reference { name: "512-256-128-64-3", latent: 100, channels: [512, 256, 128, 64, 3], ..SMALL };

/// The networks from the smallest to the paper's own. Variants compute the first layers whole or use 12 bits.
pub const REFERENCES: [Reference; 7] = [
    SMALL,
    Reference { name: "128-64-32-16-3, 3 whole", whole: 3, ..SMALL },
    Reference {
        name: "128-64-32-16-3, 12-bit tensors",
        element: Element::Wide { signed: false },
        ..SMALL
    },
    Reference { name: "128-64-32-16-3, 12-bit weights", weight: Weight::Wide, ..SMALL },
    MIDDLE,
    Reference { name: "512-256-128-64-3, 3 whole", whole: 3, ..MIDDLE },
    Reference { name: "1024-512-256-128-3", channels: [1024, 512, 256, 128, 3], ..MIDDLE },
];

const KERNEL: usize = 4;

/// Seeds of the latents on which BatchNorm's statistics are measured.
const STATISTICS: std::ops::Range<u64> = 1000..1004;

/// Quantisation steps of a latent per unit.
const LATENT_SCALE: f32 = 400.0;

/// Quantised hidden values saturate at this many standard deviations.
const DEVIATIONS: f64 = 4.0;

/// Entries of the last layer's table, as many as the exporter's tables have: an entry is at most a fifth of a
/// grey level away from its neighbours.
const TABLE: usize = 4096;
/// The table covers arguments of tanh from −`SATURATED` to `SATURATED`, as the exporter's does: outside this range
/// tanh is less than half a grey level away from ±1.
const SATURATED: f64 = 3.2;
/// Width of an entry of the table, in units of tanh's argument.
pub const BIN: f64 = 2.0 * SATURATED / TABLE as f64;

/// Standard deviation of tanh's input: large enough for some of it to saturate.
const LAST_DEVIATION: f64 = 0.75;

impl Reference {
    /// The quantised network.
    pub fn draft(&self) -> Draft {
        let mut maps: Vec<Vec<i16>> = STATISTICS.map(|seed| latent(seed, self.latent)).collect();
        let mut layers = Vec::new();
        let (mut side, mut channels_in) = (1, self.latent);
        for (index, &channels) in self.channels.iter().enumerate() {
            let last = index == LAST;
            let mut layer = self.convolution(index, side, channels_in);
            let hidden = f64::from(layer.element.high()) / DEVIATIONS;
            let sums: Vec<Vec<i32>> =
                maps.iter().map(|map| accumulate(&layer, side, map)).collect();
            for channel in 0..channels {
                let (mean, deviation) = statistics(&sums, channels, channel, last);
                // y = sum · factor + constant
                let (factor, constant) = if last {
                    (LAST_DEVIATION / deviation / BIN, TABLE as f64 / 2.0)
                } else {
                    (hidden / deviation, 0.5 - mean * hidden / deviation)
                };
                layer.multipliers.push(fixed(factor) as i32);
                layer.constants.push(fixed(constant));
            }
            if last {
                layer.activation = DraftActivation::Table((0..TABLE).map(tanh).collect());
            }
            maps = sums.iter().map(|sums| activate(&layer, sums)).collect();
            (side, channels_in) = (layer.output[0], channels);
            layers.push(layer);
        }
        Draft {
            name: self.name.into(),
            source: [0; 32],
            whole: self.whole,
            latent: vec![part(self.latent)],
            layers,
            directions: Vec::new(),
        }
    }

    /// A layer without its epilogue, for a square map. Each channel's weights are scaled to its own quantisation
    /// step: the deviation of 0.02 instead of 1 is cancelled by BatchNorm, or by the last layer's scale.
    fn convolution(&self, index: usize, side: usize, channels_in: usize) -> DraftLayer {
        let (channels, weight) = (self.channels[index], self.weight);
        let (stride, pad, output) = if index == 0 { (1, 0, KERNEL) } else { (2, 1, 2 * side) };
        let per_channel = KERNEL * KERNEL * channels_in;
        let mut real = vec![0.0; per_channel * channels];
        latent::sample(index as u64, Distribution::Normal, &mut real);
        let quantized = |channel: &[f32]| {
            let most = channel.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
            let step = most / f32::from(weight.max());
            channel.iter().map(move |w| (w / step).round() as i16).collect::<Vec<_>>()
        };
        DraftLayer {
            convolution: Convolution::Transposed,
            output: [output, output, channels],
            kernel: [KERNEL; 2],
            stride: [stride; 2],
            pad: [pad; 2],
            zero_point: 0,
            element: if index == LAST { Element::Byte } else { self.element },
            weight,
            weights: real.chunks_exact(per_channel).flat_map(quantized).collect(),
            per_feature: false,
            multipliers: Vec::new(),
            constants: Vec::new(),
            activation: DraftActivation::Clamp,
        }
    }
}

/// The only part of the latent, with `len` elements.
fn part(len: usize) -> DraftPart {
    let (name, distribution) = ("z".into(), Distribution::Normal);
    DraftPart { name, len, distribution, scale: LATENT_SCALE, normalized: false }
}

/// The quantised latent of a seed.
fn latent(seed: u64, len: usize) -> Vec<i16> {
    let mut steps = vec![0; len];
    let sampled = DraftPart::latent(&[part(len)]).sample_quantized(seed, &mut steps);
    sampled.expect("steps have the part's length");
    steps
}

/// Accumulators of a layer on a square map, by the definition of a transposed convolution: input `i`
/// contributes to output `i · stride − pad + kernel index`.
fn accumulate(layer: &DraftLayer, side: usize, input: &[i16]) -> Vec<i32> {
    let channels_in = input.len() / (side * side);
    let [height, width, channels] = layer.output;
    let (stride, pad) = (layer.stride[0], layer.pad[0]);
    // Pairs of a kernel index and the input that it meets.
    let taps = |o: usize| {
        (0..KERNEL).filter_map(move |k| {
            let from = (o + pad).checked_sub(k)?;
            (from % stride == 0 && from / stride < side).then_some((k, from / stride))
        })
    };
    let mut sums = vec![0; height * width * channels];
    for (pixel, sums) in sums.chunks_exact_mut(channels).enumerate() {
        for (ky, y) in taps(pixel / width) {
            for (kx, x) in taps(pixel % width) {
                let values = &input[(y * side + x) * channels_in..][..channels_in];
                for (out, sum) in sums.iter_mut().enumerate() {
                    let tap = (out * KERNEL + ky) * KERNEL + kx;
                    let weights = &layer.weights[tap * channels_in..][..channels_in];
                    let products = values.iter().zip(weights);
                    *sum += products.map(|(&x, &w)| i32::from(x) * i32::from(w)).sum::<i32>();
                }
            }
        }
    }
    sums
}

/// Applies the layer's epilogue to the accumulators, as the engine defines it.
fn activate(layer: &DraftLayer, sums: &[i32]) -> Vec<i16> {
    let channels = layer.output[2];
    let output = |(i, &sum): (usize, &i32)| {
        let y = scale(sum, layer.multipliers[i % channels], layer.constants[i % channels]);
        match &layer.activation {
            DraftActivation::Table(table) => table[y.clamp(0, table.len() as i32 - 1) as usize],
            _ => y.clamp(0, layer.element.high().into()) as i16,
        }
    };
    sums.iter().enumerate().map(output).collect()
}

/// Mean and standard deviation of a channel. `about_zero`: takes the mean as 0, for a layer without
/// BatchNorm, which would subtract it.
fn statistics(maps: &[Vec<i32>], channels: usize, channel: usize, about_zero: bool) -> (f64, f64) {
    let sums = || maps.iter().flat_map(|map| map.iter().skip(channel).step_by(channels));
    let count = sums().count() as f64;
    let mean = match about_zero {
        true => 0.0,
        false => sums().map(|&sum| f64::from(sum)).sum::<f64>() / count,
    };
    let squares: f64 = sums().map(|&sum| (f64::from(sum) - mean).powi(2)).sum();
    (mean, (squares / count).sqrt())
}

fn fixed(real: f64) -> i64 {
    (real * (1_u64 << FRACTION_BITS) as f64).round() as i64
}

/// Grey level of a table entry: tanh in −1…1 scaled to 0…255. Uses libm rather than the system's tanh, so
/// that files are equal on every machine.
fn tanh(entry: usize) -> i16 {
    let x = (entry as f64 + 0.5) * BIN - SATURATED;
    ((libm::tanh(x) + 1.0) * 127.5).round() as i16
}

#[cfg(test)]
mod tests {
    use gen_core::{Engine, Model};

    use super::{LAST, REFERENCES, accumulate, activate, latent};

    /// Checked on a latent that the statistics were not measured on.
    #[test]
    fn half_of_what_relu_leaves_is_zero_and_the_engine_draws_the_same() {
        for reference in &REFERENCES[..4] {
            let draft = reference.draft();
            let latent = latent(7, reference.latent);
            let (mut side, mut map) = (1, latent.clone());
            for (index, layer) in draft.layers.iter().enumerate() {
                map = activate(layer, &accumulate(layer, side, &map));
                side = layer.output[0];
                let zeros = map.iter().filter(|&&y| y == 0).count() as f64 / map.len() as f64;
                let expected = if index == LAST { 0.0..0.1 } else { 0.4..0.6 };
                assert!(expected.contains(&zeros), "layer {index}: {zeros}");
            }

            let file = draft.to_bytes().unwrap();
            let model = Model::parse(&file).unwrap();
            let mut memory = vec![0; model.working_memory()];
            let mut engine = Engine::new(model, &mut memory).unwrap();
            let mut rows = engine.draw(&latent).unwrap();
            let mut picture = Vec::new();
            while let Some(row) = rows.next_row() {
                picture.extend(row.iter().copied().map(i16::from));
            }
            assert!(picture == map);
        }
    }
}
