//! What becomes of descriptions written here, and the messages where they can't be converted.

use crate::checkpoint::Converted;
use crate::checkpoint::keras::generator;
use crate::checkpoint::read::hdf5::{Description, Variable};
use crate::checkpoint::settings::Settings;
use crate::checkpoint::tensor::Tensor;
use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;
use tract_onnx::pb::NodeProto;

/// Keras 2's `.h5` of the model that `json` describes, with weights of these layers, roles and shapes.
fn h5(json: &Value, weights: &[(&str, &str, &[usize])]) -> Result<Converted> {
    written_by("2.13.1", None, json, weights)
}

fn written_by(
    version: &str,
    backend: Option<&str>,
    json: &Value,
    weights: &[(&str, &str, &[usize])],
) -> Result<Converted> {
    let variables = weights.iter().map(|(layer, role, shape)| {
        let path = ["model_weights", layer, role].map(str::to_owned).to_vec();
        let len = shape.iter().product();
        let tensor = Tensor::new(path.join("/"), shape.to_vec(), move || Ok(vec![0.5; len]));
        Variable { path, layer: None, listed: true, tensor }
    });
    let (version, backend) = (version.to_owned(), backend.map(str::to_owned));
    let description = Description { json: json.to_string(), version, backend, archive: false };
    generator(&description, variables.collect(), &Settings::default(), Path::new("made.keras"))
}

fn layer(class: &str, mut config: Value) -> Value {
    if config["name"].is_null() {
        config["name"] = json!(class.to_lowercase());
    }
    json!({ "class_name": class, "config": config })
}

/// A Sequential model: a latent of 4 numbers, then `layers`.
fn sequential(layers: &[Value]) -> Value {
    let mut layers = layers.to_vec();
    layers[0]["config"]["batch_input_shape"] = json!([null, 4]);
    json!({ "class_name": "Sequential", "config": { "name": "s", "layers": layers } })
}

/// A picture of 8 × 8 pixels, made of a latent by a dense layer, and `last`.
fn picture(last: Value) -> Value {
    let dense = layer("Dense", json!({ "units": 64 }));
    sequential(&[dense, layer("Reshape", json!({ "target_shape": [8, 8, 1] })), last])
}

const DENSE: [(&str, &str, &[usize]); 2] =
    [("dense", "kernel:0", &[4, 64]), ("dense", "bias:0", &[64])];

#[track_caller]
fn refused(converted: Result<Converted>, expected: &str) {
    let Err(error) = converted else { panic!("not refused: {expected}") };
    let error = format!("{error:#}");
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("tf2onnx") && !error.contains('\n'), "{error}");
}

fn node(converted: Result<Converted>, operator: &str) -> NodeProto {
    let nodes = converted.unwrap().model.graph.unwrap().node;
    nodes.into_iter().find(|node| node.op_type == operator).unwrap()
}

fn number(node: &NodeProto, name: &str) -> f32 {
    node.attribute.iter().find(|it| it.name == name).unwrap().f
}

fn numbers(node: &NodeProto, name: &str) -> Vec<i64> {
    node.attribute.iter().find(|it| it.name == name).map_or(vec![], |it| it.ints.clone())
}

