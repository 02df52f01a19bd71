//! Translates a described model into ONNX, node by node.

use crate::checkpoint::keras::call::{Call, Value};
use crate::checkpoint::keras::config::Config;
use crate::checkpoint::keras::description::{self, Layer, Model};
use crate::checkpoint::keras::layer;
use crate::checkpoint::keras::reference::Reference;
use crate::checkpoint::keras::writer::{Doubt, Writer};
use crate::onnx::graph::{Graph, ints, labels, tensor};
use crate::onnx::shape::ELEMENT_LIMIT;
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{ModelProto, NodeProto};

/// Maximum number of calls of layers.
const CALL_LIMIT: usize = 4096;

/// A model as an ONNX graph.
pub(super) struct Translated {
    graph: Graph,
    pub(super) inputs: Vec<Value>,
    pub(super) outputs: Vec<Value>,
    /// The calls of layers in the graph's order.
    pub(super) calls: Vec<Row>,
}

/// A call of a layer, for the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) class: String,
    /// The output's shape in Keras' order, without the batch.
    pub(super) shape: Vec<usize>,
    /// What the file leaves open.
    pub(super) doubts: Vec<Doubt>,
    /// The output's name in the graph.
    output: String,
}

/// The graph of `model`, which `writer` wrote.
///
/// # Errors
/// If a layer is not supported, or weights are missing or left; the message names the layer.
pub(super) fn translate(model: &Model, writer: Writer) -> Result<Translated> {
    let mut translator = Translator { writer, ..Translator::default() };
    let outputs = translator.model(model, None)?;
    let Translator { graph, inputs, calls, .. } = translator;
    Ok(Translated { graph, inputs, outputs, calls })
}

#[derive(Default)]
struct Translator {
    writer: Writer,
    graph: Graph,
    /// The names in the graph.
    names: HashSet<String>,
    inputs: Vec<Value>,
    calls: Vec<Row>,
    /// Names of the models around, each with a slash behind it.
    path: String,
}

/// Outputs of the calls so far, by layer and call.
type Done = HashMap<(usize, usize), Vec<Value>>;

impl Translator {
    /// Adds `model` and returns its outputs. It takes the values `given`, or inputs of the graph.
    fn model(&mut self, model: &Model, given: Option<Vec<Value>>) -> Result<Vec<Value>> {
        let mut done = self.inputs(model, given)?;
        let mut before = None;
        while before != Some(done.len()) {
            before = Some(done.len());
            for (index, layer) in model.layers.iter().enumerate() {
                for (number, call) in layer.calls.iter().enumerate() {
                    let key = (index, number);
                    if done.contains_key(&key) {
                        continue;
                    }
                    let values = call
                        .inputs
                        .iter()
                        .map(|it| done.get(&(it.layer, it.call))?.get(it.output).cloned());
                    let Some(values) = values.collect::<Option<Vec<_>>>() else { continue };
                    let outputs = self.layer(layer, call, values).map_err(|why| {
                        let Layer { name, class, .. } = layer;
                        if layer.model.is_some() {
                            why
                        } else {
                            anyhow!("layer \"{}{name}\" ({class}) {why:#}", self.path)
                        }
                    })?;
                    done.insert(key, outputs);
                }
            }
        }
        if let [first, ..] = &model.spare[..] {
            bail!("the weights \"{first}\" belong to no layer of the description");
        }
        let output = |it: &Reference| {
            let outputs = done.get(&(it.layer, it.call));
            let output = outputs.and_then(|outputs| outputs.get(it.output)).cloned();
            let layer = &model.layers[it.layer];
            output.with_context(|| {
                format!("layer \"{}{}\" ({}) lacks an input", self.path, layer.name, layer.class)
            })
        };
        model.outputs.iter().map(output).collect()
    }

    /// The values of the input layers of `model`.
    fn inputs(&mut self, model: &Model, given: Option<Vec<Value>>) -> Result<Done> {
        let mut done = Done::new();
        if let Some(given) = given {
            ensure!(
                given.len() == model.inputs.len(),
                "model \"{}\" takes {} inputs, not {}",
                model.name,
                model.inputs.len(),
                given.len()
            );
            for (input, value) in model.inputs.iter().zip(given) {
                done.insert((input.layer, 0), vec![value]);
            }
            return Ok(done);
        }
        for input in &model.inputs {
            let layer = &model.layers[input.layer];
            let shape = shape(layer).with_context(|| {
                format!(
                    "input \"{}\" has a free size: fix it in Keras and save the model again",
                    layer.name
                )
            })?;
            limited(&layer.name, &shape)?;
            let value = Value { name: layer.name.clone(), shape, turned: false };
            ensure!(
                done.insert((input.layer, 0), vec![value.clone()]).is_none(),
                "has an input twice"
            );
            self.row(layer, &value, vec![])?;
            self.inputs.push(value);
        }
        Ok(done)
    }

