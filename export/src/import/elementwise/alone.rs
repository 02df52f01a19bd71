//! Operators on one view that take more than a function's attributes.

use crate::import::Importer;
use crate::import::node::Node;
use crate::import::value::Scope;
use crate::import::view::View;
use crate::network::function::Function;
use crate::network::operation::Operation;
use anyhow::{Result, ensure};

/// −`view`
pub(crate) fn neg(importer: &mut Importer, node: Node, view: &View) -> Result<View> {
    node.expect(1, "")?;
    importer.forms.then(node, view, Operation::Affine { scale: vec![-1.0], shift: vec![0.0] })
}

/// `view` after a PRelu, whose slopes are input 1.
pub(crate) fn p_relu(importer: &mut Importer, node: Node, view: &View) -> Result<View> {
    node.expect(2, "")?;
    let slopes = importer.scope.constant(node, 1, "slope")?;
    let slopes = importer.elements(view).of_tensor(node, view, slopes, "slope")?;
    importer.forms.then(node, view, Operation::Slopes(slopes))
}

/// `view` after a Clip.
pub(crate) fn clip(importer: &mut Importer, node: Node, view: &View) -> Result<View> {
    let function = clip_limits(&importer.scope, node)?;
    importer.forms.then(node, view, Operation::Function(function))
}

/// What a Clip does. The limits are attributes before opset 11 and inputs since; a missing one is infinite.
pub(crate) fn clip_limits(scope: &Scope, node: Node) -> Result<Function> {
    node.expect(3, "min max")?;
    let limit = |index: usize, name, missing: f32| {
        // The ends of float32 are what old exporters write for no limit.
        let end = missing.clamp(f32::MIN, f32::MAX);
        let value = if node.input(index).is_empty() {
            node.float(name, end)?
        } else {
            let numbers = scope.constant(node, index, name)?.numbers();
            ensure!(numbers.len() == 1, node.refuse(format!("{name} is not one number")));
            numbers[0]
        };
        let value = if value == f64::from(end) { f64::from(missing) } else { value };
        Ok::<_, anyhow::Error>(value)
    };
    let (low, high) = (limit(1, "min", f32::NEG_INFINITY)?, limit(2, "max", f32::INFINITY)?);
    ensure!(low < high, node.refuse(format!("limits {low} and {high} leave nothing between")));
    Ok(match (low, high) {
        (0.0, f64::INFINITY) => Function::Relu,
        _ => Function::Clip(low, high),
    })
}

/// `view` after BatchNormalization, as a scale and a shift of each channel.
pub(crate) fn batch_normalization(
    importer: &mut Importer,
    node: Node,
    view: &View,
) -> Result<View> {
    node.expect(5, "epsilon momentum training_mode spatial is_test consumed_inputs")?;
    ensure!(
        node.int("training_mode", 0)? == 0 && node.0.output.len() == 1,
        node.refuse("attribute training_mode = 1: export in inference mode, model.eval()")
    );
    ensure!(
        node.int("spatial", 1)? == 1,
        node.refuse("attribute spatial = 0 is not supported: export with opset 9 or later")
    );
    let epsilon = node.float("epsilon", 1e-5)?;
    let view = &importer.forms.distinct(node, view)?;
    let channels = view.dims().get(1).copied().unwrap_or(0);
    let vector = |index, what| {
        let tensor = importer.scope.floats(node, index, what)?;
        ensure!(
            tensor.1.len() == channels,
            node.refuse(format!("{what} of shape {:?} on {channels} channels", tensor.0))
        );
        Ok(tensor.1.into_iter().map(f64::from).collect::<Vec<_>>())
    };
    let (gamma, beta) = (vector(1, "scale")?, vector(2, "bias")?);
    let (mean, variance) = (vector(3, "mean")?, vector(4, "variance")?);
    if let Some(channel) = variance.iter().position(|v| v + epsilon <= 0.0) {
        let value = variance[channel];
        let what = format!("variance {value} of channel {channel} is not positive");
        return Err(node.refuse(what));
    }
    let scale: Vec<f64> =
        (0..channels).map(|c| gamma[c] / (variance[c] + epsilon).sqrt()).collect();
    let shift: Vec<f64> = (0..channels).map(|c| beta[c] - mean[c] * scale[c]).collect();
    let elements = importer.elements(view);
    let scale = elements.of_channels(node, view, &scale)?;
    let shift = elements.of_channels(node, view, &shift)?;
    importer.forms.then(node, view, Operation::Affine { scale, shift })
}
