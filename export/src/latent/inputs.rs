//! Assigns the parts of the latent to the inputs of the graph.

use crate::latent::{name, named, places};
use crate::onnx::input::Input;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;

/// The part of the latent that `input` takes. `parts` are in the latent's order.
pub(crate) fn part_of<'p>(input: &Input, parts: &'p [DraftPart]) -> Option<&'p DraftPart> {
    let mut all = parts.iter().zip(places(parts));
    all.find(|(_, place)| *place == input.elements).map(|(part, _)| part)
}

/// Puts the parts in the latent's order and gives each input the elements of its part. Labels come last, so that the
/// samples of the other parts do not depend on whether there are labels.
pub(crate) fn arrange(drafts: Vec<(Input, DraftPart)>) -> (Vec<DraftPart>, Vec<Input>) {
    let (mut inputs, drafts): (Vec<Input>, Vec<DraftPart>) = drafts.into_iter().unzip();
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&i| drafts[i].distribution == Distribution::OneHot);
    let parts: Vec<DraftPart> = order.iter().map(|&i| drafts[i].clone()).collect();
    for (i, place) in order.into_iter().zip(places(&parts)) {
        inputs[i].elements = place;
    }
    (parts, inputs)
}

/// The distribution of each input, in the graph's order, as [`LATENTS`](crate::onnx::metadata::LATENTS) stores it:
/// `normal`, `uniform`, `one-hot`, or `one-hot 10` for an input that takes the number of one of 10 labels.
pub(crate) fn describe(parts: &[DraftPart], inputs: &[Input]) -> String {
    let each = inputs.iter().filter_map(|input| {
        let part = part_of(input, parts)?;
        let name = name(part.distribution);
        Some(if input.number { format!("{name} {}", part.len) } else { name.to_owned() })
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Parses the text of [`describe`]: the distribution of each input, and its number of labels if it takes a number.
/// `None` if the text is malformed, or not one of `inputs` inputs.
pub(crate) fn described(text: &str, inputs: usize) -> Option<Vec<(Distribution, Option<usize>)>> {
    let each = text.split(", ").map(|entry| match entry.split_once(' ') {
        Some((name, count)) => Some((named(name)?, Some(count.parse().ok()?))),
        None => Some((named(entry)?, None)),
    });
    let each: Vec<_> = each.collect::<Option<_>>()?;
    (each.len() == inputs).then_some(each)
}
