mod kinds;
mod shapes;

use super::*;
use crate::latent;
use crate::network::LayerKind;
use crate::network::naive;
use crate::onnx::graph::{self, Values, float, geometry, int, ints, text};
use crate::onnx::run::Onnx;
use crate::sketch::{self, Sketch, start};
use gen_core::format::write::DraftPart;
use tract_onnx::pb::tensor_proto::DataType;

/// What was imported computes what tract computes of the same file.
#[test]
fn networks_compute_what_tract_does() {
    let sources = [sketch::all().to_vec(), sketch::moved(), sketch::two_first()].concat();
    for source in sources {
        let network = import(&source, &Wishes::default()).unwrap();
        let onnx = Onnx::new(&source, network.inputs.clone(), &[&network.output.name]).unwrap();
        for seed in 0..4 {
            let z = latent::shown(seed, 0, &DraftPart::latent(&network.latent));
            let expected = onnx.run(&z).unwrap().swap_remove(0);
            let z: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
            let got = naive::run(&network, &z);
            let [height, width, channels] = network.last().output();
            assert_eq!(onnx.output_shape(), [1, channels, height, width]);
            for (i, expected) in expected.iter().enumerate() {
                let (c, at) = (i / (height * width), i % (height * width));
                let got = got[at * channels + c];
                assert!((got - f64::from(*expected)).abs() < 1e-5, "{got} {expected} at {i}");
            }
        }
    }
}

#[test]
fn kinds_and_shapes_are_recognised() {
    let kinds = |source| -> Vec<(LayerKind, [usize; 3])> {
        let network = import(&source, &Wishes::default()).unwrap();
        network.layers.iter().map(|layer| (layer.kind, layer.output())).collect()
    };
    let expected = [
        (LayerKind::Dense, [2, 2, 6]),
        (LayerKind::Transposed, [4, 4, 8]),
        (LayerKind::Plain, [4, 4, 5]),
        (LayerKind::Transposed, [8, 8, 3]),
    ];
    assert_eq!(kinds(sketch::dense_first()), expected);
    assert_eq!(
        kinds(sketch::all_dense()),
        [(LayerKind::Dense, [1, 1, 12]), (LayerKind::Dense, [4, 4, 3])]
    );
}

fn refused(source: Source, expected: &str) {
    let error = format!("{:#}", import(&source, &Wishes::default()).unwrap_err());
    assert!(error.starts_with("sketch.onnx: ") && error.contains(expected), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

/// A ConvTranspose on the latents with these attributes.
fn transposed(attributes: Vec<tract_onnx::pb::AttributeProto>) -> Source {
    Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 4], attributes).finish()
}

#[test]
fn attributes_that_cannot_be_converted_are_named() {
    let node = "node \"net/ConvTranspose3\" (ConvTranspose): attribute ";
    let cases = [
        (int("group", 3), "group = 3 on 4 channels"),
        (ints("dilations", &[300, 1]), "dilations = [300, 1]"),
        (ints("kernel_shape", &[3, 3]), "kernel_shape = [3, 3]"),
        (ints("pads", &[1, 1]), "pads = [1, 1]"),
        (ints("pads", &[300, 0, 0, 0]), "pads = [300, 0, 0, 0]"),
        (ints("strides", &[2]), "strides = [2]"),
        (float("group", 1.0), "group has the wrong type"),
        (int("storage", 1), "storage is not supported"),
    ];
    for (attribute, expected) in cases {
        refused(transposed(vec![attribute]), &format!("{node}{expected}"));
    }
    refused(transposed(vec![ints("strides", &[0, 1])]), "strides [0, 1]");
    refused(transposed(vec![ints("output_padding", &[1, 1])]), "must be below strides [1, 1]");
    refused(transposed(vec![ints("pads", &[2, 2, 2, 2])]), "its output is empty");

    refused(start().then("Flatten", &[], vec![int("axis", 4)]).finish(), "is [16, 1]");
    refused(start().then("Relu", &[], vec![int("alpha", 2)]).finish(), "attribute alpha");
    let unknown = vec![ints("order", &[0, 1, 3, 2])];
    refused(start().then("Transpose", &[], unknown).finish(), "attribute order is not supported");
    let shuffle = vec![int("blocksize", 1), text("mode", "DRC")];
    refused(start().then("DepthToSpace", &[], shuffle).finish(), "attribute mode = DRC");
    let ratio = vec![text("keep_aspect_ratio_policy", "not_larger")];
    refused(start().then("Resize", &[], ratio).finish(), "policy = not_larger: only stretch");
    let mut trained = start().batch_normalization(1);
    trained.graph.nodes[1].attribute.push(int("training_mode", 1));
    refused(trained.finish(), "(BatchNormalization): attribute training_mode = 1");
    let mut per_element = start().batch_normalization(1);
    per_element.graph.nodes[1].attribute.push(int("spatial", 0));
    refused(per_element.finish(), "attribute spatial = 0");
    let mut sketch = Sketch::new(&[4]);
    let weights = sketch.constant(&[4, 8], 1.0);
    refused(sketch.then("Gemm", &[&weights], vec![int("transA", 1)]).finish(), "transA = 1");
}

