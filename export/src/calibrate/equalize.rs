//! Equalisation: divides channels with rare large values, so that the tensor's range holds them.
//!
//! The range of least squared error cuts such values off, which spoils the worst pictures. A channel whose largest
//! value, times a headroom, exceeds the range is therefore divided by a quotient, and the next layer's weights on it
//! are multiplied by the same quotient. In real numbers the network stays the same. (Nagel et al. 2019, arXiv
//! 1906.04721, divide all channels.)

use crate::calibrate::range::Limits;
use crate::network::operation::{Operation, Step};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};

/// Divides the channels of hidden layers whose largest value by `limits`, times `headroom`, exceeds the range of their
/// tensor. `tensors` are the quantisations of the hidden layers' outputs. Returns whether any channel was divided.
///
/// Only layers without an activation, or with ReLU, LeakyReLU or PRelu, are changed: other activations do not commute
/// with the division.
pub fn equalize(
    network: &mut Network,
    tensors: &[Quantization],
    limits: &[Limits],
    headroom: f64,
) -> bool {
    let mut divided = false;
    for (index, (tensor, limits)) in tensors.iter().zip(limits).enumerate() {
        let [layer, next] = &mut network.layers[index..index + 2] else { continue };
        let quotients: Vec<f64> =
            limits.iter().map(|limits| quotient(*tensor, *limits, headroom)).collect();
        if quotients.iter().any(|quotient| *quotient > 1.0) && divide(layer, &quotients) {
            for weights in next.weights.chunks_exact_mut(quotients.len()) {
                for (weight, quotient) in weights.iter_mut().zip(&quotients) {
                    *weight = (f64::from(*weight) * quotient) as f32;
                }
            }
            divided = true;
        }
    }
    divided
}

/// The quotient, at least 1, that brings a channel's largest magnitude, times `headroom`, within the longer end of the
/// range of `tensor`. Values that the shorter end of a signed range cuts off stay cut off: considering both ends
/// would divide more channels, whose steps would become coarser.
fn quotient(tensor: Quantization, (low, high): (f32, f32), headroom: f64) -> f64 {
    let largest = f64::from(low.abs().max(high.abs()));
    (headroom * largest / tensor.high().max(-tensor.low())).max(1.0)
}

/// Divides the output of `layer` by `quotients`, channel by channel, before its activation. Returns whether the
/// activation allows it; otherwise the layer is unchanged.
fn divide(layer: &mut Layer, quotients: &[f64]) -> bool {
    let rectifier = layer.steps.iter().position(|step| !step.operation.is_affine());
    let (place, behind) = match rectifier {
        None => (layer.steps.len(), layer.steps.len()),
        Some(place) => (place, place + 1),
    };
    let fits = layer.steps[place..behind].iter().all(|step| step.operation.slopes().is_some())
        && layer.steps[behind..].iter().all(|step| step.operation.is_affine())
        && quotients.len() == layer.channels_out;
    if !fits {
        return false;
    }
    for step in &mut layer.steps[behind..] {
        if let Operation::Affine { scale, shift } = &mut step.operation {
            let len = shift.len().max(quotients.len());
            let of = |numbers: &[f64], i: usize| numbers[i % numbers.len()];
            *shift = (0..len).map(|i| of(shift, i) / of(quotients, i)).collect();
            *scale = (0..len).map(|i| of(scale, i)).collect();
        }
    }
    let scale = quotients.iter().map(|quotient| quotient.recip()).collect();
    let operation = Operation::Affine { scale, shift: vec![0.0; quotients.len()] };
    layer.steps.insert(place, Step { node: layer.name.clone(), operation });
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::calibrate;
    use crate::latent;
    use crate::network::naive;
    use crate::sketch;
    use gen_core::format::write::DraftPart;

    /// Division leaves the network's output unchanged, and divided channels fit their range.
    #[test]
    fn the_network_stays_the_same_and_its_channels_fit() {
        let mut divided = 0;
        for source in sketch::all() {
            let network = sketch::imported(&source);
            let statistics = calibrate(&network, 1, 16, &|| ()).unwrap();
            // Half of the chosen ranges, so that many channels exceed it.
            let half = |it: Quantization| Quantization { scale: it.scale / 2.0, ..it };
            let tensors: Vec<Quantization> = statistics.eight_bit().into_iter().map(half).collect();
            let mut equal = network.clone();
            divided += usize::from(equalize(&mut equal, &tensors, &statistics.limits, 1.2));
            let latent = DraftPart::latent(&network.latent);
            for seed in 0..4 {
                let z = latent::shown(seed, 0, &latent);
                let z: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
                let pairs = naive::run(&network, &z).into_iter().zip(naive::run(&equal, &z));
                for (before, after) in pairs {
                    assert!((before - after).abs() < 1e-5, "{before} {after}");
                }
            }
            let after = calibrate(&equal, 1, 16, &|| ()).unwrap();
            for (index, layer) in equal.layers[..tensors.len()].iter().enumerate() {
                let reach = tensors[index].high().max(-tensors[index].low());
                let changed = layer.steps.len() > network.layers[index].steps.len();
                for (low, high) in after.limits[index].iter().filter(|_| changed) {
                    let largest = f64::from(low.abs().max(high.abs()));
                    assert!(largest * 1.2 < reach * 1.0001, "{largest} beyond {reach}");
                }
            }
        }
        assert!(divided >= 3, "{divided} networks were changed");
    }

    #[test]
    fn tensors_within_their_ranges_are_left_alone() {
        let mut network = sketch::imported(&sketch::dense_first());
        let before = network.clone();
        let statistics = calibrate(&network, 1, 4, &|| ()).unwrap();
        let wide = vec![Quantization::new(-1000.0, 1000.0); network.layers.len() - 1];
        assert!(!equalize(&mut network, &wide, &statistics.limits, 1.2));
        assert!(!equalize(&mut network, &[Quantization::new(0.0, 0.1)], &statistics.limits, 0.0));
        for (a, b) in network.layers.iter().zip(&before.layers) {
            assert_eq!((&a.weights, &a.steps), (&b.weights, &b.steps));
        }
    }
}
