//! A dense layer's features become a map.

use crate::import::layer::chain::check_dense;
use crate::import::view::{Origin, View, ZERO};
use crate::import::{Node, Walk};
use crate::network::{Kind, Layer, Operation};
use anyhow::{Result, ensure};
use ndarray::ArrayD;
use std::sync::Arc;

impl Walk<'_> {
    /// If `view`, of rank 4, shows a dense layer: turns the layer round so that its features lie as they
    /// are shown, without the zeros around them and without repeated rows and columns.
    pub(crate) fn spread(&mut self, node: Node, view: &View) -> Result<View> {
        let view = &match view.origin {
            Origin::Latent => self.through(node, view)?,
            Origin::Layer(_) => view.clone(),
        };
        let Origin::Layer(index) = view.origin else { return Ok(view.clone()) };
        if self.layers[index].kind != Kind::Dense || index + 1 != self.layers.len() {
            return Ok(view.clone());
        }
        let elements = &view.elements;
        let &[1, channels, height, width] = elements.shape() else { return Ok(view.clone()) };
        let row = |y: usize| elements.index_axis(ndarray::Axis(2), y);
        let column = |x: usize| elements.index_axis(ndarray::Axis(3), x);
        let rows = classes(height, |y| row(y).iter().all(|e| *e == ZERO), |a, b| row(a) == row(b));
        let columns =
            classes(width, |x| column(x).iter().all(|e| *e == ZERO), |a, b| column(a) == column(b));
        let (ys, xs) = (firsts(&rows), firsts(&columns));
        ensure!(!ys.is_empty() && !xs.is_empty(), node.refuse("reads nothing but zeros"));
        check_dense(node, self.layers[index].channels_in, [channels, ys.len(), xs.len()])?;
        // Old features in HWC order of the new map.
        let mut old = Vec::new();
        for (&y, &x) in ys.iter().flat_map(|y| xs.iter().map(move |x| (y, x))) {
            for c in 0..channels {
                let element = elements[[0, c, y, x]];
                let known = usize::try_from(element);
                old.push(known.map_err(|_| node.refuse("reads zeros in the middle of a map"))?);
            }
        }
        turn(&mut self.layers[index], &old, [ys.len(), xs.len(), channels]);
        let mut steps = view.steps.clone();
        for step in &mut steps {
            gather_operation(&mut step.operation, &self.before(index, &old));
        }
        let place = |at: &ndarray::IxDyn| match (rows[at[2]], columns[at[3]]) {
            (Some(y), Some(x)) => ((y * xs.len() + x) * channels + at[1]) as i32,
            _ => ZERO,
        };
        let elements = ArrayD::from_shape_fn(vec![1, channels, height, width], |at| place(&at));
        Ok(View { origin: view.origin, elements: Arc::new(elements), steps })
    }

    fn before<'o>(&self, index: usize, old: &'o [usize]) -> Gather<'o> {
        Gather { old, channels: self.layers[index].channels_out }
    }

    /// Latents as a layer of their own, which changes nothing.
    pub(crate) fn through(&mut self, node: Node, view: &View) -> Result<View> {
        let places: Vec<i32> = view.elements.iter().copied().collect();
        let len = places.len();
        let same = |out: usize, input: usize| f32::from(u8::from(out == input));
        self.point(node, view, &places, [1, 1, len], same)?;
        let index = self.layers.len() - 1;
        let elements = ArrayD::from_shape_vec(view.dims().to_vec(), (0..len as i32).collect())?;
        let steps = self.layers[index].steps.clone();
        Ok(View { origin: Origin::Layer(index), elements: Arc::new(elements), steps })
    }
}

/// Where each position of a line lies among those that are neither zeros nor repeat the one before.
fn classes(
    len: usize,
    zero: impl Fn(usize) -> bool,
    same: impl Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let mut classes: Vec<Option<usize>> = Vec::new();
    let mut next = 0;
    for at in 0..len {
        let class = if zero(at) {
            None
        } else if at > 0 && classes[at - 1].is_some() && same(at - 1, at) {
            classes[at - 1]
        } else {
            next += 1;
            Some(next - 1)
        };
        classes.push(class);
    }
    classes
}

/// The first position of each class.
fn firsts(classes: &[Option<usize>]) -> Vec<usize> {
    let mut firsts = Vec::new();
    for (at, class) in classes.iter().enumerate() {
        if *class == Some(firsts.len()) {
            firsts.push(at);
        }
    }
    firsts
}

/// Which of the old features each new one is, and how many channels the old ones had.
struct Gather<'o> {
    old: &'o [usize],
    channels: usize,
}

/// Gives a dense layer the features `old` of its own, as a map of height, width, channels.
pub(crate) fn turn(layer: &mut Layer, old: &[usize], [height, width, channels]: [usize; 3]) {
    let (depth, positions) = (layer.channels_in, height * width);
    let before = layer.rows.output * layer.columns.output;
    let mut weights = Vec::with_capacity(old.len() * depth);
    for out in 0..channels {
        for position in 0..positions {
            let feature = old[position * channels + out];
            let (pixel, channel) = (feature / layer.channels_out, feature % layer.channels_out);
            weights.extend(&layer.weights[(channel * before + pixel) * depth..][..depth]);
        }
    }
    layer.weights = weights;
    (layer.rows, layer.columns) = (Layer::dense_axis(height), Layer::dense_axis(width));
    layer.channels_out = channels;
}

/// An operation's numbers, per feature of the new order, or per channel where that says the same.
fn gather_operation(operation: &mut Operation, gather: &Gather) {
    match operation {
        Operation::Affine { scale, shift } => {
            gather.apply(scale);
            gather.apply(shift);
            // Both are of one length.
            if scale.len() != shift.len() {
                let len = gather.old.len();
                for numbers in [scale, shift] {
                    *numbers = (0..len).map(|i| numbers[i % numbers.len()]).collect();
                }
            }
        }
        Operation::Slopes(slopes) => gather.apply(slopes),
        Operation::Function(_) | Operation::Both(_) | Operation::Choice(_) => {}
    }
}

impl Gather<'_> {
    fn apply(&self, numbers: &mut Vec<f64>) {
        if numbers.len() == 1 {
            return;
        }
        *numbers = self.old.iter().map(|&feature| numbers[feature % numbers.len()]).collect();
        let first = numbers[..self.channels].to_vec();
        if numbers.iter().enumerate().all(|(i, n)| *n == first[i % self.channels]) {
            *numbers = first;
        }
    }
}
