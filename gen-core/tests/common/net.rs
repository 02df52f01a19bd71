//! Random networks, as drafts.

use gen_core::axis::Convolution;
use gen_core::element::{Element, Weight};
pub use gen_core::format::write::{Draft, DraftActivation, DraftLayer, DraftPart};
use gen_core::latent::{Distribution, LATENT_MAX, Random};

/// The geometry of a convolution along one axis.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    pub convolution: Convolution,
    pub kernel: usize,
    pub stride: usize,
    pub pad: usize,
    pub end_pad: usize,
    pub output_padding: usize,
}

impl Geometry {
    /// The layers of DCGAN's trunk: k4 s2 p1, which doubles the size.
    pub const TRUNK: Self = Self::even(Convolution::Transposed, 4, 2, 1);

    /// Without output padding, the same padding at both ends.
    pub const fn even(convolution: Convolution, kernel: usize, stride: usize, pad: usize) -> Self {
        Self { convolution, kernel, stride, pad, end_pad: pad, output_padding: 0 }
    }

    /// The output size by the textbook formula. `None` without output.
    pub fn output(&self, input: usize) -> Option<usize> {
        let pads = self.pad + self.end_pad;
        let size = match self.convolution {
            Convolution::Transposed => {
                ((input - 1) * self.stride + self.kernel + self.output_padding).checked_sub(pads)?
            }
            Convolution::Plain => (input + pads).checked_sub(self.kernel)? / self.stride + 1,
        };
        (size > 0).then_some(size)
    }
}

/// How the parameters of a network are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    Random,
    /// Every weight, input and bias at an end of its range.
    Extreme,
}

/// Random parameters for tests.
pub struct Sampler(pub Random, pub Values);

impl Sampler {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.next_u32() as usize % bound
    }

    pub fn within(&mut self, min: i64, max: i64) -> i64 {
        let bits = u64::from(self.0.next_u32()) << 32 | u64::from(self.0.next_u32());
        match self.1 {
            Values::Random => min + (bits % (max - min + 1) as u64) as i64,
            Values::Extreme => [min, max][(bits % 2) as usize],
        }
    }

    pub fn latent(&mut self, len: usize) -> Vec<i16> {
        let max = i64::from(LATENT_MAX);
        (0..len).map(|_| self.within(-max, max) as i16).collect()
    }
}

/// A draft without layers.
pub fn empty(latent_len: usize) -> Draft {
    Draft {
        name: "test".into(),
        source: [7; 32],
        latent: vec![DraftPart {
            name: "z".into(),
            len: latent_len,
            distribution: Distribution::Normal,
            scale: 400.0,
            normalized: false,
        }],
        whole: 0,
        layers: Vec::new(),
        directions: Vec::new(),
    }
}

/// A layer of random parameters for an input of the given size. `None` without output. `activation`: 0 clamp, 1
/// slopes, 2 table. Multipliers are chosen so that outputs spread over 0 to 255.
pub fn layer(
    sampler: &mut Sampler,
    input: [usize; 3],
    rows: Geometry,
    columns: Geometry,
    channels: usize,
    activation: usize,
) -> Option<DraftLayer> {
    let output = [rows.output(input[0])?, columns.output(input[1])?, channels];
    let taps = rows.kernel * columns.kernel * input[2];
    let first = input[0] * input[1] == 1;
    let per_feature = first && sampler.below(2) == 0;
    let count = channels * if per_feature { output[0] * output[1] } else { 1 };
    let table_len = [256, 4096, 1000][sampler.below(3)];
    let outputs = if activation == 2 { table_len as i64 } else { 256 };
    // About the standard deviation of an accumulator of uniform numbers, so that few outputs saturate.
    let largest = if first { 2047.0 } else { 255.0 };
    let spread = largest * 127.0 * (taps as f64).sqrt() / 3.0;
    let m = ((outputs as f64 / spread / 4.0) * f64::from(u32::MAX)).min(2e9) as i64;
    let middle = (outputs / 2) << 32;
    let constants = |n: &mut Sampler| n.within(middle / 2, middle + middle / 2);
    let multiplier = |n: &mut Sampler| n.within(-m, m) as i32;
    let list =
        |n: &mut Sampler, f: &dyn Fn(&mut Sampler) -> i32| (0..count).map(|_| f(n)).collect();
    Some(DraftLayer {
        convolution: rows.convolution,
        output,
        kernel: [rows.kernel, columns.kernel],
        stride: [rows.stride, columns.stride],
        pad: [rows.pad, columns.pad],
        zero_point: if first { 0 } else { sampler.within(0, 255) as u8 },
        element: Element::Byte,
        weight: Weight::Byte,
        weights: (0..taps * channels).map(|_| sampler.within(-127, 127) as i16).collect(),
        per_feature,
        multipliers: list(sampler, &multiplier),
        constants: (0..count).map(|_| constants(sampler)).collect(),
        activation: match activation {
            0 => DraftActivation::Clamp,
            1 => DraftActivation::Slopes {
                negative: list(sampler, &multiplier),
                biases: list(sampler, &|n| n.within(-(1 << 20), 1 << 20) as i32),
            },
            _ => {
                DraftActivation::Table((0..table_len).map(|_| sampler.below(256) as i16).collect())
            }
        },
    })
}

