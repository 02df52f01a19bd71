//! First layers side by side become one layer: noise and a label that each go through a layer of their own before they
//! are joined, or constants that are joined with a map.

use crate::import::Importer;
use crate::import::constant::compute::join;
use crate::import::latent::form::Forms;
use crate::import::latent::sum::flat;
use crate::import::layer::chain::check_map;
use crate::import::layer::point::through;
use crate::import::layer::together::{extended, together};
use crate::import::node::Node;
use crate::import::view::{Origin, View, ZERO};
use crate::latent;
use crate::network::Layer;
use crate::network::operation::{Operation, Step};
use crate::onnx::shape::ELEMENT_LIMIT;
use anyhow::{Result, ensure};
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use ndarray::{ArrayD, ArrayView1, Axis};
use std::ops::Range;
use std::sync::Arc;

/// `views` joined along the axis of `node`, a Concat: of the same layer, of the latent and of first layers, which become
/// one layer, or of one later layer and constants.
///
/// # Errors
/// If the layers' activations can't become one, or a later layer is joined with more than constants.
pub(crate) fn beside(importer: &mut Importer, node: Node, mut views: Vec<View>) -> Result<View> {
    if views.iter().all(|view| alike(view, &views[0])) {
        return joined(node, &views);
    }
    let later =
        |view: &&View| matches!(view.origin, Origin::Layer(i) if !importer.chain.reads_latent(i));
    if let Some(map) = views.iter().find(later).cloned() {
        return constant_channels(importer, node, &map, &views);
    }
    for view in &mut views {
        if view.origin == Origin::Latent {
            *view = through(importer, node, view)?;
        }
    }
    for i in 1..views.len() {
        if !alike(&views[i], &views[0]) {
            merge(importer, node, &mut views, i)?;
        }
    }
    joined(node, &views)
}

/// `views` of the same layer after the same steps as one.
fn joined(node: Node, views: &[View]) -> Result<View> {
    let parts: Vec<_> = views.iter().map(|view| (*view.elements).clone()).collect();
    Ok(View { elements: Arc::new(join(node, &parts)?), ..views[0].clone() })
}

/// Makes one layer of those that views 0 and `i` show.
fn merge(importer: &mut Importer, node: Node, views: &mut [View], i: usize) -> Result<()> {
    let advice = importer.forms.advice();
    let refusal = || {
        node.refuse(format!(
            "joins different layers, of which only those that read the latents can become one{advice}"
        ))
    };
    let (Origin::Layer(a), Origin::Layer(b)) = (views[0].origin, views[i].origin) else {
        return Err(refusal());
    };
    let chain = &mut importer.chain;
    ensure!(a != b && chain.reads_latent(a.max(b)) && chain.all_read_latent(), refusal());
    let (steps_a, steps_b) = (views[0].steps.clone(), views[i].steps.clone());
    let same: Vec<usize> = (0..views.len())
        .filter(|at| [0, i].iter().any(|of| alike(&views[*at], &views[*of])))
        .collect();
    let (mut layer, other) = (flat(&chain.layers[a]), flat(&chain.layers[b]));
    let (own, all) = (layer.channels_out, layer.channels_out + other.channels_out);
    let weights = all.saturating_mul(chain.latent_len);
    ensure!(weights <= ELEMENT_LIMIT, node.refuse(format!("needs {weights} weights: too many")));
    let labels = labels(&importer.inputs.latent);
    let positive = [(&layer, &steps_a), (&other, &steps_b)]
        .map(|(layer, steps)| never_negative(layer, steps, &labels));
    let steps = together(&steps_a, own, &steps_b, all, positive).ok_or_else(|| {
        node.refuse("joins layers with different activations that are not ReLU or the like")
    })?;
    layer.weights.extend(&other.weights);
    layer.channels_out = all;
    layer.name = format!("{} | {}", layer.name, other.name);
    layer.steps.clear();
    chain.layers[a] = layer;
    chain.remove_first(b);

    let moved = |view: &mut View| {
        let Origin::Layer(index) = view.origin else { return };
        if index == a || index == b {
            let (place, first) = if index == a { (0..own, 0) } else { (own..all, own as i32) };
            for step in &mut view.steps {
                step.operation = extended(&step.operation, &place, all);
            }
            let elements = view.elements.mapv(|it| if it < 0 { it } else { it + first });
            view.elements = Arc::new(elements);
        }
        let index = if index == b { a } else { index };
        view.origin = Origin::Layer(index - usize::from(index > b));
    };
    views.iter_mut().chain(importer.scope.views_mut()).for_each(moved);
    for view in same {
        views[view].steps.clone_from(&steps);
    }
    Ok(())
}

/// The latent elements of each label.
fn labels(parts: &[DraftPart]) -> Vec<Range<usize>> {
    let parts = parts.iter().zip(latent::places(parts));
    let labels = parts.filter(|(part, _)| part.distribution == Distribution::OneHot);
    labels.map(|(_, place)| place).collect()
}

