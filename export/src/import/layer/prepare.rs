//! Prepares the newest layer to be read: a dense layer's features become a map, and borders that the graph cuts off are
//! not computed.

use crate::import::Importer;
use crate::import::layer::chain::check_dense;
use crate::import::layer::point::through;
use crate::import::node::Node;
use crate::import::view::{Origin, View, ZERO};
use crate::network::operation::Operation;
use crate::network::{KERNEL_LIMIT, Layer, LayerKind};
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};
use ndarray::{ArrayD, Axis as Dimension, IxDyn};
use std::ops::Range;
use std::sync::Arc;

/// Prepares the newest layer so that a node can read `view`, of rank 4; a view of the latent becomes a layer first.
/// Returns the same view of what the layer gives now.
pub(crate) fn prepare(importer: &mut Importer, node: Node, view: &View) -> Result<View> {
    let view = match view.origin {
        Origin::Latent => through(importer, node, view)?,
        Origin::Layer(_) => view.clone(),
    };
    let chain = &mut importer.chain;
    let Origin::Layer(index) = view.origin else { return Ok(view) };
    if !chain.is_newest(index) {
        return Ok(view);
    }
    let layer = &mut chain.layers[index];
    match layer.kind {
        LayerKind::Dense => spread(layer, node, view),
        LayerKind::Plain | LayerKind::Transposed => Ok(cut(layer, view)),
    }
}

/// Reorders the features of `layer`, which is dense, so that they are the map that `view` shows, without zeros around it
/// and without repeated rows and columns. Returns the same view of the map.
fn spread(layer: &mut Layer, node: Node, view: View) -> Result<View> {
    let elements = &view.elements;
    let &[1, channels, height, width] = elements.shape() else { return Ok(view) };
    let (rows, columns) = (classes(elements, 2), classes(elements, 3));
    let (ys, xs) = (firsts(&rows), firsts(&columns));
    ensure!(!ys.is_empty() && !xs.is_empty(), node.refuse("reads nothing but zeros"));
    let map = [ys.len(), xs.len(), channels];
    check_dense(node, layer.channels_in, map)?;
    // The layer's present features in HWC order of the map.
    let mut old = Vec::new();
    for (&y, &x) in ys.iter().flat_map(|y| xs.iter().map(move |x| (y, x))) {
        for c in 0..channels {
            let known = usize::try_from(elements[[0, c, y, x]]);
            old.push(known.map_err(|_| node.refuse("reads zeros in the middle of a map"))?);
        }
    }
    turn(layer, &old, map);
    let gather = Gather { old: &old, channels };
    let mut steps = view.steps.clone();
    steps.iter_mut().for_each(|step| gather.operation(&mut step.operation));
    let place = |at: &IxDyn| match (rows[at[2]], columns[at[3]]) {
        (Some(y), Some(x)) => ((y * xs.len() + x) * channels + at[1]) as i32,
        _ => ZERO,
    };
    let elements = ArrayD::from_shape_fn(vec![1, channels, height, width], |at| place(&at));
    Ok(View { origin: view.origin, elements: Arc::new(elements), steps })
}

/// Where each position along an axis lies among the positions that are neither zeros nor repeat the one before; none
/// for zeros.
fn classes(elements: &ArrayD<i32>, axis: usize) -> Vec<Option<usize>> {
    let line = |at: usize| elements.index_axis(Dimension(axis), at);
    let mut classes: Vec<Option<usize>> = Vec::new();
    let mut next = 0;
    for at in 0..elements.shape()[axis] {
        let class = if line(at).iter().all(|element| *element == ZERO) {
            None
        } else if at > 0 && classes[at - 1].is_some() && line(at - 1) == line(at) {
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
    (0..).map_while(|class| classes.iter().position(|it| *it == Some(class))).collect()
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

/// Reorders numbers of features.
struct Gather<'o> {
    /// Which of the old features each new one is.
    old: &'o [usize],
    /// Channels of the new map.
    channels: usize,
}

impl Gather<'_> {
    /// Gives `operation` its numbers for the new features, or for each channel where those of a channel agree.
    fn operation(&self, operation: &mut Operation) {
        match operation {
            Operation::Affine { scale, shift } => {
                self.numbers(scale);
                self.numbers(shift);
                // Both must have the same length.
                if scale.len() != shift.len() {
                    let len = self.old.len();
                    for numbers in [scale, shift] {
                        *numbers = (0..len).map(|i| numbers[i % numbers.len()]).collect();
                    }
                }
            }
            Operation::Slopes(slopes) => self.numbers(slopes),
            Operation::Function(_) | Operation::Both(_) | Operation::Choice(_) => {}
        }
    }

    fn numbers(&self, numbers: &mut Vec<f64>) {
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

/// If `view` shows only a part of what `layer`, a convolution, gives, makes the layer compute only that part, as far as
/// it can. Returns the same view of what the layer computes now.
fn cut(layer: &mut Layer, view: View) -> View {
    let [height, width, channels] = layer.output();
    let pixels = view.elements.iter().filter(|element| **element >= 0);
    let pixels = pixels.map(|element| *element as usize / channels);
    let (mut rows, mut columns) = (height..0, width..0);
    for pixel in pixels {
        let (y, x) = (pixel / width, pixel % width);
        rows = rows.start.min(y)..rows.end.max(y + 1);
        columns = columns.start.min(x)..columns.end.max(x + 1);
    }
    if rows.is_empty() || (rows == (0..height) && columns == (0..width)) {
        return view;
    }
    let cut = (shortened(&layer.rows, &rows), shortened(&layer.columns, &columns));
    let (Some(new_rows), Some(new_columns)) = cut else { return view };
    (layer.rows, layer.columns) = (new_rows, new_columns);
    let place = |element: i32| {
        if element < 0 {
            return ZERO;
        }
        let (pixel, channel) = (element as usize / channels, element as usize % channels);
        let (y, x) = (pixel / width - rows.start, pixel % width - columns.start);
        ((y * columns.len() + x) * channels + channel) as i32
    };
    View { elements: Arc::new(view.elements.mapv(place)), ..view }
}

/// `axis` with `outputs` as its only outputs; none if its padding cannot be that large or small.
fn shortened(axis: &Axis, outputs: &Range<usize>) -> Option<Axis> {
    let pad = match axis.convolution {
        Convolution::Transposed => axis.pad + outputs.start,
        Convolution::Plain => axis.pad.checked_sub(outputs.start * axis.stride)?,
    };
    (pad <= KERNEL_LIMIT).then_some(Axis { pad, output: outputs.len(), ..*axis })
}