#[test]
fn operators_and_branches_are_refused_by_name() {
    refused(start().plain("Softmax").finish(), "node \"net/Softmax4\" (Softmax): this operator");
    let mut nameless = start().plain("Softmax");
    nameless.graph.nodes[1].name.clear();
    nameless.graph.nodes[1].output[0] = "there".to_owned();
    nameless.current = "there".to_owned();
    refused(nameless.finish(), "node \"there\" (Softmax)");
    let residual = start();
    let before = residual.current.clone();
    let residual = residual.convolution("Conv", [1, 1, 1], vec![]);
    refused(residual.then("Add", &[&before], vec![]).finish(), "a skip connection");
    refused(Sketch::new(&[4, 1, 1]).plain("Relu").finish(), "before the first Gemm");
    refused(Sketch::new(&[4]).plain("Identity").finish(), "has 0 layers");
    let mut deep = start();
    for _ in 0..16 {
        deep = deep.convolution("Conv", [1, 1, 1], vec![]);
    }
    refused(deep.finish(), "has 17 layers");
    let mut elsewhere = start().finish();
    elsewhere.proto.graph.as_mut().unwrap().output[0].name = "nowhere".to_owned();
    refused(elsewhere, "output \"nowhere\" does not depend on the latent");
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    refused(Sketch::new(&[-1]).plain("Relu").finish(), "no usable size at axis 1");
    refused(
        Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 2, 4], vec![]).finish(),
        "is [1, 2, 4, 4]",
    );
    refused(
        Sketch::new(&[5, 1, 1]).convolution("ConvTranspose", [4, 1, 4], vec![]).finish(),
        "weights expect 4 channels, the input has 5",
    );
    refused(
        Sketch::new(&[4]).convolution("ConvTranspose", [4, 1, 4], vec![]).finish(),
        "its input has rank 2",
    );
    refused(start().reshape(&[-1, 4, 2, 2]).finish(), "is [1, 4, 2, 2]");
    refused(start().reshape(&[-1, 5, 2, 2]).finish(), "cannot be reshaped to [-1, 5, 2, 2]");
    refused(start().reshape(&[2, 1, 4, 4]).finish(), "reshaped to [2, 1, 4, 4]");
    // Down to 1×1, and its channels as pixels.
    for (op, attributes) in [("Conv", vec![]), ("ConvTranspose", geometry(1, [3; 4], 0))] {
        let small = start().convolution(op, [1, 16, 4], attributes);
        let spread = small.plain("Relu").reshape(&[-1, 1, 4, 4]).finish();
        assert!(import(&spread, &Wishes::default()).unwrap().trailing_layers == 1);
    }
    refused(start().batch_normalization(3).finish(), "scale of shape [3] on 1 channels");
    let mut huge = Sketch::new(&[4, 1, 1]);
    for _ in 0..3 {
        huge = huge.convolution("ConvTranspose", [4, 4, 2], geometry(255, [0; 4], 253));
    }
    refused(huge.finish(), "elements, out of range");

    // Few weights in the file, 900·255·255·1200 as a dense layer.
    let giant = Sketch::new(&[1200, 1, 1]).convolution(
        "ConvTranspose",
        [1200, 900, 1],
        geometry(255, [0; 4], 254),
    );
    refused(
        giant.finish(),
        "node \"net/ConvTranspose3\" (ConvTranspose): needs 70227000000 weights",
    );
    let wide = Sketch::new(&[4, 1, 1]).convolution("Conv", [4, 1, 1], geometry(1, [255; 4], 0));
    refused(wide.finish(), "makes one element 511×511, possible: up to 255×255");
    let mut flat = Sketch::new(&[4]);
    let weights = flat.constant(&[4, 300], 1.0);
    let wide = flat.then("MatMul", &[&weights], vec![]).reshape(&[-1, 1, 1, 300]);
    refused(wide.finish(), "makes one element 1×300");

    let with_add = |dims: &[usize]| {
        let mut sketch = start();
        let summand = sketch.constant(dims, 1.0);
        sketch.then("Add", &[&summand], vec![]).convolution("Conv", [1, 1, 1], vec![]).finish()
    };
    refused(with_add(&[5]), "other input of shape [5] does not broadcast to [1, 1, 4, 4]");
    assert!(import(&with_add(&[4]), &Wishes::default()).is_ok());
    assert!(import(&with_add(&[1, 1, 1]), &Wishes::default()).is_ok());
    assert!(import(&with_add(&[1, 1, 4, 4]), &Wishes::default()).is_ok());
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let with = |weights: Values, dims: &[usize]| {
        let mut sketch = Sketch::new(&[2, 1, 1]);
        let weights = sketch.graph.constant("w", dims, weights);
        sketch.then("ConvTranspose", &[&weights], vec![]).finish()
    };
    refused(with(Values::Float(&[1.0, f32::NAN]), &[2, 1, 1, 1]), "its weights holds NaN");
    refused(with(Values::Float(&[1.0, f32::INFINITY]), &[2, 1, 1, 1]), "its weights holds inf");
    refused(with(Values::Int64(&[1, 2]), &[2, 1, 1, 1]), "not float32");
    refused(with(Values::Float(&[1.0, 2.0]), &[2, 1, 1]), "expected rank 4");
    refused(with(Values::Float(&[1.0, 2.0]), &[2, 2, 9, 9]), "does not match shape");
    let computed = Sketch::new(&[2, 1, 1]).then("ConvTranspose", &["elsewhere"], vec![]);
    refused(computed.finish(), "its input \"elsewhere\" is not there");
    let mut negative = Sketch::new(&[2, 1, 1]).convolution("ConvTranspose", [2, 1, 4], vec![]);
    let ones = negative.graph.constant("ones", &[1], Values::Float(&[1.0]));
    let below = negative.graph.constant("below", &[1], Values::Float(&[-1.0]));
    let source = negative.then("BatchNormalization", &[&ones, &ones, &ones, &below], vec![]);
    refused(source.finish(), "variance -1 of channel 0");
}

