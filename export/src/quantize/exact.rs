//! Whether a layer's sums are exact in single precision, where the quantised ONNX takes them.

use crate::quantize::bound::{input_reach, reach};
use gen_core::element::{Element, Weight};
use gen_core::format::write::DraftLayer;
use gen_core::weights::split;
use std::ops::Range;

/// Integers up to here are exact in float, sums included.
const EXACT: i64 = 1 << 24;

/// Whether the sums of `layer` can be exact in `f32`, on an input of height, width and channels `input`.
pub(crate) fn is_exact(layer: &DraftLayer, input: [usize; 3], element: Element) -> bool {
    match layer.weight {
        Weight::Byte => parts(layer, input, element).is_some(),
        Weight::Wide => halves(layer).iter().all(|it| parts(it, input, element).is_some()),
    }
}

/// The layers of the low bytes a and of the high bytes b of 12-bit weights 256·b + a.
pub(crate) fn halves(layer: &DraftLayer) -> [DraftLayer; 2] {
    [0, 1].map(|half| {
        let weights = layer.weights.iter().map(|&w| split(w)[half] as i16);
        DraftLayer { weights: weights.collect(), ..layer.clone() }
    })
}

/// The fewest equal parts of the input channels whose sums all stay exact, if there are any.
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
