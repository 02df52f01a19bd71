//! The sizes of pictures that generators have, and the strides and paddings that lead to one.
//!
//! A checkpoint does not store strides and paddings. If the usual ones end in a size that no data set has, others that are
//! common too are tried.

use crate::checkpoint::reading::architecture::{Architecture, Layer};
use crate::checkpoint::reading::geometry::Geometry;
use crate::checkpoint::settings::per_layer::PerLayer;
use crate::checkpoint::settings::{Activation, Direction, Padding, Settings};

/// Sides of pictures that people train with, the most common first.
const COMMON: [usize; 6] = [28, 32, 64, 128, 256, 512];
const SELDOM: [usize; 10] = [8, 16, 48, 80, 96, 160, 192, 224, 384, 1024];

/// Maximum number of rivals.
const RIVALS: usize = 8;

/// Strides and paddings of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steps {
    stride: usize,
    padding: usize,
    output_padding: usize,
    upsample: usize,
}

/// How unusual pictures of `sides` rows and columns are: 0 for the most common; none if no data set has that size.
/// A person may have said the size.
pub(crate) fn rarity(sides: [usize; 2], settings: &Settings) -> Option<usize> {
    if let Some(size) = settings.size {
        return (size == sides).then_some(0);
    }
    // With --map, any size is accepted.
    if settings.map.is_some() {
        return Some(0);
    }
    let rarity = |side: &usize| match (COMMON.contains(side), SELDOM.contains(side)) {
        (true, _) => Some(0),
        (_, true) => Some(1),
        _ => None,
    };
    let [height, width] = [&sides[0], &sides[1]].map(rarity);
    Some(height?.max(width?))
}

/// Whether the pictures of `architecture` have a likely size, larger than the map that its convolutions begin with.
pub(crate) fn is_likely(architecture: &Architecture, settings: &Settings) -> bool {
    let [_, height, width] = architecture.picture();
    let mut maps = architecture.layers.iter().filter(|layer| layer.geometry.is_some());
    let first = maps.next().map(|layer| layer.input);
    let grows = first.is_none_or(|[_, rows, columns]| height > rows || width > columns);
    (grows || settings.size.is_some()) && rarity([height, width], settings).is_some()
}

/// Whether the size of the pictures of `architecture` follows from something assumed.
pub(crate) fn is_assumed(architecture: &Architecture) -> bool {
    let mut geometries = architecture.layers.iter().filter_map(|layer| layer.geometry.as_ref());
    geometries.any(Geometry::is_assumed)
}

/// Strides and paddings with which `architecture` has pictures of a likely size: those least far from the usual ones.
pub(crate) fn variants(architecture: &Architecture, settings: &Settings) -> Vec<Settings> {
    let found = candidates(architecture, settings);
    let least = found.iter().map(|it| it.cost + it.rarity).min();
    let least = found.iter().filter(|it| Some(it.cost + it.rarity) == least);
    least.map(|it| options(architecture, &it.steps, false)).collect()
}

/// The strides and paddings of `architecture`, and others that lead to a common size too.
pub(crate) fn rivals(architecture: &Architecture, settings: &Settings) -> Vec<Settings> {
    let own: Vec<Option<Steps>> = architecture.layers.iter().map(steps).collect();
    let others = candidates(architecture, settings).into_iter();
    let others = others.filter(|it| it.cost <= 2 && it.rarity == 0 && it.steps != own);
    let all = std::iter::once(own.clone()).chain(others.map(|it| it.steps).take(RIVALS));
    all.map(|steps| options(architecture, &steps, true)).collect()
}

/// The steps of a layer that can be chosen; none of others.
fn steps(layer: &Layer) -> Option<Steps> {
    let geometry = layer.geometry.as_ref().filter(|_| is_free(layer))?;
    Some(Steps {
        stride: geometry.stride.value,
        padding: geometry.pads.value[0],
        output_padding: geometry.output_padding.value,
        upsample: geometry.upsample.value,
    })
}

/// Steps of all layers that lead to a likely size.
struct Candidate {
    /// The number of choices that are not the usual ones.
    cost: usize,
    rarity: usize,
    /// Of each layer; none if there is nothing to choose.
    steps: Vec<Option<Steps>>,
}

