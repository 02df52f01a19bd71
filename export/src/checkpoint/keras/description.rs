//! Keras' description of a model as a graph of layers.

use crate::checkpoint::keras::reference::{Reference, references};
use crate::checkpoint::tensor::Tensor;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Maximum depth of models inside models.
const DEPTH_LIMIT: usize = 16;

/// A Sequential or Functional model.
pub(super) struct Model {
    pub(super) name: String,
    pub(super) layers: Vec<Layer>,
    /// The tensors that it takes: outputs of input layers.
    pub(super) inputs: Vec<Reference>,
    /// The tensors that it gives.
    pub(super) outputs: Vec<Reference>,
    /// Names of tensors that the file has for this model and that no layer takes.
    pub(super) spare: Vec<String>,
}

/// A layer, perhaps a model itself.
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) config: Value,
    /// The shape of the input that it was built for, with the batch, if the file tells.
    pub(super) built: Value,
    /// What it is applied to: once, or several times if it is shared.
    pub(super) calls: Vec<Call>,
    /// The model that this layer is.
    pub(super) model: Option<Model>,
    /// Its weights in Keras' order.
    pub(super) variables: Vec<Tensor>,
}

/// One use of a layer.
#[derive(Default)]
pub(super) struct Call {
    pub(super) inputs: Vec<Reference>,
    /// Arguments that are no tensors, or tensors by name.
    pub(super) arguments: Map<String, Value>,
}

impl Model {
    /// The model that `value` describes. `depth`: of models around it.
    ///
    /// # Errors
    /// If it is of another class than Sequential and Functional, or damaged.
    pub(super) fn new(value: &Value, depth: usize) -> Result<Self> {
        let class = class(value);
        ensure!(
            is_model(value),
            "the model is of class {class}, whose layers the file does not describe: save its generator, a Sequential \
             or Functional model, alone, as by model.generator.save(\"generator.keras\")"
        );
        ensure!(depth < DEPTH_LIMIT, "has models nested deeper than {DEPTH_LIMIT}");
        let config = &value["config"];
        // Until version 2.2.2, a Sequential's configuration was the list of its layers.
        let described = config["layers"].as_array().or(config.as_array());
        let layers = described.into_iter().flatten().map(|layer| Layer::new(layer, depth));
        let mut model = Self {
            name: config["name"].as_str().unwrap_or("model").to_owned(),
            layers: layers.collect::<Result<_>>()?,
            inputs: vec![],
            outputs: vec![],
            spare: vec![],
        };
        ensure!(!model.layers.is_empty(), "model \"{}\" has no layers", model.name);
        if class == "Sequential" {
            model.chain(value);
        } else {
            model.connect(described.map_or(&[], Vec::as_slice), config)?;
        }
        Ok(model)
    }

    /// Makes each layer of a Sequential take the output of the one before.
    fn chain(&mut self, value: &Value) {
        if self.layers[0].class != "InputLayer" {
            let config = &value["config"];
            let inner = self.layers[0].model.as_ref();
            let inner = inner.and_then(|model| Some(&model.layers[model.inputs.first()?.layer]));
            let shapes = [
                &inner.unwrap_or(&self.layers[0]).config["batch_input_shape"],
                &config["build_input_shape"],
                &value["build_config"]["input_shape"],
            ];
            let shape = shapes.into_iter().find(|shape| shape.is_array());
            let name = format!("{}_input", self.layers[0].name);
            let config = json!({ "name": name, "batch_input_shape": shape });
            let class = "InputLayer".to_owned();
            let (calls, variables) = (vec![], vec![]);
            let built = Value::Null;
            let input = Layer { name, class, config, built, calls, model: None, variables };
            self.layers.insert(0, input);
        }
        for (before, layer) in self.layers[1..].iter_mut().enumerate() {
            let inputs = vec![Reference { layer: before, call: 0, output: 0 }];
            layer.calls = vec![Call { inputs, ..Call::default() }];
        }
        self.inputs = vec![Reference { layer: 0, call: 0, output: 0 }];
        self.outputs = vec![Reference { layer: self.layers.len() - 1, call: 0, output: 0 }];
    }

    /// Connects the layers of a Functional model as their `described` nodes say.
    fn connect(&mut self, described: &[Value], config: &Value) -> Result<()> {
        let mut names = HashMap::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let before = names.insert(layer.name.clone(), index);
            ensure!(before.is_none(), "two layers are called \"{}\"", layer.name);
        }
        for (layer, value) in self.layers.iter_mut().zip(described) {
            let nodes = value["inbound_nodes"].as_array();
            for node in nodes.into_iter().flatten() {
                let call = Call::new(node, &names);
                let call = call
                    .map_err(|why| anyhow!("layer \"{}\" ({}) {why:#}", layer.name, layer.class))?;
                layer.calls.push(call);
            }
        }
        self.inputs = references(&config["input_layers"], &names)?.0;
        self.outputs = references(&config["output_layers"], &names)?.0;
        ensure!(!self.outputs.is_empty(), "model \"{}\" has no outputs", self.name);
        self.renumber();
        Ok(())
    }

    /// Numbers the calls of each layer from 0. Keras 2 keeps number 0 of a nested model for the graph that it was made
    /// of, so that its calls begin at 1.
    fn renumber(&mut self) {
        let calls = self.layers.iter_mut().flat_map(|layer| &mut layer.calls);
        let inside = calls.flat_map(|call| &mut call.inputs);
        let mut all: Vec<_> = inside.chain(&mut self.inputs).chain(&mut self.outputs).collect();
        let mut first = HashMap::new();
        for reference in &all {
            let least = first.entry(reference.layer).or_insert(reference.call);
            *least = reference.call.min(*least);
        }
        for reference in &mut all {
            reference.call -= first[&reference.layer];
        }
    }
}

impl Layer {
    fn new(value: &Value, depth: usize) -> Result<Self> {
        let config = &value["config"];
        let name = value["name"].as_str().or(config["name"].as_str());
        let model = is_model(value).then(|| Model::new(value, depth + 1)).transpose()?;
        let name = name.or(model.as_ref().map(|model| model.name.as_str()));
        Ok(Self {
            name: name.context("a layer has no name")?.to_owned(),
            class: class(value),
            config: if model.is_some() { Value::Null } else { config.clone() },
            built: value["build_config"]["input_shape"].clone(),
            calls: vec![],
            model,
            variables: vec![],
        })
    }
}

/// Whether `value` describes a model with its layers.
fn is_model(value: &Value) -> bool {
    let config = &value["config"];
    let layers = config["layers"].is_array() || config.is_array();
    matches!(&*class(value), "Sequential" | "Functional" | "Model") && layers
}

/// The class of a serialised object, after its module if that isn't one of Keras' layers or models.
pub(super) fn class(value: &Value) -> String {
    let class = value["class_name"].as_str().unwrap_or("?");
    if let Some(own) = value["registered_name"].as_str().filter(|name| name.contains('>')) {
        return own.to_owned();
    }
    if let (Some(Value::Null), Some(own)) = (value.get("module"), value["registered_name"].as_str())
    {
        return format!("custom {own}");
    }
    match value["module"].as_str() {
        None | Some("keras" | "keras.layers" | "keras.models") => class.to_owned(),
        // The modules of Functional changed from version to version.
        Some(module) if module.contains(".models.") || module.contains(".engine.") => {
            class.to_owned()
        }
        Some(module) => format!("{module}.{class}"),
    }
}
