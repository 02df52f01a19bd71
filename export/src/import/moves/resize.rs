//! Upsample and Resize.

use crate::import::constant::tensor::{ELEMENT_LIMIT, count};
use crate::import::moves::layout::Layout;
use crate::import::{Node, Walk};
use anyhow::{Result, ensure};

impl Walk<'_> {
    /// Nearest neighbours: whole factors only, and only where each input is repeated so many times.
    pub(crate) fn resize(&self, node: Node, dims: &[usize]) -> Result<Layout> {
        let mode = node.text("mode", "nearest")?;
        ensure!(
            mode == "nearest",
            node.refuse(format!("attribute mode = {mode}: only nearest is supported"))
        );
        let upsample = node.operator() == "Upsample";
        // Upsample's and Resize-10's second input is scales; since 11 there is a region before them.
        let (scales, sizes) = match (upsample, node.0.input.len()) {
            (true, _) | (false, 2) => (1, 9),
            _ => (2, 3),
        };
        let given = |index: usize| {
            let named = !node.input(index).is_empty();
            named.then(|| self.constant(node, index, "sizes")).transpose()
        };
        let axes = match node.ints("axes")? {
            Some(axes) => {
                axes.iter().map(|at| if *at < 0 { at + dims.len() as i64 } else { *at }).collect()
            }
            None => (0..dims.len() as i64).collect::<Vec<_>>(),
        };
        let len = |i: usize| axes.get(i).and_then(|at| dims.get(usize::try_from(*at).ok()?));
        let factors: Vec<f64> = match (node.floats("scales")?, given(scales)?, given(sizes)?) {
            (Some(scales), _, _) => scales.iter().map(|&scale| f64::from(scale)).collect(),
            (None, Some(scales), _) if !scales.dims().contains(&0) => scales.numbers(),
            (None, _, Some(sizes)) => {
                let factor = |(i, size): (usize, &f64)| size / len(i).copied().unwrap_or(1) as f64;
                sizes.numbers().iter().enumerate().map(factor).collect()
            }
            _ => return Err(node.refuse("has neither scales nor sizes")),
        };
        ensure!(
            factors.len() == axes.len() && (0..axes.len()).all(|i| len(i).is_some()),
            node.refuse(format!("{} scales on shape {dims:?}", factors.len()))
        );
        let factors: Vec<f64> = (0..dims.len())
            .map(|at| axes.iter().position(|axis| *axis == at as i64).map_or(1.0, |i| factors[i]))
            .collect();
        let whole =
            |factor: f64| (factor >= 1.0 && factor.fract() == 0.0).then_some(factor as usize);
        let whole: Option<Vec<usize>> = factors.iter().map(|factor| whole(*factor)).collect();
        let whole = whole.filter(|whole| whole.len() == dims.len());
        let whole = whole.ok_or_else(|| {
            node.refuse(format!(
                "scales {factors:?} on shape {dims:?}: only whole ones are supported"
            ))
        })?;
        let sizes: Vec<usize> =
            dims.iter().zip(&whole).map(|(len, factor)| len.saturating_mul(*factor)).collect();
        ensure!(
            count(&sizes) <= ELEMENT_LIMIT,
            node.refuse(format!("scales {factors:?}: too many elements"))
        );
        let place = node.text(
            "coordinate_transformation_mode",
            if upsample { "asymmetric" } else { "half_pixel" },
        )?;
        let nearest =
            node.text("nearest_mode", if upsample { "floor" } else { "round_prefer_floor" })?;
        let repeats = match (place, nearest) {
            ("asymmetric", "floor") => true,
            ("half_pixel" | "pytorch_half_pixel", "round_prefer_floor" | "round_prefer_ceil") => {
                true
            }
            ("tf_half_pixel_for_nn", "floor") => true,
            // Resize-10 had neither attribute and was like Upsample.
            _ => node.0.input.len() == 2 && node.operator() == "Resize",
        };
        ensure!(
            repeats || whole.iter().all(|factor| *factor == 1),
            node.refuse(format!(
                "attributes coordinate_transformation_mode = {place}, nearest_mode = {nearest}: use \
                 asymmetric and floor"
            ))
        );
        let places =
            |(len, factor): (&usize, &usize)| (0..len * factor).map(|i| i / factor).collect();
        Ok(Layout::Select(dims.iter().zip(&whole).map(places).collect()))
    }
}