/// Constants keep the type of what they are computed from, and attributes that are not known are refused.
#[test]
fn constants_are_computed_as_onnx_defines_them() {
    let with = |attributes| {
        let mut sketch = start();
        let numbers = [("from", 0.0), ("to", 1.0), ("step", 0.25)];
        let names = numbers.map(|(name, n)| sketch.graph.constant(name, &[], Values::Float(&[n])));
        let range = sketch.graph.node("Range", "range", &names.each_ref().map(|it| &**it), vec![]);
        let range = sketch.graph.node("Exp", "exp", &[&range], attributes);
        sketch.then("Add", &[&range], vec![]).finish()
    };
    let step = &sketch::imported(&with(vec![])).layers[0].steps[1];
    let sum = [0.0, 0.25, 0.5, 0.75].map(|x: f64| 1.0 + f64::from(x.exp() as f32));
    assert_eq!([0, 1, 2, 3].map(|i| step.operation.at(1.0, i)), sum);
    refused(with(vec![float("alpha", 1.0)]), "attribute alpha is not supported");
}

/// Weights in a file beside the model, and not elsewhere.
#[test]
fn external_weights_stay_in_the_directory() {
    use tract_onnx::pb::{StringStringEntryProto, tensor_proto::DataLocation};
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    for place in [inner.join("weights.bin"), directory.path().join("outside.bin")] {
        std::fs::write(place, [0; 64]).unwrap();
    }
    let with = |location: &str| {
        let mut source =
            Sketch::new(&[1, 1, 1]).convolution("ConvTranspose", [1, 1, 4], vec![]).finish();
        source.path = inner.join("sketch.onnx");
        let weights = &mut source.proto.graph.as_mut().unwrap().initializer[0];
        weights.raw_data.clear();
        weights.data_location = Some(DataLocation::External as i32);
        let (key, value) = ("location".to_owned(), location.to_owned());
        weights.external_data = vec![StringStringEntryProto { key, value }];
        import(&source, &Wishes::default()).map(drop).map_err(|error| format!("{error:#}"))
    };
    assert_eq!(with("weights.bin"), Ok(()));
    for outside in ["../outside.bin", "/etc/passwd", "missing.bin"] {
        assert!(with(outside).unwrap_err().contains("external data"), "{outside}");
    }
}

