//! References to tensors in Keras' description of a model.

use crate::checkpoint::keras::description::Call;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::HashMap;

/// A tensor inside a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The layer that gives it, an index.
    pub(super) layer: usize,
    /// Which of that layer's calls.
    pub(super) call: usize,
    /// Which of the layer's outputs.
    pub(super) output: usize,
}

/// Layers' indices by their names.
type Names = HashMap<String, usize>;

impl Call {
    /// The call that `node` describes: in Keras 3 an object of arguments, in Keras 2 a list of tensors.
    pub(super) fn new(node: &Value, names: &Names) -> Result<Self> {
        if let Some(arguments) = node["kwargs"].as_object() {
            let inputs = references(&node["args"], names)?.0;
            return Ok(Self { inputs, arguments: arguments.clone() });
        }
        let (inputs, arguments) = references(node, names)?;
        let arguments = arguments.and_then(|it| it.as_object().cloned()).unwrap_or_default();
        Ok(Self { inputs, arguments })
    }
}

/// The tensors that `value` names, in order, and the arguments that Keras 2 writes behind the first of them. Objects
/// other than tensors are in the order of their keys, as Keras flattens them.
pub(super) fn references<'a>(
    value: &'a Value,
    names: &Names,
) -> Result<(Vec<Reference>, Option<&'a Value>)> {
    let mut found = Vec::new();
    let mut arguments = None;
    // The values still to be looked at, the next one last.
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(object) => match value["config"].get("keras_history") {
                Some(history) => open.push(history),
                None => open.extend(object.values().rev()),
            },
            Value::Array(items) => match (items.first().and_then(Value::as_str), items.get(3)) {
                (Some(layer), more) => {
                    found.push(reference(layer, items, names)?);
                    arguments = arguments.or(more);
                }
                (None, _) => open.extend(items.iter().rev()),
            },
            Value::Null => {}
            other => bail!("is applied to {other}, which is no tensor"),
        }
    }
    Ok((found, arguments))
}

/// The tensor that `items` name: a layer, a call and an output.
fn reference(layer: &str, items: &[Value], names: &Names) -> Result<Reference> {
    let number = |at: usize| {
        let number = items.get(at).and_then(Value::as_u64);
        number.and_then(|number| usize::try_from(number).ok())
    };
    let index = names
        .get(layer)
        .with_context(|| format!("takes the output of \"{layer}\", which is no layer"))?;
    let (Some(call), Some(output)) = (number(1), number(2)) else {
        bail!("takes an output of \"{layer}\" that has no number");
    };
    ensure!(
        call < 1 << 16 && output < 1 << 16,
        "takes an output of \"{layer}\" of a damaged number"
    );
    Ok(Reference { layer: *index, call, output })
}