/// Gives the output of layer `index`, which is not the last, 12-bit elements with the spread that the bytes had.
pub fn widen_output(sampler: &mut Sampler, draft: &mut Draft, index: usize, signed: bool) {
    let [layer, next] = &mut draft.layers[index..index + 2] else { panic!("no next layer") };
    layer.element = Element::Wide { signed };
    let (low, high) = (i64::from(layer.element.low()), i64::from(layer.element.high()));
    if let DraftActivation::Table(table) = &mut layer.activation {
        table.iter_mut().for_each(|entry| *entry = sampler.within(low, high) as i16);
    } else {
        scale_parameters(layer, 8.0);
        let middle = (8 * 128_i64) << 32;
        let down = if signed { middle } else { 0 };
        layer.constants.iter_mut().for_each(|c| *c -= down);
    }
    next.zero_point = 0;
    scale_multipliers(next, 1.0 / 8.0);
}

/// Gives 12 bits to a third of the outputs and to a third of the weights.
pub fn widen_some(sampler: &mut Sampler, draft: &mut Draft) {
    let last = draft.layers.len() - 1;
    for index in 0..=last {
        if index < last && sampler.below(3) == 0 {
            let signed = sampler.below(2) == 0;
            widen_output(sampler, draft, index, signed);
        }
        if sampler.below(3) == 0 {
            widen_weights(sampler, &mut draft.layers[index]);
        }
    }
}

/// Gives 12-bit weights to a layer.
pub fn widen_weights(sampler: &mut Sampler, layer: &mut DraftLayer) {
    layer.weight = Weight::Wide;
    layer.weights.iter_mut().for_each(|w| *w = sampler.within(-2047, 2047) as i16);
    scale_multipliers(layer, 1.0 / 16.0);
}

fn scale_parameters(layer: &mut DraftLayer, by: f64) {
    scale_multipliers(layer, by);
    layer.constants.iter_mut().for_each(|c| *c = (*c as f64 * by) as i64);
}

fn scale_multipliers(layer: &mut DraftLayer, by: f64) {
    let limit = f64::from(i32::MAX);
    let scale = |m: &mut i32| *m = (f64::from(*m) * by).clamp(-limit, limit) as i32;
    layer.multipliers.iter_mut().for_each(scale);
    if let DraftActivation::Slopes { negative, .. } = &mut layer.activation {
        negative.iter_mut().for_each(scale);
    }
}

/// A dense layer to `[height, width, channels]`.
pub fn dense(sampler: &mut Sampler, latent_len: usize, output: [usize; 3]) -> DraftLayer {
    let side = |kernel| Geometry::even(Convolution::Transposed, kernel, 1, 0);
    let (rows, columns) = (side(output[0]), side(output[1]));
    layer(sampler, [1, 1, latent_len], rows, columns, output[2], 0)
        .expect("a dense layer has output")
}
