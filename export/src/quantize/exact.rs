//! Whether a layer's sums are exact in `f32`, in which the quantised ONNX computes them.

use crate::quantize::bound::{input_reach, reach};
use gen_core::element::{Element, Weight};
use gen_core::format::write::DraftLayer;
use gen_core::weights::split;
use std::ops::Range;

/// Whole numbers below this, and sums that stay below it, are exact in `f32`.
const EXACT: i64 = 1 << 24;

/// Whether the sums of `layer` can be exact in `f32` when split by input channels. `input` is the input's height, width
/// and channels, `element` the type of its elements.
pub(crate) fn is_exact(layer: &DraftLayer, input: [usize; 3], element: Element) -> bool {
    match layer.weight {
        Weight::Byte => parts(layer, input, element).is_some(),
        Weight::Wide => halves(layer).iter().all(|it| parts(it, input, element).is_some()),
    }
}

/// Two layers for 12-bit weights 256·b + a: one of the low bytes a, one of the high bytes b.
pub(crate) fn halves(layer: &DraftLayer) -> [DraftLayer; 2] {
    [0, 1].map(|half| {
        let weights = layer.weights.iter().map(|&w| split(w)[half] as i16);
        DraftLayer { weights: weights.collect(), ..layer.clone() }
    })
}

/// Splits the input channels into the fewest equal parts whose sums are all exact; `None` if single channels are not.
pub(crate) fn parts(
    layer: &DraftLayer,
    input: [usize; 3],
    element: Element,
) -> Option<Vec<Range<usize>>> {
    let (channels, x) = (input[2], input_reach(layer, element));
    let split = |count: usize| -> Vec<Range<usize>> {
        (0..count).map(|i| i * channels / count..(i + 1) * channels / count).collect()
    };
    let exact = |parts: &Vec<Range<usize>>| {
        parts.iter().all(|part| {
            let reaches = reach(layer, input, x, part.clone());
            reaches.iter().all(|channel| channel.magnitude() < EXACT)
        })
    };
    (1..=channels).map(split).find(exact)
}
