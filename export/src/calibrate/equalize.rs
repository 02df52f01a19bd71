//! Equalisation: multiplies or divides channels, so that each uses the steps of its tensor well.
//!
//! A tensor has one range for all its channels, so two kinds of channels are served badly:
//!
//! - *Rare large values.* The range of least squared error cuts them off, which spoils the worst pictures. A channel
//!   whose largest value, times a headroom, exceeds the range is divided.
//! - *Small values.* They take few steps, and most of a channel may be rounded to the same side. If the next layer's
//!   weights on it are large, these errors add up. Such a channel is multiplied until its rounding and that of these
//!   weights cost the same, as far as the range allows.
//!
//! The next layer's weights on the channel take the inverse factor, so that in real numbers the network stays the same.
//! (Nagel et al. 2019, arXiv 1906.04721, bring all channels to ranges that depend on their limits alone.)

use crate::calibrate::Statistics;
use crate::calibrate::range::Limits;
use crate::network::operation::{Operation, Step};
use crate::network::quantization::Quantization;
use crate::network::{Layer, Network};
use gen_core::element::Weight;

/// The headroom of a channel that is multiplied, as a factor of the headroom of one that must be divided: its values
/// were far from the ends of the range before.
const MORE_ROOM: f64 = 4.0 / 3.0;

/// Multiplies channels of small values in the hidden layers of `network`, which has the `statistics`. `tensors` are the
/// quantisations of their outputs, `headroom` is as in [`divide`]; with 0, no channel is changed. Returns the factor, at
/// least 1, of every channel of every hidden layer.
///
/// Only layers without an activation, or with ReLU, LeakyReLU or PRelu, are changed, here and in [`divide`]: other
/// activations do not commute with the factor.
pub fn lift(
    network: &mut Network,
    tensors: &[Quantization],
    statistics: &Statistics,
    headroom: f64,
) -> Vec<Vec<f64>> {
    let each = tensors.iter().zip(&statistics.limits).zip(&statistics.magnitudes).enumerate();
    let lifts = each.map(|(index, ((tensor, limits), values))| {
        let weights = magnitudes(&network.layers[index + 1]);
        let channels = limits.iter().zip(values).zip(weights);
        let factors: Vec<f64> = channels
            .map(|((limits, values), weights)| {
                factor(*tensor, *limits, (*values, weights), headroom * MORE_ROOM)
            })
            .collect();
        let quotients: Vec<f64> = factors.iter().map(|factor| factor.recip()).collect();
        if rescale(network, index, &quotients) { factors } else { vec![1.0; factors.len()] }
    });
    lifts.collect()
}

/// The factor, at least 1, for a channel of small values. With it, values and weights have the same magnitude in steps,
/// unless the longer end of the range of `tensor` allows less. `values` and `weights` are root mean squares: of the
/// channel's values, and of the next layer's weights on it in steps.
///
/// The product of both magnitudes stays the same. The rounding of one adds noise in proportion to the other, so together
/// they add least where both are equal.
fn factor(
    tensor: Quantization,
    limits: (f32, f32),
    (values, weights): (f64, f64),
    headroom: f64,
) -> f64 {
    let best =
        (weights / (values / tensor.scale)).sqrt().min(excess(tensor, limits, headroom).recip());
    if headroom > 0.0 && best.is_finite() { best.max(1.0) } else { 1.0 }
}

/// Divides the channels of the hidden layers of `network` whose largest value by `limits`, times `headroom`, exceeds the
/// range of their tensor. `tensors` are the quantisations of their outputs, `lifts` the factors that the channels have.
/// Returns whether any channel was divided.
pub fn divide(
    network: &mut Network,
    tensors: &[Quantization],
    limits: &[Limits],
    lifts: &[Vec<f64>],
    headroom: f64,
) -> bool {
    let each = tensors.iter().zip(limits).zip(lifts).enumerate();
    let divided = each.map(|(index, ((tensor, limits), lifts))| {
        let quotient = |(limits, lift): (&(f32, f32), &f64)| {
            // Values that the shorter end of a signed range cuts off stay cut off, unless a lift brought them there:
            // considering both ends would divide more channels, whose steps would become coarser.
            let shorter = excess_at_ends(*tensor, *limits, headroom).min(*lift);
            excess(*tensor, *limits, headroom).max(shorter).max(1.0)
        };
        rescale(network, index, &limits.iter().zip(lifts).map(quotient).collect::<Vec<_>>())
    });
    divided.collect::<Vec<_>>().contains(&true)
}

/// How far the largest magnitude of a channel, times `headroom`, exceeds the longer end of the range of `tensor`, as a
/// factor.
fn excess(tensor: Quantization, (low, high): (f32, f32), headroom: f64) -> f64 {
    let largest = f64::from(low.abs().max(high.abs()));
    headroom * largest / tensor.high().max(-tensor.low())
}

/// The same for each end of its own; the larger factor.
fn excess_at_ends(tensor: Quantization, (low, high): (f32, f32), headroom: f64) -> f64 {
    let at = |value: f64, end: f64| {
        if value > 0.0 { headroom * value / end.max(tensor.scale) } else { 0.0 }
    };
    at(-f64::from(low), -tensor.low()).max(at(high.into(), tensor.high()))
}

/// Divides the output of layer `index` by `quotients`, channel by channel, and multiplies the next layer's weights on
/// it. Returns whether anything was changed.
fn rescale(network: &mut Network, index: usize, quotients: &[f64]) -> bool {
    let [layer, next] = &mut network.layers[index..index + 2] else { return false };
    if quotients.iter().all(|quotient| *quotient == 1.0) || !divide_output(layer, quotients) {
        return false;
    }
    for weights in next.weights.chunks_exact_mut(quotients.len()) {
        for (weight, quotient) in weights.iter_mut().zip(quotients) {
            *weight = (f64::from(*weight) * quotient) as f32;
        }
    }
    true
}