fn candidates(architecture: &Architecture, settings: &Settings) -> Vec<Candidate> {
    let layers: Vec<&Layer> = architecture.layers.iter().collect();
    let free: Vec<usize> = (0..layers.len()).filter(|&index| is_free(layers[index])).collect();
    let mut kinds: Vec<Kind> = free.iter().filter_map(|&index| kind(layers[index])).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut found: Vec<Candidate> = Vec::new();
    let Some(&last) = free.last().filter(|_| kinds.len() <= KINDS) else { return found };
    // A choice for each kind of layer, and one for the last layer.
    let mut choices = vec![0; kinds.len() + 1];
    loop {
        if let Some((cost, steps)) = chosen(&layers, &free, &kinds, &choices, last)
            && let Some(rarity) = size(&layers, &steps).and_then(|sides| rarity(sides, settings))
            && found.iter().all(|other| other.steps != steps)
        {
            found.push(Candidate { cost, rarity, steps });
        }
        let Some(digit) = choices.iter().position(|&choice| choice + 1 < CHOICES) else { break };
        choices[..digit].fill(0);
        choices[digit] += 1;
    }
    found.sort_by_key(|it| it.cost);
    found
}

/// Maximum number of kinds for which all choices are tried: generators have up to three.
const KINDS: usize = 5;
/// Number of choices for a kind of layer.
const CHOICES: usize = 5;

type Kind = (bool, usize);

/// Whether the geometry of `layer` can be chosen: it is a convolution on more than one pixel, of which nothing is given.
fn is_free(layer: &Layer) -> bool {
    layer.input[1..] != [1, 1]
        && layer
            .geometry
            .as_ref()
            .is_some_and(|it| it.stride.assumed && it.pads.assumed && it.kernel > 1)
}

/// Whether the layer is transposed, and its kernel.
fn kind(layer: &Layer) -> Option<Kind> {
    let geometry = layer.geometry.as_ref()?;
    Some((geometry.direction == Direction::Transposed, geometry.kernel))
}

/// The steps that `choices` give each free layer, and how unusual they are; none if a choice does not exist.
fn chosen(
    layers: &[&Layer],
    free: &[usize],
    kinds: &[Kind],
    choices: &[usize],
    last: usize,
) -> Option<(usize, Vec<Option<Steps>>)> {
    let mut steps = vec![None; layers.len()];
    let own = choices[kinds.len()];
    let cost = choices.iter().filter(|&&choice| choice > 0).count();
    for &index in free {
        let of = kind(layers[index])?;
        let choice = choices[kinds.iter().position(|it| *it == of)?];
        // The last layer has the choice of its kind, or one of its own.
        let choice = if index == last && own > 0 { own - 1 } else { choice };
        let step = step(of, choice)?;
        // Where the names leave no room, nothing stands.
        if step.upsample > 1 && layers[index].room == Some(0) {
            return None;
        }
        steps[index] = Some(step);
    }
    let shared = free.iter().filter(|&&index| kind(layers[index]) == kind(layers[last])).count();
    if own > 0 && shared == 1 {
        return None;
    }
    Some((cost, steps))
}

/// The steps of choice `choice` for a layer of `kind`, the usual ones first.
fn step((transposed, kernel): Kind, choice: usize) -> Option<Steps> {
    let same = (kernel - 1) / 2;
    let steps = |stride, padding, output_padding, upsample| {
        Some(Steps { stride, padding, output_padding, upsample })
    };
    match (transposed, kernel % 2 == 0, choice) {
        (true, true, 0) => steps(2, kernel / 2 - 1, 0, 1),
        (true, false, 0) => steps(2, same, 1, 1),
        (true, _, 1) => steps(2, 0, 0, 1),
        (true, false, 2) => steps(1, same, 0, 1),
        (true, false, 3) => steps(2, same, 0, 1),
        (true, false, 4) => steps(2, 0, 1, 1),
        (true, true, 2) => steps(1, 0, 0, 1),
        (false, _, 0) => steps(1, same, 0, 1),
        (false, _, 1) => steps(1, same, 0, 2),
        (false, _, 2) => steps(1, 0, 0, 1),
        _ => None,
    }
}