/// A chain from `z`, and a second input.
fn with_input(name: &str, shape: &[i64], kind: DataType) -> Sketch {
    let mut sketch = Sketch::new(&[4, 1, 1]);
    sketch.inputs.push(graph::tensor(name, shape));
    sketch::declared(&mut sketch.inputs[1]).elem_type = kind as i32;
    sketch
}

/// The sketch going on from another tensor.
fn chain(mut sketch: Sketch, from: &str) -> Sketch {
    sketch.current = from.to_owned();
    sketch
}

#[test]
fn labels_and_latents_that_cannot_be_put_together_are_refused() {
    let up = |sketch: Sketch, inputs| sketch.convolution("ConvTranspose", [inputs, 1, 4], vec![]);
    let onehot = || with_input("label", &[3, 1, 1], DataType::Float);
    let refused = |sketch: Sketch, expected| refused(sketch.finish(), expected);
    refused(
        up(onehot().then("Mul", &["label"], vec![]), 4),
        "sum: choose the label with --label K",
    );
    // A label after the second layer.
    let axis = || vec![int("axis", 1)];
    let deep = || up(onehot(), 4).convolution("Conv", [1, 3, 4], vec![]);
    let product = deep().then("Mul", &["label"], vec![]);
    refused(product, "latents after the first layer: choose the label with --label K");
    refused(
        deep().then("Concat", &["label"], axis()),
        "come through more than one layer, where only constants can be",
    );
    // Two first layers of which one goes through another before they meet.
    let two = up(with_input("code", &[4, 1, 1], DataType::Float), 4);
    let map = two.current.clone();
    let two = up(chain(two, "code"), 4).convolution("Conv", [1, 1, 1], vec![]);
    refused(two.then("Concat", &[&map], axis()), "another layer too: put both beside each other");
    // One after a tanh, and one not.
    let two = up(with_input("code", &[4, 1, 1], DataType::Float), 4).plain("Tanh");
    let map = two.current.clone();
    let two = up(chain(two, "code"), 4).then("Concat", &[&map], axis());
    refused(two.convolution("ConvTranspose", [2, 1, 1], vec![]), "not ReLU or the like");
    let number = with_input("label", &[1], DataType::Int64);
    refused(up(number.then("Mul", &["label"], vec![]), 4), "does not tell how many there are");
}