/// Whether a layer gives nothing below 0 whatever the label, which are the latent's elements `labels`. False if it
/// reads noise or has an activation.
fn never_negative(layer: &Layer, steps: &[Step], labels: &[Range<usize>]) -> bool {
    let affine = steps.iter().all(|step| step.operation.is_affine());
    let mut rows = layer.weights.chunks_exact(layer.channels_in).enumerate();
    let never = |(feature, row): (usize, &[f32])| {
        let noise = row.iter().enumerate().any(|(element, weight)| {
            *weight != 0.0 && !labels.iter().any(|place| place.contains(&element))
        });
        // One element of each label is 1, so the extreme sums are those of the extreme weights.
        let sum = |extreme: fn(f32, f32) -> f32| -> f64 {
            let each =
                labels.iter().filter_map(|it| row[it.clone()].iter().copied().reduce(extreme));
            each.map(f64::from).sum()
        };
        let of = |x: f64| steps.iter().fold(x, |x, step| step.operation.at(x, feature));
        !noise && [sum(f32::min), sum(f32::max)].into_iter().all(|sum| of(sum) >= 0.0)
    };
    affine && rows.all(never)
}

/// `map`, which shows a later layer, joined with views of constants along the axis of `node`: the layer gives the
/// constants too, as channels without weights.
fn constant_channels(
    importer: &mut Importer,
    node: Node,
    map: &View,
    views: &[View],
) -> Result<View> {
    let Importer { chain, forms, .. } = importer;
    let Origin::Layer(index) = map.origin else { return Err(no_constants(forms, node)) };
    ensure!(chain.is_newest(index), no_constants(forms, node));
    let axis = Axis(node.axis(node.int("axis", 1)?, map.dims().len())?);
    let layer = &mut chain.layers[index];
    let own = layer.channels_out;
    let constants = constants(forms, node, map, views, axis)?;
    let all = own + constants.len();
    let [height, width, _] = layer.output();
    check_map(node, [height, width, all])?;
    let size = (layer.weights.len() / own).saturating_mul(all);
    ensure!(size <= ELEMENT_LIMIT, node.refuse(format!("needs {size} weights: too many")));
    let positive = [false, constants.iter().all(|constant| *constant >= 0.0)];
    let shift = Operation::Affine { scale: vec![1.0], shift: constants };
    let shift = Step { node: node.name().to_owned(), operation: shift };
    let steps = together(&map.steps, own, &[shift], all, positive).ok_or_else(|| {
        node.refuse("joins constants with a map after an activation that is not ReLU or the like")
    })?;
    let parts = parts(map, views, axis, [own, all]).ok_or_else(|| no_constants(forms, node))?;
    layer.weights.resize(size, 0.0);
    layer.channels_out = all;
    layer.steps.clear();
    for view in importer.scope.views_mut().filter(|view| view.origin == map.origin) {
        view.elements = Arc::new(view.elements.mapv(|at| widened(at, own, all)));
        for step in &mut view.steps {
            step.operation = extended(&step.operation, &(0..own), all);
        }
    }
    let elements = Arc::new(join(node, &parts)?);
    Ok(View { origin: map.origin, elements, steps })
}

fn no_constants(forms: &Forms, node: Node) -> anyhow::Error {
    node.refuse(format!(
        "joins a label, latents or another map with a map that has come through more than one layer, where only \
         constants can be joined, the same at each pixel{}",
        forms.advice()
    ))
}

/// Whether two views show the same layer after the same steps.
fn alike(a: &View, b: &View) -> bool {
    a.origin == b.origin && a.steps == b.steps
}

/// The constant of each channel along `axis` of the `views` that show another layer than `map`.
fn constants(
    forms: &Forms,
    node: Node,
    map: &View,
    views: &[View],
    axis: Axis,
) -> Result<Vec<f64>> {
    let refusal = || no_constants(forms, node);
    let mut constants = Vec::new();
    for view in views.iter().filter(|view| !alike(view, map)) {
        let fits = view.origin == Origin::Latent && view.dims().len() == map.dims().len();
        ensure!(fits, refusal());
        for line in view.elements.axis_iter(axis) {
            let mut forms = line.iter().map(|at| usize::try_from(*at).map(|at| forms.get(at)));
            let value = forms.next().and_then(Result::ok).ok_or_else(refusal)?;
            let same = value.terms.is_empty() && forms.all(|form| form == Ok(value));
            ensure!(same, refusal());
            constants.push(value.constant);
        }
    }
    Ok(constants)
}

/// The elements of `views` in a layer whose `own` channels have become `all`: the constants' channels follow its own.
/// None if `map` shows a padding's zeros.
fn parts(
    map: &View,
    views: &[View],
    axis: Axis,
    [own, all]: [usize; 2],
) -> Option<Vec<ArrayD<i32>>> {
    let pixel = |line: ArrayView1<i32>| line.first().map_or(ZERO, |at| at.div_euclid(own as i32));
    let pixels = map.elements.map_axis(axis, pixel);
    if pixels.iter().any(|pixel| *pixel < 0) {
        return None;
    }
    let mut next = own;
    let part = |view: &View| {
        if alike(view, map) {
            return view.elements.mapv(|at| widened(at, own, all));
        }
        let mut elements = (*view.elements).clone();
        for mut line in elements.axis_iter_mut(axis) {
            for (at, pixel) in line.iter_mut().zip(&pixels) {
                *at = pixel * all as i32 + next as i32;
            }
            next += 1;
        }
        elements
    };
    Some(views.iter().map(part).collect())
}

/// Element `at` of a layer of `own` channels after it has got `all`.
fn widened(at: i32, own: usize, all: usize) -> i32 {
    if at < 0 { at } else { at / own as i32 * all as i32 + at % own as i32 }
}