/// Rows and columns of the pictures, if the free layers have `steps`.
fn size(layers: &[&Layer], steps: &[Option<Steps>]) -> Option<[usize; 2]> {
    let mut sides = [1, 1];
    for (layer, steps) in layers.iter().zip(steps) {
        sides = match (steps, kind(layer)) {
            (Some(steps), Some((transposed, kernel))) => {
                let mut out = [0; 2];
                for (out, side) in out.iter_mut().zip(sides) {
                    let side: usize = side * steps.upsample;
                    let padded = if transposed {
                        ((side - 1) * steps.stride + kernel + steps.output_padding)
                            .checked_sub(2 * steps.padding)?
                    } else {
                        (side + 2 * steps.padding).checked_sub(kernel)? / steps.stride + 1
                    };
                    *out = padded;
                }
                out
            }
            (None, Some(_)) => {
                let geometry = layer.geometry.as_ref()?;
                [geometry.output(sides[0]).ok()?, geometry.output(sides[1]).ok()?]
            }
            _ => [layer.output[1], layer.output[2]],
        };
        if sides.contains(&0) {
            return None;
        }
    }
    Some(sides)
}

/// `steps` as settings: where they differ from what is assumed anyway, or all if `explicit`.
fn options(architecture: &Architecture, steps: &[Option<Steps>], explicit: bool) -> Settings {
    let layers = &architecture.layers;
    let differing = |it: &dyn Fn(&Steps, &Geometry) -> Option<usize>| -> PerLayer<usize> {
        let each = layers.iter().zip(steps).map(|(layer, steps)| {
            steps.as_ref().zip(layer.geometry.as_ref()).and_then(|(a, b)| it(a, b))
        });
        each.collect()
    };
    let changed = |a: &Steps, b: &Geometry| {
        explicit || a.stride != b.stride.value || b.pads.value != [a.padding; 2]
    };
    let padding = layers.iter().zip(steps).map(|(layer, steps)| {
        let (steps, geometry) = steps.as_ref().zip(layer.geometry.as_ref())?;
        changed(steps, geometry).then_some(Padding::Sides(steps.padding))
    });
    // Where the names leave room for one module, upsampling stands there instead of an activation.
    let activation = (0..layers.len()).map(|index| {
        let next = steps.get(index + 1).copied().flatten()?;
        let instead = layers[index + 1].room == Some(1) && next.upsample > 1;
        instead.then_some(Activation::None)
    });
    Settings {
        activation: activation.collect(),
        stride: differing(&|a, b| changed(a, b).then_some(a.stride)),
        padding: padding.collect(),
        output_padding: differing(&|a, b| {
            let changed = changed(a, b) || a.output_padding != b.output_padding.value;
            (changed && b.direction == Direction::Transposed).then_some(a.output_padding)
        }),
        upsample: differing(&|a, b| {
            (explicit || a.upsample != b.upsample.value).then_some(a.upsample)
        }),
        ..Settings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_likely_if_data_sets_have_them_or_a_person_says_so() {
        let none = Settings::default();
        let of = |height, width| rarity([height, width], &none);
        assert_eq!(
            [of(28, 28), of(64, 128), of(48, 64), of(24, 24)],
            [Some(0), Some(0), Some(1), None]
        );
        let said = Settings { size: Some([24, 20]), ..Settings::default() };
        assert_eq!([rarity([24, 20], &said), rarity([28, 28], &said)], [Some(0), None]);
        let map = Settings { map: Some([8, 5, 7]), ..Settings::default() };
        assert_eq!(rarity([20, 28], &map), Some(0));
    }

    /// The usual steps of even kernels double a map, and so do those of odd ones.
    #[test]
    fn the_usual_steps_double() {
        for kernel in 2..8 {
            let Some(Steps { stride, padding, output_padding, .. }) = step((true, kernel), 0)
            else {
                unreachable!()
            };
            assert_eq!((7 - 1) * stride + kernel + output_padding - 2 * padding, 14, "{kernel}");
        }
        assert!(step((false, 3), 3).is_none());
    }
}
