//! What of a layer's map is cut off is not computed.

use crate::import::Walk;
use crate::import::view::{Origin, View, ZERO};
use crate::network::Kind;
use anyhow::Result;
use gen_core::axis::{Axis, Convolution};
use ndarray::ArrayD;
use std::ops::Range;
use std::sync::Arc;

impl Walk<'_> {
    /// If `view` shows only the middle of the newest layer's map: makes the layer give no more. Where a
    /// layer cannot, the view stays as it is.
    pub(crate) fn cut(&mut self, view: &View) -> Result<View> {
        let Origin::Layer(index) = view.origin else { return Ok(view.clone()) };
        if index + 1 != self.layers.len() || self.layers[index].kind == Kind::Dense {
            return Ok(view.clone());
        }
        let layer = &mut self.layers[index];
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
            return Ok(view.clone());
        }
        let cut = (shortened(&layer.rows, &rows), shortened(&layer.columns, &columns));
        let (Some(new_rows), Some(new_columns)) = cut else { return Ok(view.clone()) };
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
        Ok(View { elements: Arc::new(elements), ..view.clone() })
    }
}

/// An axis that gives some of its outputs only.
fn shortened(axis: &Axis, outputs: &Range<usize>) -> Option<Axis> {
    let pad = match axis.convolution {
        Convolution::Transposed => axis.pad + outputs.start,
        Convolution::Plain => axis.pad.checked_sub(outputs.start * axis.stride)?,
    };
    (pad <= crate::import::KERNEL_LIMIT).then_some(Axis { pad, output: outputs.len(), ..*axis })
}