/// Root mean square of the weights of `layer` on each input channel, in steps of 8 bits.
fn magnitudes(layer: &Layer) -> Vec<f64> {
    let mut squares = vec![0.0; layer.channels_in];
    for weights in layer.weights.chunks_exact(layer.channel_len()) {
        let largest = weights.iter().fold(0.0_f32, |largest, w| largest.max(w.abs()));
        let step = f64::from(largest.max(f32::MIN_POSITIVE)) / f64::from(Weight::Byte.max());
        for (i, w) in weights.iter().enumerate() {
            squares[i % layer.channels_in] += (f64::from(*w) / step).powi(2);
        }
    }
    let count = (layer.weights.len() / layer.channels_in.max(1)).max(1) as f64;
    squares.into_iter().map(|sum| (sum / count).sqrt()).collect()
}

/// Divides the output of `layer` by `quotients`, channel by channel, before its activation. Returns whether the
/// activation allows it; otherwise the layer is unchanged.
fn divide_output(layer: &mut Layer, quotients: &[f64]) -> bool {
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
        let (mut divided, mut lifted) = (0, 0);
        for source in sketch::all() {
            let network = sketch::imported(&source);
            let statistics = calibrate(&network, 1, 16, &|| ()).unwrap();
            // Half of the chosen ranges, so that many channels exceed it.
            let half = |it: Quantization| Quantization { scale: it.scale / 2.0, ..it };
            let tensors: Vec<Quantization> = statistics.eight_bit().into_iter().map(half).collect();
            let mut equal = network.clone();
            let lifts = lift(&mut equal, &tensors, &statistics, 1.2);
            lifted += lifts.iter().flatten().filter(|lift| **lift > 1.0).count();
            let limits = calibrate(&equal, 1, 16, &|| ()).unwrap().limits;
            divided += usize::from(divide(&mut equal, &tensors, &limits, &lifts, 1.2));
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
        assert!(divided >= 3 && lifted >= 3, "{divided} networks, {lifted} channels were changed");
    }

    #[test]
    fn tensors_within_their_ranges_are_left_alone() {
        let mut network = sketch::imported(&sketch::dense_first());
        let before = network.clone();
        let statistics = calibrate(&network, 1, 4, &|| ()).unwrap();
        let wide = vec![Quantization::new(-1000.0, 1000.0); network.layers.len() - 1];
        let ones: Vec<Vec<f64>> =
            statistics.limits.iter().map(|channels| vec![1.0; channels.len()]).collect();
        assert!(!divide(&mut network, &wide, &statistics.limits, &ones, 1.2));
        let narrow = [Quantization::new(0.0, 0.1)];
        assert!(!divide(&mut network, &narrow, &statistics.limits, &ones, 0.0));
        assert_eq!(lift(&mut network, &statistics.eight_bit(), &statistics, 0.0), ones);
        for (a, b) in network.layers.iter().zip(&before.layers) {
            assert_eq!((&a.weights, &a.steps), (&b.weights, &b.steps));
        }
    }

    /// A channel of small values and large weights is multiplied until both have the same magnitude in steps.
    #[test]
    fn small_values_are_lifted() {
        let mut network = sketch::imported(&sketch::dense_first());
        // Channel 2 of layer 1, whose BatchNorm behind the ReLU stays in the layer.
        let quotients: Vec<f64> = (0..8).map(|c| if c == 2 { 50.0 } else { 1.0 }).collect();
        assert!(rescale(&mut network, 1, &quotients));
        let statistics = calibrate(&network, 1, 16, &|| ()).unwrap();
        let tensors = statistics.eight_bit();
        let before = network.clone();
        let lifts = lift(&mut network, &tensors, &statistics, 1.2);
        assert!((4.0..50.0).contains(&lifts[1][2]), "{:?}", lifts[1]);
        let after = calibrate(&network, 1, 16, &|| ()).unwrap();
        let values = after.magnitudes[1][2] / tensors[1].scale;
        let weights = magnitudes(&before.layers[2])[2] / lifts[1][2];
        // Before the lift, the channel's most frequent value had 13 bins of the histogram, give or take a half.
        assert!((values / weights - 1.0).abs() < 0.5 / 13.0, "{values} {weights}");
        let z = [0.3, -1.0, 0.7, 1.5, -0.2];
        for (a, b) in naive::run(&before, &z).into_iter().zip(naive::run(&network, &z)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    /// What a lift brings beyond the shorter end of a range is brought back, at most by the lift.
    #[test]
    fn lifts_end_at_the_shorter_end() {
        let quotients = |lift: f64| {
            let mut network = sketch::imported(&sketch::dense_first());
            let tensors = [Quantization::new(-0.1, 10.0); 3];
            let limits = network.layers[..3].iter().map(|it| vec![(-0.3, 1.0); it.channels_out]);
            let lifts = network.layers[..3].iter().map(|it| vec![lift; it.channels_out]);
            let (limits, lifts): (Vec<Limits>, Vec<_>) = (limits.collect(), lifts.collect());
            let before = network.layers[3].weights[0];
            divide(&mut network, &tensors, &limits, &lifts, 1.2);
            network.layers[3].weights[0] / before
        };
        let low = f64::from(-0.3_f32) / Quantization::new(-0.1, 10.0).low();
        assert_eq!(quotients(1.0), 1.0);
        assert!((f64::from(quotients(2.0)) - 2.0).abs() < 1e-6);
        assert!((f64::from(quotients(20.0)) - 1.2 * low).abs() < 1e-3, "{}", quotients(20.0));
    }
}