#[test]
fn what_is_not_supported_is_named() {
    let of = |class: &str, config: Value| h5(&picture(layer(class, config)), &DENSE);
    refused(of("Attention", json!({})), "layer \"attention\" (Attention) is not supported here");
    refused(of("Lambda", json!({})), "layer \"lambda\" (Lambda) is not supported here");
    refused(of("Activation", json!({ "activation": "softmax" })), "the activation \"softmax\"");
    refused(of("ReLU", json!({ "threshold": 1.0 })), "threshold");
    refused(of("Reshape", json!({ "target_shape": [-1, 7] })), "makes shape [-1, 7] of [8, 8, 1]");
    refused(of("Reshape", json!({ "target_shape": [0, -1] })), "makes shape");
    refused(of("Permute", json!({ "dims": [1, 1, 2] })), "dims [1, 1, 2]");
    refused(of("UpSampling2D", json!({ "interpolation": "bicubic" })), "bicubic");
    refused(of("Cropping2D", json!({ "cropping": [[4, 4], [0, 0]] })), "crops all");
    refused(of("BatchNormalization", json!({ "axis": [2] })), "normalises axis 2");
    refused(of("BatchNormalization", json!({ "axis": 4 })), "3 axes lacks");
    refused(of("Concatenate", json!({})), "has only one input");
    refused(of("Flatten", json!({ "data_format": "channels_first" })), "channels_first");
    let dilated = json!({ "filters": 1, "kernel_size": 3, "dilation_rate": 2 });
    refused(of("Conv2DTranspose", dilated), "dilation_rate");
    let convolution = |size: usize, padding: &str| {
        let config = json!({ "filters": 1, "kernel_size": size, "padding": padding });
        let kernel = [size, size, 1, 1];
        h5(
            &picture(layer("Conv2D", config)),
            &[DENSE[0], DENSE[1], ("conv2d", "kernel:0", &kernel), ("conv2d", "bias:0", &[1])],
        )
    };
    refused(convolution(9, "valid"), "has a kernel of 9 on a map of 8");
    refused(convolution(3, "causal"), "has the padding \"causal\"");
    assert!(convolution(9, "same").is_ok() && convolution(8, "valid").is_ok());
    refused(of("Dense", json!({ "units": -1 })), "has units -1, which is not understood");
    refused(of("ZeroPadding2D", json!({ "padding": [1 << 20, 1 << 10] })), "empty or too large");

    let own = json!({ "class_name": "Dense", "registered_name": "mine>Dense", "config": {} });
    refused(h5(&own, &[]), "of class mine>Dense, whose layers the file does not describe");
    refused(h5(&json!({}), &[]), "of class ?");
    refused(h5(&json!("text"), &[]), "of class ?");
}

#[test]
fn every_weight_is_used_once() {
    let none = || picture(layer("Dropout", json!({ "rate": 0.5 })));
    assert!(h5(&none(), &DENSE).is_ok());
    refused(h5(&none(), &DENSE[..1]), "layer \"dense\" (Dense) has no bias in the file");
    let other: [(&str, &str, &[usize]); 1] = [("dense", "kernel:0", &[64, 4])];
    refused(h5(&none(), &other), "of shape [64, 4], expected [4, 64]");
    let more = |layer, shape| h5(&none(), &[DENSE[0], DENSE[1], (layer, "gamma:0", shape)]);
    refused(
        more("dense", &[3]),
        "has no use for the weights \"model_weights/dense/gamma:0\" of shape [3]",
    );
    refused(more("dropout", &[3]), "has no use for");
    refused(more("other", &[3]), "the weights \"model_weights/other/gamma:0\" belong to no layer");
}

/// Versions differ in what a word means.
#[test]
fn defaults_are_those_of_the_version() {
    let leaky = |config: Value| {
        number(&node(h5(&picture(layer("LeakyReLU", config)), &DENSE), "LeakyRelu"), "alpha")
    };
    assert_eq!(leaky(json!({})), 0.3);
    assert_eq!(leaky(json!({ "alpha": 0.25 })), 0.25);
    assert_eq!(leaky(json!({ "negative_slope": 0.125 })), 0.125);
    let hard = picture(layer("Activation", json!({ "activation": "hard_sigmoid" })));
    for (version, alpha) in [("2.3.0-tf", 0.2), ("3.0.5", 1.0 / 6.0)] {
        let node = node(written_by(version, None, &hard, &DENSE), "HardSigmoid");
        assert_eq!(number(&node, "alpha"), alpha, "{version}");
    }
    let string = picture(layer("Activation", json!({ "activation": "leaky_relu" })));
    assert_eq!(number(&node(h5(&string, &DENSE), "LeakyRelu"), "alpha"), 0.2);

    // As Keras 2.2 wrote a Sequential: the list of its layers.
    let mut old = picture(layer("Dropout", json!({})));
    old["config"] = old["config"]["layers"].clone();
    assert!(h5(&old, &DENSE).is_ok());
}