    /// Adds a call of `layer` on `values` and returns its outputs.
    fn layer(
        &mut self,
        layer: &Layer,
        call: &description::Call,
        values: Vec<Value>,
    ) -> Result<Vec<Value>> {
        for (key, value) in &call.arguments {
            let usual = value.is_null() || (key == "training" && value == false);
            ensure!(usual, "is called with {key} {value}, which is not supported here");
        }
        if let Some(model) = &layer.model {
            let outside = self.path.len();
            self.path += &format!("{}/", layer.name);
            let outputs = self.model(model, Some(values));
            self.path.truncate(outside);
            return outputs;
        }
        if layer.calls.len() == 1 {
            self.confirm(layer, &values)?;
        }
        let mut doubts = vec![];
        let mut call = Call {
            config: Config(&layer.config),
            inputs: &values,
            variables: layer.variables.iter(),
            path: &format!("{}{}", self.path, layer.name),
            writer: self.writer,
            doubts: &mut doubts,
            graph: &mut self.graph,
            names: &mut self.names,
        };
        let value = layer::layer(&mut call, &layer.class)?;
        if let Some(left) = call.variables.next() {
            bail!("has no use for the weights \"{}\" of shape {:?}", left.name, left.shape);
        }
        limited(&layer.name, &value.shape)?;
        self.row(layer, &value, doubts)?;
        Ok(vec![value])
    }

    /// Compares the shape that `layer` was built for with its only input's. If they are the same, no layer before has an
    /// output padding that the file lacks.
    fn confirm(&mut self, layer: &Layer, values: &[Value]) -> Result<()> {
        let ([value], Some([_, built @ ..])) = (values, layer.built.as_array().map(Vec::as_slice))
        else {
            return Ok(());
        };
        let same = |(built, side): (&Json, &usize)| built.is_null() || *built == *side as u64;
        ensure!(
            built.len() == value.shape.len() && built.iter().zip(&value.shape).all(same),
            "was built for shape {}, but gets {:?}: the file lacks something about the layers before, such as an \
             output_padding",
            layer.built,
            value.shape
        );
        for row in self.calls.iter_mut().filter(|row| row.output == value.name) {
            row.doubts.retain(|doubt| *doubt != Doubt::OutputPadding);
        }
        Ok(())
    }

    fn row(&mut self, layer: &Layer, value: &Value, doubts: Vec<Doubt>) -> Result<()> {
        ensure!(self.calls.len() < CALL_LIMIT, "has more than {CALL_LIMIT} layers");
        let name = format!("{}{}", self.path, layer.name);
        let (class, shape, output) = (layer.class.clone(), value.shape.clone(), value.name.clone());
        self.calls.push(Row { name, class, shape, doubts, output });
        Ok(())
    }
}

/// Refuses an output of `layer` that is empty or too large.
fn limited(layer: &str, shape: &[usize]) -> Result<()> {
    let len = shape.iter().try_fold(1usize, |len, &side| len.checked_mul(side));
    let possible = len.is_some_and(|len| (1..=ELEMENT_LIMIT).contains(&len));
    ensure!(possible, "\"{layer}\" has the shape {shape:?}: empty or too large");
    Ok(())
}

/// The shape of an input layer, without the batch. `None` if a size is free.
fn shape(layer: &Layer) -> Option<Vec<usize>> {
    let config = Config(&layer.config);
    let shape = config.get("batch_shape").or(config.get("batch_input_shape"))?.as_array()?;
    let sides = shape.get(1..)?.iter();
    sides.map(|side| usize::try_from(side.as_u64()?).ok()).collect()
}

impl Translated {
    /// The ONNX model. Colours are the first axis of its pictures. `channels_first`: whether Keras has them so in maps that
    /// are in its own order.
    pub(super) fn onnx(mut self, channels_first: bool) -> Result<ModelProto> {
        let [Value { name, shape, turned }] = &self.outputs[..] else {
            let outputs = self.outputs.len();
            bail!("the model has {outputs} outputs: save one that gives only pictures");
        };
        let (mut name, mut shape) = (name.clone(), sizes(shape));
        if shape.len() == 3 && (*turned || !channels_first) {
            shape.rotate_right(1);
            if !turned {
                let axes = vec![ints("perm", &[0, 3, 1, 2])];
                name = self.graph.node("Transpose", "picture", &[&name], axes);
            }
        }
        ensure!(!self.graph.nodes.is_empty(), "the model computes nothing");
        let input = |input: &Value| {
            let mut readers =
                self.graph.nodes.iter().filter(|node| node.input.contains(&input.name));
            let declare = if readers.all(is_label) { labels } else { tensor };
            declare(&input.name, &sizes(&input.shape))
        };
        let inputs = self.inputs.iter().map(input).collect();
        let output = tensor(&name, &shape);
        Ok(self.graph.model("generator", inputs, output, vec![]))
    }
}

/// Whether `node` makes indices of what it reads.
fn is_label(node: &NodeProto) -> bool {
    node.op_type == "Cast"
}

fn sizes(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&side| side as i64).collect()
}
