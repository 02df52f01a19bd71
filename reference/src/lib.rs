//! The models that the benches measure: the shipped ones by name, and networks of the paper's shape with random
//! weights, which say what sizes cost, whoever trained them.
//!
//! All random ones are of kernel 4: a first layer from 1×1 to 4×4, then layers that double the size, each with
//! BatchNorm and ReLU, the last with tanh instead. Weights are N(0, 0.02), the paper's
//! initialisation; BatchNorm has its initial scale 1 and shift 0, and the statistics of the network
//! itself, measured on some latents: so that ReLU leaves zeros where it does in a trained network,
//! for a kernel that skips them.

use gen_core::axis::Convolution;
use gen_core::element::{Element, Weight};
use gen_core::format::write::{Draft, DraftActivation, DraftLayer, DraftPart};
use gen_core::latent::{self, Distribution, Latent, Part};
use gen_core::requant::{FRACTION_BITS, scale};

/// The models of `models/`.
pub const SHIPPED: [&str; 2] = ["faces", "fashion"];

/// A network with random weights.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Its name: the channels of its layers, and what else is special.
    pub name: &'static str,
    /// Elements of the latent.
    pub latent: usize,
    /// Channels of each layer's output.
    pub channels: [usize; 5],
    /// Layers, from the first on, that are computed whole.
    pub whole: usize,
    /// Elements between the layers.
    pub element: Element,
    /// Weights of all layers.
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

/// From the smallest, the same with little maps whole, and with 12 bits. The last is the paper's own.
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

/// Latents that BatchNorm's statistics are of.
const STATISTICS: std::ops::Range<u64> = 1000..1004;

/// Steps of a latent per unit.
const LATENT_SCALE: f32 = 400.0;

/// Standard deviations of a hidden value that fill an element.
const DEVIATIONS: f64 = 4.0;

/// The last table covers ±3.2, beyond which lies less than half a pixel, as the exporter's does.
const TABLE: usize = 4096;
/// What an entry of it is wide.
pub const BIN: f64 = 6.4 / TABLE as f64;

/// Standard deviation of what tanh is given: some of it saturates.
const LAST_DEVIATION: f64 = 0.75;

impl Reference {
    /// The network in integers.
    pub fn draft(&self) -> Draft {
        let mut maps: Vec<Vec<i16>> = STATISTICS.map(|seed| latent(seed, self.latent)).collect();
        let mut layers = Vec::new();
        let (mut side, mut channels_in) = (1, self.latent);
        for (index, &channels) in self.channels.iter().enumerate() {
            let last = index + 1 == self.channels.len();
            let element = if last { Element::Byte } else { self.element };
            let layer = convolution(index, side, channels_in, channels, self.weight);
            let mut layer = DraftLayer { element, ..layer };
            let hidden = f64::from(element.high()) / DEVIATIONS;
            let sums: Vec<Vec<i32>> =
                maps.iter().map(|map| accumulate(&layer, side, map)).collect();
            for channel in 0..channels {
                let (mean, deviation) = statistics(&sums, channels, channel, last);
                // y = sum · factor + constant
                let (factor, constant) = match last {
                    false => (hidden / deviation, 0.5 - mean * hidden / deviation),
                    true => (LAST_DEVIATION / deviation / BIN, TABLE as f64 / 2.0),
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
            latent: vec![DraftPart {
                name: "z".into(),
                len: self.latent,
                distribution: Distribution::Normal,
                scale: LATENT_SCALE,
            }],
            layers,
            directions: Vec::new(),
        }
    }
}

/// The latent of a seed, quantised.
fn latent(seed: u64, len: usize) -> Vec<i16> {
    let mut steps = vec![0; len];
    let part = Part { name: "z", len, distribution: Distribution::Normal, scale: LATENT_SCALE };
    Latent::new([part]).sample_quantized(seed, &mut steps).expect("steps have the part's length");
    steps
}

/// A layer without its epilogue. Weights are in steps of their channel's own: that they are N(0,
/// 0.02) and not N(0, 1) is cancelled by BatchNorm, or by the last layer's scale.
fn convolution(
    index: usize,
    side: usize,
    channels_in: usize,
    channels: usize,
    weight: Weight,
) -> DraftLayer {
    let (stride, pad, output) = if index == 0 { (1, 0, KERNEL) } else { (2, 1, 2 * side) };
    let per_channel = KERNEL * KERNEL * channels_in;
    let mut real = vec![0.0; per_channel * channels];
    latent::sample(index as u64, Distribution::Normal, &mut real);
    let quantized = |channel: &[f32]| {
        let step =
            channel.iter().fold(0.0_f32, |most, w| most.max(w.abs())) / f32::from(weight.max());
        channel.iter().map(move |w| (w / step).round() as i16).collect::<Vec<_>>()
    };
    DraftLayer {
        convolution: Convolution::Transposed,
        output: [output, output, channels],
        kernel: [KERNEL; 2],
        stride: [stride; 2],
        pad: [pad; 2],
        zero_point: 0,
        element: Element::Byte,
        weight,
        weights: real.chunks_exact(per_channel).flat_map(quantized).collect(),
        per_feature: false,
        multipliers: Vec::new(),
        constants: Vec::new(),
        activation: DraftActivation::Clamp,
    }
}

/// The sums of a layer on a square map, by the definition of a transposed convolution: input `i`
/// reaches output `i · stride − pad + kernel index`.
fn accumulate(layer: &DraftLayer, side: usize, input: &[i16]) -> Vec<i32> {
    let channels_in = input.len() / (side * side);
    let [height, width, channels] = layer.output;
    let (stride, pad) = (layer.stride[0], layer.pad[0]);
    // Kernel indices that meet an input, and which.
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

/// What follows the sums, as the engine defines it.
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

/// Mean and standard deviation of a channel; `about_zero`: without BatchNorm, which takes the mean
/// away.
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

/// The pixel of a table's entry: −1…1 as 0…255. Not the system's tanh: files are the same everywhere.
fn tanh(entry: usize) -> i16 {
    let x = (entry as f64 + 0.5) * BIN - BIN * TABLE as f64 / 2.0;
    ((libm::tanh(x) + 1.0) * 127.5).round() as i16
}

#[cfg(test)]
mod tests {
    use gen_core::{Engine, Model};

    use super::{REFERENCES, Reference, accumulate, activate, latent};

    /// On a latent that the statistics have not seen.
    #[test]
    fn half_of_what_relu_leaves_is_zero_and_the_engine_draws_the_same() {
        for reference in &REFERENCES[..4] {
            draws_the_same(reference);
        }
    }

    fn draws_the_same(reference: &Reference) {
        let draft = reference.draft();
        let latent = latent(7, reference.latent);
        let (mut side, mut map) = (1, latent.clone());
        for (index, layer) in draft.layers.iter().enumerate() {
            map = activate(layer, &accumulate(layer, side, &map));
            side = layer.output[0];
            let zeros = map.iter().filter(|&&y| y == 0).count() as f64 / map.len() as f64;
            let expected = if index == 4 { 0.0..0.1 } else { 0.4..0.6 };
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