/// Before 3.15, Keras 3 on PyTorch cut other edges off, and stored no output padding.
#[test]
fn what_a_version_leaves_open_is_said() {
    let config = json!({ "filters": 1, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "use_bias": false });
    let last = picture(layer("Conv2DTranspose", config));
    let weights = [DENSE[0], DENSE[1], ("conv2dtranspose", "kernel", &[3, 3, 1, 1])];
    let of = |version: &str, backend| written_by(version, backend, &last, &weights).unwrap();
    let doubts = |version: &str, backend| {
        let table = of(version, backend).table;
        ["other edges", "output_padding"].map(|text| table.contains(text))
    };
    assert_eq!(doubts("2.13.1", Some("tensorflow")), [false, false]);
    assert_eq!(doubts("3.0.5", Some("tensorflow")), [false, true]);
    assert_eq!(doubts("3.0.5", Some("torch")), [false, true]);
    assert_eq!(doubts("3.14.0", None), [true, true]);
    let pads = |backend| {
        let node = node(Ok(of("3.0.5", Some(backend))), "ConvTranspose");
        (numbers(&node, "pads"), numbers(&node, "output_padding"))
    };
    assert_eq!(pads("tensorflow"), (vec![0, 0, 1, 1], vec![]));
    assert_eq!(pads("torch"), (vec![1, 1, 1, 1], vec![1, 1]));

    let mut built = last.clone();
    let next = |shape: Value| json!({ "class_name": "ReLU", "config": { "name": "r" }, "build_config": { "input_shape": shape } });
    let mut with = |shape: Value| {
        let layers = built["config"]["layers"].as_array_mut().unwrap();
        layers.truncate(3);
        layers.push(next(shape));
        written_by("3.0.5", Some("tensorflow"), &built, &weights)
    };
    assert!(!with(json!([null, 16, 16, 1])).unwrap().table.contains("output_padding"));
    refused(
        with(json!([null, 17, 17, 1])),
        "was built for shape [null,17,17,1], but gets [16, 16, 1]",
    );
}

/// A Functional model with the given last layer.
fn functional(class: &str, node: Value) -> Value {
    let layer = |class: &str, config: Value, nodes: Value| json!({ "class_name": class, "name": config["name"], "config": config, "inbound_nodes": nodes });
    let layers = json!([
        layer("InputLayer", json!({ "name": "z", "batch_input_shape": [null, 4] }), json!([])),
        layer("Dense", json!({ "name": "dense", "units": 64 }), json!([[["z", 0, 0, {}]]])),
        layer(
            "Reshape",
            json!({ "name": "map", "target_shape": [8, 8, 1] }),
            json!([[["dense", 0, 0, {}]]])
        ),
        layer(class, json!({ "name": "last" }), json!([node])),
    ]);
    let (inputs, outputs) = (json!([["z", 0, 0]]), json!([["last", 0, 0]]));
    let config =
        json!({ "name": "m", "layers": layers, "input_layers": inputs, "output_layers": outputs });
    json!({ "class_name": "Functional", "config": config })
}

