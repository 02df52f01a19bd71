//! Gemm and MatMul nodes.

use crate::import::Importer;
use crate::import::layer::chain::{Chain, check_dense};
use crate::import::layer::point::point;
use crate::import::node::Node;
use crate::import::view::View;
use crate::network::operation::Operation;
use crate::network::{KERNEL_LIMIT, Layer};
use anyhow::{Result, ensure};
use gen_core::axis::{Axis, Convolution};
use ndarray::ArrayD;
use std::sync::Arc;

/// The output of `node`, a Gemm that reads `view`.
pub(crate) fn gemm(importer: &mut Importer, node: Node, view: &View) -> Result<View> {
    node.expect(3, "alpha beta transA transB broadcast")?;
    ensure!(node.int("transA", 0)? == 0, node.refuse("attribute transA = 1 is not supported"));
    let (alpha, beta) = (node.float("alpha", 1.0)?, node.float("beta", 1.0)?);
    let transposed = node.int("transB", 0)? != 0;
    let output = dense(importer, node, view, transposed)?;
    let features = output.elements.len();
    let shift = if node.input(2).is_empty() {
        vec![0.0; features]
    } else {
        let (shape, values) = importer.scope.floats(node, 2, "bias")?;
        let bias = match values[..] {
            [one] => vec![one; features],
            _ if values.len() == features && shape.last() == Some(&features) => values,
            _ => return Err(node.refuse(format!("bias of shape {shape:?} does not fit"))),
        };
        bias.iter().map(|&b| beta * f64::from(b)).collect()
    };
    if alpha == 1.0 && shift.iter().all(|b| *b == 0.0) {
        return Ok(output);
    }
    let operation = Operation::Affine { scale: vec![alpha; features], shift };
    importer.forms.then(node, &output, operation)
}

/// The output of `node`, a MatMul that reads `view`.
pub(crate) fn matmul(importer: &mut Importer, node: Node, view: &View) -> Result<View> {
    node.expect(2, "")?;
    dense(importer, node, view, false)
}

/// Adds a layer with the weights of input 1, `[in, out]` or `transposed`, that reads the latent or a whole map.
fn dense(importer: &mut Importer, node: Node, view: &View, transposed: bool) -> Result<View> {
    let (shape, values) = importer.scope.floats(node, 1, "weights")?;
    let [rows, columns] = shape[..] else {
        return Err(node.refuse(format!("weights of shape {shape:?}, expected rank 2")));
    };
    let (inputs, features) = if transposed { (columns, rows) } else { (rows, columns) };
    let dims = view.dims().to_vec();
    let flat = dims.last() == Some(&inputs) && view.elements.len() == inputs && features > 0;
    ensure!(flat, node.refuse(format!("weights of shape {shape:?} on shape {dims:?}")));
    let weight = |out: usize, input: usize| match transposed {
        true => values[out * inputs + input],
        false => values[input * features + out],
    };
    if importer.chain.is_point(view) {
        point(importer, node, view, [1, 1, features], weight)?;
    } else {
        on_map(&mut importer.chain, node, view, features, weight)?;
    }
    let newest = importer.chain.newest();
    let output = [&dims[..dims.len() - 1], &[features]].concat();
    let elements = ArrayD::from_shape_vec(output, newest.elements.iter().copied().collect())?;
    Ok(View { elements: Arc::new(elements), ..newest })
}

/// Adds a layer of `features` features that reads a whole map: a convolution whose kernel is as large as the map.
fn on_map(
    chain: &mut Chain,
    node: Node,
    view: &View,
    features: usize,
    weight: impl Fn(usize, usize) -> f32,
) -> Result<()> {
    let index = chain.close(node, view)?;
    let [height, width, depth] = chain.layers[index].output();
    let inputs = height * width * depth;
    check_dense(node, inputs, [1, 1, features])?;
    let mut weights = vec![0.0; features * inputs];
    for out in 0..features {
        for (input, &element) in view.elements.iter().enumerate() {
            if element >= 0 {
                weights[out * inputs + element as usize] += weight(out, input);
            }
        }
    }
    let convolution = Convolution::Plain;
    let axis = |side| Axis { convolution, input: side, output: 1, kernel: side, stride: 1, pad: 0 };
    let sides = height <= KERNEL_LIMIT && width <= KERNEL_LIMIT;
    ensure!(sides, node.refuse(format!("reads a map of {height}×{width}: too large")));
    let (axes, channels) = ([axis(height), axis(width)], [depth, features]);
    chain.layers.push(Layer::convolution(node.name(), axes, channels, weights));
    Ok(())
}
