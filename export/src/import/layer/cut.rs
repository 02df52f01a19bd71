//! Cuts a layer's output down to what the next layer reads, so that borders that a graph cuts off are not computed.

use crate::import::layer::chain::{Chain, KERNEL_LIMIT};
use crate::import::view::{Origin, View, ZERO};
use crate::network::LayerKind;
use gen_core::axis::{Axis, Convolution};
use ndarray::ArrayD;
use std::ops::Range;
use std::sync::Arc;

/// If `view` shows only a part of the newest layer's output, makes the layer compute only that part, as far as it can.
/// The same view of what the layer computes now.
pub(crate) fn cut(chain: &mut Chain, view: &View) -> View {
    let Origin::Layer(index) = view.origin else { return view.clone() };
    if !chain.is_newest(index) || chain.layers[index].kind == LayerKind::Dense {
        return view.clone();
    }
    let layer = &mut chain.layers[index];
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
        return view.clone();
    }
    let cut = (shortened(&layer.rows, &rows), shortened(&layer.columns, &columns));
    let (Some(new_rows), Some(new_columns)) = cut else { return view.clone() };
    (layer.rows, layer.columns) = (new_rows, new_columns);
    let place = |element: i32| {
        if element < 0 {
            return ZERO;
        }
        let (pixel, channel) = (element as usize / channels, element as usize % channels);
        let (y, x) = (pixel / width - rows.start, pixel % width - columns.start);
        ((y * columns.len() + x) * channels + channel) as i32
    };
    let elements: ArrayD<i32> = view.elements.mapv(place);
    View { elements: Arc::new(elements), ..view.clone() }
}

/// `axis` with `outputs` as its only outputs; none if its padding cannot be that large or small.
fn shortened(axis: &Axis, outputs: &Range<usize>) -> Option<Axis> {
    let pad = match axis.convolution {
        Convolution::Transposed => axis.pad + outputs.start,
        Convolution::Plain => axis.pad.checked_sub(outputs.start * axis.stride)?,
    };
    (pad <= KERNEL_LIMIT).then_some(Axis { pad, output: outputs.len(), ..*axis })
}