#[test]
fn a_graph_is_what_its_nodes_say() {
    let of = |class: &str, node: Value| h5(&functional(class, node), &DENSE);
    let tensor = |layer: &str| json!({ "class_name": "__keras_tensor__", "config": { "keras_history": [layer, 0, 0] } });
    for both in [
        json!([["map", 0, 0, {}], ["map", 0, 0, {}]]),
        json!({ "args": [[tensor("map"), tensor("map")]], "kwargs": {} }),
    ] {
        let add = node(of("Add", both), "Add");
        assert_eq!(add.input[0], add.input[1]);
    }
    assert!(of("Dropout", json!([["map", 0, 0, { "training": false, "mask": null }]])).is_ok());
    refused(
        of("Dropout", json!([["map", 0, 0, { "training": true }]])),
        "is called with training true",
    );
    refused(of("Add", json!([["map", 0, 0, { "y": ["dense", 0, 0] }]])), "is called with y");
    refused(of("Add", json!({ "args": [tensor("map"), 2.0], "kwargs": {} })), "is applied to 2.0");
    refused(of("Add", json!([["other", 0, 0, {}]])), "\"other\", which is no layer");
    refused(
        of("Add", json!([["map", 1, 0, {}], ["map", 0, 0, {}]])),
        "layer \"last\" (Add) lacks an input",
    );
    refused(
        of("Add", json!([["map", 0, 0, {}], ["dense", 0, 0, {}]])),
        "shapes [8, 8, 1] and [64]",
    );
    refused(of("Add", json!([["last", 0, 0, {}], ["map", 0, 0, {}]])), "lacks an input");
    let mut twice = functional("ReLU", json!([["map", 0, 0, {}]]));
    twice["config"]["layers"][2]["name"] = json!("dense");
    refused(h5(&twice, &DENSE), "two layers are called \"dense\"");
}

/// A model inside a model, `depth` times.
#[test]
fn models_are_nested_only_so_deep() {
    let nested = |depth: usize| {
        let inner =
            (0..depth).fold(picture(layer("Dropout", json!({}))), |inner, _| sequential(&[inner]));
        h5(&inner, &[])
    };
    refused(nested(15), "has no kernel in the file");
    refused(nested(16), "nested deeper than 16");
}

#[test]
fn a_generator_is_asked_for_where_several_are() {
    let part = |name: &str| {
        let mut model = picture(layer("Dropout", json!({ "name": format!("{name}_end") })));
        model["config"]["name"] = json!(name);
        model
    };
    let flat = layer("Dense", json!({ "units": 1, "name": "end", "use_bias": false }));
    let flatten = layer("Flatten", json!({}));
    let back = layer("Dense", json!({ "units": 4, "name": "back", "use_bias": false }));
    let both = sequential(&[
        part("a"),
        flatten,
        back,
        part("b"),
        layer("Flatten", json!({ "name": "f" })),
        flat,
    ]);
    let weights =
        ["a", "b"].map(|model| DENSE.map(|(layer, role, shape)| (model, layer, role, shape)));
    let variables = |shape: &[usize], path: &[&str]| {
        let (len, path) =
            (shape.iter().product(), path.iter().map(ToString::to_string).collect::<Vec<_>>());
        let tensor = Tensor::new(path.join("/"), shape.to_vec(), move || Ok(vec![0.5; len]));
        Variable { path, layer: None, listed: true, tensor }
    };
    let of = |key: Option<&str>| {
        let inside = weights.iter().flatten();
        let inside = inside.map(|(model, layer, role, shape)| {
            variables(shape, &["model_weights", model, layer, role])
        });
        let own = [("back", [64, 4]), ("end", [64, 1])];
        let own =
            own.iter().map(|(name, shape)| variables(shape, &["model_weights", name, "kernel:0"]));
        let (version, json) = ("2.3.0".to_owned(), both.to_string());
        let description = Description { json, version, backend: None, archive: false };
        let settings = Settings { key: key.map(str::to_owned), ..Settings::default() };
        generator(&description, inside.chain(own).collect(), &settings, Path::new("made.keras"))
    };
    refused(of(None), "has several generators: pass --key a or --key b");
    refused(of(Some("c")), "has no model \"c\" inside; it has a, b");
    assert!(of(Some("b")).unwrap().table.starts_with("taken from the key \"b\"\n"));
    let alone =
        sequential(&[layer("Dense", json!({ "units": 1, "name": "end", "use_bias": false }))]);
    refused(
        h5(&alone, &[("end", "kernel:0", &[4, 1])]),
        "the model gives shape [1], which is no picture",
    );
}
