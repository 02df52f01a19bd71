//! Bounds on accumulators: the values that they can reach for any input, and whether they are exact in `f32`, in which
//! the quantised ONNX computes them.

use gen_core::element::{Element, Weight};
use gen_core::format::write::DraftLayer;
use gen_core::weights::split;
use std::collections::BTreeSet;
use std::ops::Range;

/// Whole numbers below this, and sums that stay below it, are exact in `f32`.
const EXACT: i64 = 1 << 24;

/// Smallest and largest value of every partial sum of one channel's accumulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Smallest value, at most 0.
    pub(crate) low: i64,
    /// Largest value, at least 0.
    pub(crate) high: i64,
}

impl Reach {
    /// The largest magnitude.
    pub(crate) fn magnitude(self) -> i64 {
        self.high.max(-self.low)
    }
}

/// The factor by which the sums of each output channel of `layer` can exceed 2³¹ − 2²⁷; 1 if they can't. The other 2²⁷
/// are room for the biases of 12-bit weights and for rounding to coarser steps.
pub(super) fn overflow(layer: &DraftLayer, input: [usize; 3], element: Element) -> Vec<f64> {
    let most = ((1_u64 << 31) - (1 << 27)) as f64;
    let reaches = reach(layer, input, element, 0..input[2]);
    reaches.iter().map(|channel| (channel.magnitude() as f64 / most).max(1.0)).collect()
}

/// The reach of each output channel of `layer`, summed over the input channels in `part` only.
///
/// `input` is the input's height, width and channels, `element` the type of its elements. The bound holds for any
/// order of summation: positive and negative products are summed separately, over the taps that contribute to one
/// output.
pub(crate) fn reach(
    layer: &DraftLayer,
    input: [usize; 3],
    element: Element,
    part: Range<usize>,
) -> Vec<Reach> {
    // The reach of an input minus its zero-point.
    let [low, high] = [element.low(), element.high()].map(i64::from);
    let zero_point = i64::from(layer.zero_point);
    let x = Reach { low: low - zero_point, high: high - zero_point };
    let [rows, columns] = [0, 1].map(|along| meetings(layer, input, along));
    let (channels, [_, width]) = (input[2], layer.kernel);
    let count = layer.kernel[0] * width;
    let mut reach = vec![Reach::default(); layer.output[2]];
    for (out, reach) in reach.iter_mut().enumerate() {
        // The reach of one tap over the input channels.
        let of_tap = |tap: usize| {
            let first = (out * count + tap) * channels;
            let run = &layer.weights[first..][..channels][part.clone()];
            let sum = |positive: bool| {
                let signed = run.iter().filter(|w| (**w > 0) == positive);
                signed.map(|&w| i64::from(w)).sum::<i64>()
            };
            let (plus, minus) = (sum(true), sum(false));
            Reach { low: plus * x.low + minus * x.high, high: plus * x.high + minus * x.low }
        };
        let taps: Vec<Reach> = (0..count).map(of_tap).collect();
        for ys in &rows {
            for xs in &columns {
                let met = ys.iter().flat_map(|y| xs.iter().map(move |x| y * width + x));
                let (low, high) = met
                    .fold((0, 0), |(low, high), tap| (low + taps[tap].low, high + taps[tap].high));
                reach.low = reach.low.min(low);
                reach.high = reach.high.max(high);
            }
        }
    }
    reach
}

/// The distinct sets of kernel indices that contribute to one output, along one axis.
fn meetings(layer: &DraftLayer, input: [usize; 3], along: usize) -> BTreeSet<Vec<usize>> {
    let axis = layer.axis(input, along);
    let meeting = |o: usize| {
        let taps = axis.taps(o);
        (taps.skip..taps.skip + taps.len).map(|tap| axis.kernel_index(taps.phase, tap)).collect()
    };
    (0..axis.output).map(meeting).collect()
}

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
    let channels = input[2];
    let split = |count: usize| -> Vec<Range<usize>> {
        (0..count).map(|i| i * channels / count..(i + 1) * channels / count).collect()
    };
    let exact = |parts: &Vec<Range<usize>>| {
        parts.iter().all(|part| {
            let reaches = reach(layer, input, element, part.clone());
            reaches.iter().all(|channel| channel.magnitude() < EXACT)
        })
    };
    (1..=channels).map(split).find(exact)
}
