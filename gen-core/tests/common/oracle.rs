//! The oracle: whole maps, textbook loops, `i128` arithmetic. It shares no code with the engine; transposed
//! convolutions scatter, as in the definition.

use gen_core::axis::Convolution;
use gen_core::element::Element;
use gen_core::format::write::{Draft, DraftActivation, DraftLayer};

/// The picture of a quantised latent, HWC.
pub fn run(draft: &Draft, latent: &[i16]) -> Vec<u8> {
    let mut size = [1, 1, latent.len()];
    let mut map: Vec<i64> = latent.iter().map(|&z| i64::from(z)).collect();
    for layer in &draft.layers {
        map = run_layer(layer, size, &map);
        size = layer.output;
    }
    map.into_iter().map(|y| u8::try_from(y).expect("outputs are 8 bits")).collect()
}

fn run_layer(layer: &DraftLayer, [height, width, channels]: [usize; 3], map: &[i64]) -> Vec<i64> {
    let [out_height, out_width, out_channels] = layer.output;
    let mut sums = vec![0i64; out_height * out_width * out_channels];
    // Every product of the definition, by input and output position; products outside the kernel do not exist.
    for (iy, ix) in positions(height, width) {
        for (oy, ox) in positions(out_height, out_width) {
            let offset = |i: usize, o: usize, along: usize| {
                let (i, o) = (i as i64, o as i64);
                let (stride, pad) = (layer.stride[along] as i64, layer.pad[along] as i64);
                let at = match layer.convolution {
                    Convolution::Transposed => o - (i * stride - pad),
                    Convolution::Plain => i - (o * stride - pad),
                };
                usize::try_from(at).ok().filter(|&at| at < layer.kernel[along])
            };
            let (Some(ky), Some(kx)) = (offset(iy, oy, 0), offset(ix, ox, 1)) else { continue };
            for co in 0..out_channels {
                for ci in 0..channels {
                    let x = map[(iy * width + ix) * channels + ci] - i64::from(layer.zero_point);
                    let tap = (co * layer.kernel[0] + ky) * layer.kernel[1] + kx;
                    let w = i64::from(layer.weights[tap * channels + ci]);
                    sums[(oy * out_width + ox) * out_channels + co] += x * w;
                }
            }
        }
    }
    let output = |(i, &sum)| {
        let i = if layer.per_feature { i } else { i % out_channels };
        let scale = |a: i64, m: i32| {
            (i128::from(a) * i128::from(m) + i128::from(layer.constants[i])).div_euclid(1 << 32)
        };
        let (low, high) = match layer.element {
            Element::Byte => (0, 255),
            Element::Wide { signed: false } => (0, 2047),
            Element::Wide { signed: true } => (-2047, 2047),
        };
        let clamp = |y: i128| y.clamp(low, high) as i64;
        match &layer.activation {
            DraftActivation::Clamp => clamp(scale(sum, layer.multipliers[i])),
            DraftActivation::Slopes { negative, biases } => {
                let a = sum + i64::from(biases[i]);
                let m = if a < 0 { negative[i] } else { layer.multipliers[i] };
                clamp(scale(a, m))
            }
            DraftActivation::Table(table) => {
                let at = scale(sum, layer.multipliers[i]).clamp(0, table.len() as i128 - 1);
                i64::from(table[at as usize])
            }
        }
    };
    sums.iter().enumerate().map(output).collect()
}

fn positions(height: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)))
}
