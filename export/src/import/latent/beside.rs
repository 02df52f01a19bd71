//! First layers beside each other, as one layer: noise and label that each go through a layer of their
//! own before they are put together, or a label that is put beside the first map.

use crate::import::constant::tensor::{ELEMENT_LIMIT, count};
use crate::import::layer::chain::check_map;
use crate::import::layer::spread::turn;
use crate::import::operators::{axis, join};
use crate::import::view::{Origin, View};
use crate::import::{Node, Value, Walk};
use crate::latent;
use crate::network::function::Function;
use crate::network::{Kind, Layer, Operation, Step};
use anyhow::{Result, ensure};
use gen_core::latent::Distribution;
use ndarray::{ArrayD, Axis};
use std::ops::Range;
use std::sync::Arc;

impl Walk<'_> {
    /// Views of several layers on the latent, or of the latent itself, joined along the node's axis.
    pub(crate) fn beside(&mut self, node: Node, mut views: Vec<View>) -> Result<View> {
        let behind = |view: &&View| matches!(view.origin, Origin::Layer(i) if !self.on_latent(i));
        if let Some(map) = views.iter().find(behind).cloned() {
            return self.constant_channels(node, &map, views);
        }
        for view in &mut views {
            if view.origin == Origin::Latent {
                *view = self.through(node, view)?;
            }
        }
        for i in 1..views.len() {
            if (views[i].origin, &views[i].steps) != (views[0].origin, &views[0].steps) {
                self.merge(node, &mut views, i)?;
            }
        }
        let parts: Vec<_> = views.iter().map(|view| (*view.elements).clone()).collect();
        let elements = Arc::new(join(node, &parts)?);
        Ok(View { elements, ..views[0].clone() })
    }

    /// Whether a view shows the latent, or a first layer that no other has read yet.
    pub(crate) fn is_first(&self, view: &View) -> bool {
        match view.origin {
            Origin::Latent => true,
            Origin::Layer(index) => self.on_latent(index) && self.first == self.layers.len(),
        }
    }

    /// The sum of what two first layers give before their activation, the second times `scale`: one layer.
    pub(crate) fn sum_of_first(
        &mut self,
        node: Node,
        a: &View,
        scale: f64,
        b: &View,
    ) -> Result<View> {
        let dims = if a.origin == Origin::Latent { b.dims() } else { a.dims() }.to_vec();
        let size = count(&dims).saturating_mul(self.latent_len);
        ensure!(size <= ELEMENT_LIMIT, node.refuse(format!("needs {size} weights: too many")));
        let (mut weights, mut shift) = (Vec::new(), Vec::new());
        let mut used = Vec::new();
        for (view, scale) in [(a, 1.0), (b, scale)] {
            let fits = view.broadcast(&dims).filter(|it| it.elements.iter().all(|at| *at >= 0));
            let view = fits.ok_or_else(|| {
                node.refuse(format!("shapes {:?} and {:?} do not fit", a.dims(), b.dims()))
            })?;
            let view =
                if view.origin == Origin::Latent { self.through(node, &view)? } else { view };
            let Origin::Layer(index) = view.origin else { continue };
            ensure!(
                view.steps.iter().all(|step| step.operation.is_affine()),
                node.refuse(
                    "adds what has come through an activation, of a first layer, to another"
                )
            );
            used.push(index);
            let layer = flat(&self.layers[index]);
            weights.resize(view.elements.len() * self.latent_len, 0.0);
            shift.resize(view.elements.len(), 0.0);
            let rows = weights.chunks_exact_mut(self.latent_len).zip(&mut shift);
            for ((row, shift), at) in rows.zip(view.elements.iter()) {
                let at = *at as usize;
                let of = |x: f64| view.steps.iter().fold(x, |x, step| step.operation.at(x, at));
                let (zero, one) = (of(0.0), of(1.0));
                *shift += scale * zero;
                let own = &layer.weights[at * self.latent_len..];
                for (sum, weight) in row.iter_mut().zip(own) {
                    *sum += scale * (one - zero) * f64::from(*weight);
                }
            }
        }
        used.sort_unstable();
        for index in used.into_iter().rev() {
            self.drop_layer(index);
        }
        let features = shift.len();
        let axes = [Layer::dense_axis(1), Layer::dense_axis(1)];
        let weights = weights.into_iter().map(|weight: f64| weight as f32).collect();
        self.push(node, Kind::Dense, axes, self.latent_len, features, weights);
        self.first += 1;
        let operation = Operation::Affine { scale: vec![1.0], shift };
        let step = Step { node: node.name().to_owned(), operation };
        let index = self.layers.len() - 1;
        self.layers[index].steps = vec![step];
        let elements = ArrayD::from_shape_vec(dims, (0..features as i32).collect())?;
        Ok(View { elements: Arc::new(elements), ..self.newest() })
    }

    /// Takes a first layer away that has become part of another. What else reads it is refused.
    fn drop_layer(&mut self, dropped: usize) {
        self.layers.remove(dropped);
        self.first -= 1;
        for value in self.values.values_mut() {
            let Value::View(View { origin: Origin::Layer(index), .. }) = value else { continue };
            match *index {
                index if index == dropped => *value = Value::Refused,
                _ => *index -= usize::from(*index > dropped),
            }
        }
    }

    /// A map with constants as more of its channels: the layer gives them too, without weights.
    fn constant_channels(&mut self, node: Node, map: &View, views: Vec<View>) -> Result<View> {
        let refusal = || {
            node.refuse(
                "puts a label, latents or another map beside a map that has come through more than one layer, where \
                 only constants can be, the same at each pixel: fix a label with --label K, from 0"
            )
        };
        let Origin::Layer(index) = map.origin else { return Err(refusal()) };
        ensure!(index + 1 == self.layers.len(), refusal());
        let axis = Axis(axis(node, map.dims().len())?);
        let own = self.layers[index].channels_out;
        let pixels = map.elements.map_axis(axis, |line| {
            line.iter().next().filter(|at| **at >= 0).map(|at| at / own as i32)
        });
        ensure!(pixels.iter().all(Option::is_some), refusal());
        let (mut constants, mut parts) = (Vec::new(), Vec::new());
        for view in &views {
            if view.origin == map.origin && view.steps == map.steps {
                parts.push((None, (*view.elements).clone()));
                continue;
            }
            ensure!(
                view.origin == Origin::Latent && view.dims().len() == map.dims().len(),
                refusal()
            );
            let first = own + constants.len();
            for line in view.elements.axis_iter(axis) {
                let mut forms =
                    line.iter().map(|at| usize::try_from(*at).map(|at| &self.forms[at]));
                let value = forms.next().and_then(Result::ok).ok_or_else(refusal)?;
                let same = value.terms.is_empty() && forms.all(|form| form == Ok(value));
                ensure!(same, refusal());
                constants.push(value.constant);
            }
            parts.push((Some(first), (*view.elements).clone()));
        }
        let all = own + constants.len();
        let [height, width, _] = self.layers[index].output();
        check_map(node, [all, height, width])?;
        let size = (self.layers[index].weights.len() / own).saturating_mul(all);
        ensure!(size <= ELEMENT_LIMIT, node.refuse(format!("needs {size} weights: too many")));
        let shift = Operation::Affine { scale: vec![1.0], shift: constants.clone() };
        let shift = Step { node: node.name().to_owned(), operation: shift };
        let positive = [false, constants.iter().all(|constant| *constant >= 0.0)];
        let steps = together(&map.steps, own, &[shift], all, positive).ok_or_else(|| {
            node.refuse("puts constants beside a map that has gone through an activation that is not ReLU or the like")
        })?;
        let layer = &mut self.layers[index];
        layer.weights.resize(size, 0.0);
        layer.channels_out = all;
        layer.steps.clear();
        let moved =
            |at: i32| if at < 0 { at } else { at / own as i32 * all as i32 + at % own as i32 };
        for view in self.views().filter(|view| view.origin == map.origin) {
            view.elements = Arc::new(view.elements.mapv(moved));
            for step in &mut view.steps {
                step.operation = extended(&step.operation, &(0..own), all);
            }
        }
        let parts: Vec<_> = parts
            .into_iter()
            .map(|(first, mut elements)| {
                let Some(first) = first else { return elements.mapv(moved) };
                for (channel, mut line) in elements.axis_iter_mut(axis).enumerate() {
                    for (at, pixel) in line.iter_mut().zip(&pixels) {
                        *at = pixel.unwrap_or(0) * all as i32 + (first + channel) as i32;
                    }
                }
                elements
            })
            .collect();
        let elements = Arc::new(join(node, &parts)?);
        Ok(View { origin: map.origin, elements, steps })
    }

    /// Makes one layer of those that the views 0 and `i` show.
    fn merge(&mut self, node: Node, views: &mut [View], i: usize) -> Result<()> {
        let refusal = || {
            node.refuse(
                "puts together what has come through different layers, of which only first ones can become one: \
                 fix a label with --label K, from 0"
            )
        };
        let (Origin::Layer(a), Origin::Layer(b)) = (views[0].origin, views[i].origin) else {
            return Err(refusal());
        };
        ensure!(a != b && self.on_latent(a.max(b)) && self.first == self.layers.len(), refusal());
        let (steps_a, steps_b) = (views[0].steps.clone(), views[i].steps.clone());
        let alike =
            |view: &View, other: &View| view.origin == other.origin && view.steps == other.steps;
        let same: Vec<usize> = (0..views.len())
            .filter(|at| [0, i].iter().any(|of| alike(&views[*at], &views[*of])))
            .collect();
        let (mut layer, other) = (flat(&self.layers[a]), flat(&self.layers[b]));
        let (own, all) = (layer.channels_out, layer.channels_out + other.channels_out);
        let weights = all.saturating_mul(self.latent_len);
        ensure!(
            weights <= ELEMENT_LIMIT,
            node.refuse(format!("needs {weights} weights: too many"))
        );
        let never_negative = |layer: &Layer, steps: &[Step]| self.never_negative(layer, steps);
        let positive = [never_negative(&layer, &steps_a), never_negative(&other, &steps_b)];
        let steps = together(&steps_a, own, &steps_b, all, positive).ok_or_else(|| {
            node.refuse("puts together what has come through different activations that are not ReLU or the like")
        })?;
        layer.weights.extend(&other.weights);
        layer.channels_out = all;
        layer.name = format!("{} | {}", layer.name, other.name);
        layer.steps.clear();
        self.layers[a] = layer;
        self.layers.remove(b);
        self.first -= 1;

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
        views.iter_mut().chain(self.views()).for_each(moved);
        for view in same {
            views[view].steps.clone_from(&steps);
        }
        Ok(())
    }

    /// All views of the graph so far.
    fn views(&mut self) -> impl Iterator<Item = &mut View> {
        self.values.values_mut().filter_map(|value| match value {
            Value::View(view) => Some(view),
            _ => None,
        })
    }

    /// Whether a layer gives nothing below 0, whatever the label. Not if it reads noise, or has an activation.
    fn never_negative(&self, layer: &Layer, steps: &[Step]) -> bool {
        let affine = steps.iter().all(|step| step.operation.is_affine());
        let labels: Vec<Range<usize>> = self
            .latent
            .iter()
            .zip(latent::places(&self.latent))
            .filter(|(part, _)| part.distribution == Distribution::OneHot)
            .map(|(_, place)| place)
            .collect();
        let rows = layer.weights.chunks_exact(layer.channels_in).enumerate();
        let least = |(feature, row): (usize, &[f32])| {
            let noise = row.iter().enumerate().any(|(element, weight)| {
                *weight != 0.0 && !labels.iter().any(|place| place.contains(&element))
            });
            let of = |x: f64| steps.iter().fold(x, |x, step| step.operation.at(x, feature));
            // One of each label is 1, so that the sum of the least is the least sum, of the rising.
            let least = labels
                .iter()
                .map(|place| row[place.clone()].iter().copied().fold(f32::INFINITY, f32::min));
            let most = labels
                .iter()
                .map(|place| row[place.clone()].iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let sums = [least.map(f64::from).sum(), most.map(f64::from).sum()];
            if noise {
                f64::NEG_INFINITY
            } else {
                sums.map(of).into_iter().fold(f64::INFINITY, f64::min)
            }
        };
        affine && rows.map(least).all(|least| least >= 0.0)
    }
}

