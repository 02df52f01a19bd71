//! Upsample and Resize nodes: nearest neighbours by whole factors, which repeat rows and columns.

use crate::import::moves::layout::Layout;
use crate::import::moves::read::axes;
use crate::import::node::Node;
use crate::import::operator::Move;
use crate::import::value::Scope;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};

/// The repetitions that `operator`, Upsample or Resize, makes of a tensor of shape `dims`. `scope` has its other inputs;
/// sizes among them are those of a batch of `batch`.
///
/// # Errors
/// If it interpolates, its factors are not whole, or it does not repeat each element equally often.
pub(crate) fn resize(
    node: Node,
    operator: Move,
    dims: &[usize],
    (scope, batch): (&Scope, usize),
) -> Result<Layout> {
    for (name, only) in [("mode", "nearest"), ("keep_aspect_ratio_policy", "stretch")] {
        let is = node.text(name, only)?;
        let refusal = || node.refuse(format!("attribute {name} = {is}: only {only} is supported"));
        ensure!(is == only, refusal());
    }
    let upsample = matches!(operator, Move::Upsample);
    let factors = factors(node, upsample, dims, (scope, batch))?;
    let whole = |factor: f64| (factor >= 1.0 && factor.fract() == 0.0).then_some(factor as usize);
    let whole: Option<Vec<usize>> = factors.iter().map(|factor| whole(*factor)).collect();
    let whole = whole.ok_or_else(|| {
        node.refuse(format!("scales {factors:?} on shape {dims:?}: only whole ones are supported"))
    })?;
    let sizes: Vec<usize> =
        dims.iter().zip(&whole).map(|(len, factor)| len.saturating_mul(*factor)).collect();
    let fits = count(&sizes) <= ELEMENT_LIMIT;
    ensure!(fits, node.refuse(format!("scales {factors:?}: too many elements")));
    check_places(node, upsample, &whole)?;
    let places = |(len, factor): (&usize, &usize)| (0..len * factor).map(|i| i / factor).collect();
    Ok(Layout::Select(dims.iter().zip(&whole).map(places).collect()))
}

/// The factor of each axis, as the node's scales or sizes have it.
fn factors(
    node: Node,
    upsample: bool,
    dims: &[usize],
    (scope, batch): (&Scope, usize),
) -> Result<Vec<f64>> {
    // Upsample's and Resize-10's second input is scales; since opset 11 a region comes before them.
    let (scales, sizes) = match (upsample, node.0.input.len()) {
        (true, _) | (false, 2) => (1, 9),
        _ => (2, 3),
    };
    let given = |index: usize| {
        let named = !node.input(index).is_empty();
        named.then(|| scope.constant(node, index, "sizes")).transpose()
    };
    let axes = match node.ints("axes")? {
        Some(given) => axes(node, dims.len(), given)?,
        None => (0..dims.len()).collect(),
    };
    let factors: Vec<f64> = match (node.floats("scales")?, given(scales)?, given(sizes)?) {
        (Some(scales), _, _) => scales.iter().map(|&scale| f64::from(scale)).collect(),
        (None, Some(scales), _) if !scales.dims().contains(&0) => scales.numbers(),
        (None, _, Some(sizes)) => {
            let factor = |(i, size): (usize, &f64)| match axes.get(i) {
                // Computed from the shape of one example, or written for the whole batch.
                Some(0) if *size == dims[0] as f64 => 1.0,
                Some(0) => size / (dims[0] * batch) as f64,
                Some(at) => size / dims[*at] as f64,
                None => *size,
            };
            sizes.numbers().iter().enumerate().map(factor).collect()
        }
        _ => return Err(node.refuse("has neither scales nor sizes")),
    };
    let count = factors.len();
    ensure!(count == axes.len(), node.refuse(format!("{count} scales on shape {dims:?}")));
    let mut all = vec![1.0; dims.len()];
    for (at, factor) in axes.into_iter().zip(factors) {
        all[at] = factor;
    }
    Ok(all)
}

/// Refuses coordinates and roundings by which a nearest neighbour may be another than the element repeated.
fn check_places(node: Node, upsample: bool, factors: &[usize]) -> Result<()> {
    let (place, nearest) = match upsample {
        true => ("asymmetric", "floor"),
        false => ("half_pixel", "round_prefer_floor"),
    };
    let place = node.text("coordinate_transformation_mode", place)?;
    let nearest = node.text("nearest_mode", nearest)?;
    let repeats = match (place, nearest) {
        ("asymmetric" | "tf_half_pixel_for_nn", "floor") => true,
        ("half_pixel" | "pytorch_half_pixel", "round_prefer_floor" | "round_prefer_ceil") => true,
        // Resize-10 had neither attribute and did what Upsample does.
        _ => node.0.input.len() == 2 && !upsample,
    };
    ensure!(
        repeats || factors.iter().all(|factor| *factor == 1),
        node.refuse(format!(
            "attributes coordinate_transformation_mode = {place}, nearest_mode = {nearest}: use \
             asymmetric and floor"
        ))
    );
    Ok(())
}