/// `inputs` that are asked for in another way than they can be.
#[test]
fn labels_and_kinds_that_are_not_there_are_refused() {
    let up = |sketch: Sketch, inputs| sketch.convolution("ConvTranspose", [inputs, 1, 4], vec![]);
    let axis = || vec![int("axis", 1)];
    let onehot = |name: &str| {
        let sketch = with_input(name, &[3, 1, 1], DataType::Float);
        up(sketch.then("Concat", &[name], axis()), 7).finish()
    };
    let said = |source: Source, label: Option<usize>, kinds: &[&str]| {
        let kinds = kinds.iter().map(|kind| kind.parse().unwrap()).collect();
        import(&source, &Wishes { label, kinds, ..Wishes::default() })
    };
    let refused = |source: Source, label, kinds: &[&str], expected: &str| {
        let error = format!("{:#}", said(source, label, kinds).unwrap_err());
        assert!(error.contains(expected), "{error}");
    };
    refused(onehot("label"), Some(3), &[], "--label 3: \"label\" has 3 labels, from 0");
    refused(onehot("code"), Some(1), &[], "takes no label beside the latents");
    refused(onehot("code"), None, &["cod=one-hot"], "there is no such input, but z, code");
    let parts = |source, label, kinds: &[&str]| {
        said(source, label, kinds)
            .unwrap()
            .latent
            .into_iter()
            .map(|part| (part.name, part.len))
            .collect::<Vec<_>>()
    };
    let both = [("z".to_owned(), 4), ("code".to_owned(), 3)];
    assert_eq!(parts(onehot("code"), None, &["uniform"]), both);
    assert_eq!(parts(onehot("code"), Some(1), &["code=one-hot"]), both[..1]);

    // A number that is changed before it chooses.
    let table = |shift: f32| {
        let mut sketch = with_input("label", &[1], DataType::Int64);
        let more = sketch.graph.constant("more", &[], Values::Int64(&[i64::from(shift > 0.0)]));
        let rows = sketch.constant(&[5, 4], 1.0);
        let moved = sketch.graph.node("Add", "moved", &["label", &more], vec![]);
        let row = sketch.graph.node("Gather", "row", &[&rows, &moved], vec![int("axis", 0)]);
        let sizes = sketch.integers(&[-1, 4, 1, 1]);
        let row = sketch.graph.node("Reshape", "map", &[&row, &sizes], vec![]);
        up(sketch.then("Add", &[&row], vec![]), 4).finish()
    };
    assert_eq!(parts(table(0.0), None, &[])[1], ("label".to_owned(), 5));
    refused(table(1.0), None, &[], "(Gather): its label 0 is not number 0 here");
    refused(table(0.0), Some(5), &[], "--label 5: \"label\" has 5 labels, from 0");
    refused(
        table(0.0),
        None,
        &["label=normal"],
        "\"label\" is a label: leave --latent label=… out",
    );
    let pair = with_input("label", &[2], DataType::Int64);
    let mut pair = pair;
    let rows = pair.constant(&[5, 2], 1.0);
    let row = pair.graph.node("Gather", "row", &[&rows, "label"], vec![int("axis", 0)]);
    let sizes = pair.integers(&[-1, 4, 1, 1]);
    let row = pair.graph.node("Reshape", "map", &[&row, &sizes], vec![]);
    let pair = up(pair.then("Add", &[&row], vec![]), 4).finish();
    refused(pair, None, &[], "several labels in one input");
}

/// Labels that a few bytes make very many of.
#[test]
fn very_many_labels_are_refused() {
    for depth in [1_i64 << 20, i64::MAX] {
        let mut sketch = with_input("label", &[1], DataType::Int64);
        let depth = sketch.graph.constant("depth", &[], Values::Int64(&[depth]));
        let values = sketch.graph.constant("values", &[2], Values::Float(&[0.0, 1.0]));
        let inputs = ["label", &depth, &values];
        let hot = sketch.graph.node("OneHot", "hot", &inputs, vec![]);
        let sketch = sketch.then("Add", &[&hot], vec![]);
        refused(sketch.convolution("ConvTranspose", [4, 1, 4], vec![]).finish(), "of up to 16384");
    }
}