/// A dense layer whose features are channels of a single pixel, in the same order.
fn flat(layer: &Layer) -> Layer {
    let mut layer = layer.clone();
    let features = layer.features();
    turn(&mut layer, &(0..features).collect::<Vec<_>>(), [1, 1, features]);
    layer
}

/// An operation on some of all features, that leaves the others as they are. A function is not asked of
/// them.
fn extended(operation: &Operation, place: &Range<usize>, all: usize) -> Operation {
    let numbers = |own: &[f64], other: f64| -> Vec<f64> {
        let number =
            |i| if place.contains(&i) { own[(i - place.start) % own.len()] } else { other };
        (0..all).map(number).collect()
    };
    match operation {
        Operation::Affine { scale, shift } => {
            Operation::Affine { scale: numbers(scale, 1.0), shift: numbers(shift, 0.0) }
        }
        Operation::Slopes(slopes) => Operation::Slopes(numbers(slopes, 1.0)),
        function => function.clone(),
    }
}

/// The steps of the first `own` of `all` features and those of the others, as steps of all.
fn together(
    a: &[Step],
    own: usize,
    b: &[Step],
    all: usize,
    positive: [bool; 2],
) -> Option<Vec<Step>> {
    let affine = |step: &&Step| step.operation.is_affine();
    let split = |steps: &[Step]| -> Option<(Vec<Step>, Option<Step>, Vec<Step>)> {
        let before: Vec<Step> = steps.iter().take_while(affine).cloned().collect();
        let activation = steps.get(before.len()).cloned();
        let behind = steps.get(before.len() + 1..).unwrap_or_default();
        behind.iter().all(|step| affine(&step)).then(|| (before, activation, behind.to_vec()))
    };
    let (before_a, function_a, behind_a) = split(a)?;
    let (before_b, function_b, behind_b) = split(b)?;
    let places = [0..own, own..all];
    let of = |steps: Vec<Step>, place: usize| {
        let places = places.clone();
        steps.into_iter().map(move |step| Step {
            operation: extended(&step.operation, &places[place], all),
            ..step
        })
    };
    let activation = match (function_a, function_b) {
        (None, None) => None,
        (Some(a), Some(b)) if a.operation == b.operation && a.operation.is_uniform() => Some(a),
        // Of nothing below 0, ReLU and the like leave what they are given.
        (Some(a), None) if positive[1] && is_rectifier(&a) => Some(a),
        (None, Some(b)) if positive[0] && is_rectifier(&b) => Some(b),
        (a, b) => {
            let name = a.as_ref().or(b.as_ref()).map(|step| step.node.clone());
            let [a, b] = [slopes(a.as_ref())?, slopes(b.as_ref())?];
            let number = |i: usize| if i < own { a[i % a.len()] } else { b[(i - own) % b.len()] };
            let operation = Operation::Slopes((0..all).map(number).collect());
            Some(Step { node: name.unwrap_or_default(), operation })
        }
    };
    let steps = of(before_a, 0).chain(of(before_b, 1)).chain(activation);
    Some(steps.chain(of(behind_a, 0)).chain(of(behind_b, 1)).collect())
}

/// Slopes of the negative numbers of an activation, or of none.
fn slopes(step: Option<&Step>) -> Option<Vec<f64>> {
    step.map_or(Some(vec![1.0]), |step| step.operation.slopes())
}

fn is_rectifier(step: &Step) -> bool {
    matches!(step.operation, Operation::Function(Function::Relu | Function::LeakyRelu(_)))
}
