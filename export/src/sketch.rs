//! Small ONNX generators for tests.

use crate::import::import;
use crate::latent::wish::Wishes;
use crate::network::Network;
use crate::onnx::graph::{Graph, Values, float, geometry, int, tensor, text};
use crate::onnx::source::Source;
use crate::pipeline::{Export, Options, export};
use prost::Message;
use std::path::{Path, PathBuf};
use tract_onnx::pb::{AttributeProto, ValueInfoProto, type_proto};

/// Builder of an ONNX graph that is a chain of nodes.
pub(crate) struct Sketch {
    pub(crate) graph: Graph,
    pub(crate) current: String,
    pub(crate) inputs: Vec<ValueInfoProto>,
    random: u32,
    count: usize,
}

impl Sketch {
    /// A chain that begins with latents of `shape`, batch excluded.
    pub(crate) fn new(shape: &[i64]) -> Self {
        let graph = Graph { prefix: "net".to_owned(), ..Graph::default() };
        let inputs = vec![tensor("z", shape)];
        Self { graph, current: "z".to_owned(), inputs, random: 1, count: 0 }
    }

    /// `len` pseudo-random values within ±`largest`.
    pub(crate) fn random(&mut self, len: usize, largest: f32) -> Vec<f32> {
        let mut next = || {
            self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((self.random >> 8) as f32 / (1 << 23) as f32 - 1.0) * largest
        };
        (0..len).map(|_| next()).collect()
    }

    /// Adds a constant of random values within ±`largest` and returns its name.
    pub(crate) fn constant(&mut self, dims: &[usize], largest: f32) -> String {
        let values = self.random(dims.iter().product(), largest);
        self.add(dims, Values::Float(&values))
    }

    /// Adds a constant of int64 `values` and returns its name.
    pub(crate) fn integers(&mut self, values: &[i64]) -> String {
        self.add(&[values.len()], Values::Int64(values))
    }

    fn add(&mut self, dims: &[usize], values: Values) -> String {
        self.count += 1;
        self.graph.constant(&format!("c{}", self.count), dims, values)
    }

    /// Appends a node to the chain. Its inputs are the chain's end, then `more`.
    pub(crate) fn then(mut self, op: &str, more: &[&str], attributes: Vec<AttributeProto>) -> Self {
        self.count += 1;
        let current = self.current.clone();
        let inputs: Vec<&str> =
            [current.as_str()].into_iter().chain(more.iter().copied()).collect();
        self.current = self.graph.node(op, &format!("{op}{}", self.count), &inputs, attributes);
        self
    }

    /// Appends a ConvTranspose or Conv with random weights and bias.
    pub(crate) fn convolution(
        mut self,
        op: &str,
        [input, output, kernel]: [usize; 3],
        attributes: Vec<AttributeProto>,
    ) -> Self {
        let dims = if op == "Conv" { [output, input] } else { [input, output] };
        let largest = 1.5 / ((input * kernel) as f32).sqrt();
        let weights = self.constant(&[dims[0], dims[1], kernel, kernel], largest);
        let bias = self.constant(&[output], 0.2);
        self.then(op, &[&weights, &bias], attributes)
    }

    /// Appends a BatchNormalization with gammas of both signs.
    pub(crate) fn batch_normalization(mut self, channels: usize) -> Self {
        let gamma = self.constant(&[channels], 1.5);
        let [beta, mean] = [0.3, 0.3].map(|largest| self.constant(&[channels], largest));
        let variances: Vec<f32> =
            self.random(channels, 0.5).iter().map(|v| v.abs() + 0.2).collect();
        let variance = self.add(&[channels], Values::Float(&variances));
        let inputs = [gamma.as_str(), &beta, &mean, &variance];
        self.then("BatchNormalization", &inputs, vec![float("epsilon", 1e-3)])
    }

    pub(crate) fn reshape(mut self, shape: &[i64]) -> Self {
        let shape = self.integers(shape);
        self.then("Reshape", &[&shape], vec![])
    }

    pub(crate) fn plain(self, op: &str) -> Self {
        self.then(op, &[], vec![])
    }

    /// The finished file. Its output is the end of the chain.
    pub(crate) fn finish(self) -> Source {
        let output = tensor(&self.current, &[-1, -1, -1]);
        let proto = self.graph.model("sketch", self.inputs, output, vec![]);
        Source { path: PathBuf::from("sketch.onnx"), proto, sha256: [7; 32] }
    }
}

/// A chain of one layer, from 4 latents to a map of 1×4×4.
pub(crate) fn start() -> Sketch {
    Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 4], vec![])
}

/// Type and shape of a declared tensor.
pub(crate) fn declared(value: &mut ValueInfoProto) -> &mut type_proto::Tensor {
    let value = value.r#type.as_mut().and_then(|it| it.value.as_mut());
    let Some(type_proto::Value::TensorType(tensor)) = value else { unreachable!() };
    tensor
}

/// Writes `source` into `directory` and returns its path.
pub(crate) fn written(directory: &Path, source: &Source) -> PathBuf {
    let path = directory.join("sketch.onnx");
    std::fs::write(&path, source.proto.encode_to_vec()).unwrap();
    path
}

/// The export of `source`, with `options`.
pub(crate) fn exported(source: &Source, options: &Options) -> anyhow::Result<Export> {
    let directory = tempfile::tempdir().unwrap();
    export(&written(directory.path(), source), options, &|| ())
}

/// The network of `source`.
pub(crate) fn imported(source: &Source) -> Network {
    import(source, &Wishes::default()).unwrap()
}

/// Dense with BatchNorm per feature, transposed and plain convolutions, BatchNorm after ReLU and
/// LeakyReLU, tanh.
pub(crate) fn dense_first() -> Source {
    let mut sketch = Sketch::new(&[5]);
    let (weights, bias) = (sketch.constant(&[24, 5], 0.8), sketch.constant(&[24], 0.3));
    let attributes = vec![int("transB", 1), float("alpha", 0.5), float("beta", 2.0)];
    let sketch = sketch
        .then("Gemm", &[&weights, &bias], attributes)
        .batch_normalization(24)
        .plain("Relu")
        .reshape(&[-1, 6, 2, 2])
        .convolution("ConvTranspose", [6, 8, 3], geometry(2, [1, 1, 1, 1], 1))
        .plain("Relu")
        .batch_normalization(8)
        .convolution("Conv", [8, 5, 3], geometry(1, [1, 1, 1, 1], 0))
        .then("LeakyRelu", &[], vec![float("alpha", 0.3)])
        .batch_normalization(5)
        .convolution("ConvTranspose", [5, 3, 4], geometry(2, [1, 1, 1, 1], 0))
        .plain("Tanh");
    sketch.finish()
}

/// Cropped convolution of the latents, BatchNorm without activation, unequal pads, a hidden
/// sigmoid, clipped output.
pub(crate) fn odd_geometry() -> Source {
    let mut sketch = Sketch::new(&[4, 1, 1])
        .convolution("ConvTranspose", [4, 7, 5], geometry(2, [1, 0, 0, 2], 1))
        .batch_normalization(7)
        .convolution("Conv", [7, 6, 2], geometry(1, [1, 0, 0, 1], 0))
        .plain("Sigmoid")
        .convolution("ConvTranspose", [6, 1, 5], geometry(3, [2, 1, 0, 2], 2))
        .batch_normalization(1);
    let limits = [-1.0, 1.0]
        .map(|limit| sketch.graph.constant(&format!("limit{limit}"), &[], Values::Float(&[limit])));
    sketch.then("Clip", &[&limits[0], &limits[1]], vec![]).finish()
}

/// Dense layers only; the last nodes give the picture its shape.
pub(crate) fn all_dense() -> Source {
    let mut sketch = Sketch::new(&[6]);
    let (weights, bias) = (sketch.constant(&[6, 12], 0.6), sketch.constant(&[1, 12], 0.3));
    let (last, feature) = (sketch.constant(&[12, 48], 0.5), sketch.constant(&[48], 0.3));
    let summand = sketch.constant(&[3, 4, 4], 0.2);
    let sketch = sketch
        .then("MatMul", &[&weights], vec![])
        .then("Add", &[&bias], vec![])
        .then("LeakyRelu", &[], vec![])
        .then("Gemm", &[&last, &feature], vec![])
        .plain("Identity")
        .reshape(&[0, 3, 4, -1])
        .then("Add", &[&summand], vec![])
        .plain("Dropout")
        .plain("Sigmoid");
    sketch.finish()
}

/// Unsqueeze turns the latents into a 1×1 map for a convolution, Squeeze turns it back.
pub(crate) fn reshapes() -> Source {
    let mut sketch = Sketch::new(&[4]);
    let (axes, again) = (sketch.integers(&[2, 3]), sketch.integers(&[-2, -1]));
    let weights = sketch.constant(&[9, 32], 0.7);
    let bias = sketch.constant(&[1, 2, 1, 1], 0.3);
    let sketch = sketch
        .then("Unsqueeze", &[&axes], vec![])
        .convolution("Conv", [4, 9, 3], geometry(1, [1, 1, 1, 1], 0))
        .plain("Relu")
        .then("Squeeze", &[&again], vec![])
        .then("Flatten", &[], vec![])
        .then("MatMul", &[&weights], vec![])
        .reshape(&[1, 2, 4, 4])
        .then("Add", &[&bias], vec![])
        .convolution("Conv", [2, 1, 3], geometry(2, [0, 1, 1, 1], 0));
    sketch.finish()
}

/// All of the above.
pub(crate) fn all() -> [Source; 4] {
    [dense_first(), odd_geometry(), all_dense(), reshapes()]
}

/// A hidden tensor that is 0 for every latent: the picture is the next layer's bias alone.
pub(crate) fn dead() -> Source {
    let mut sketch = Sketch::new(&[4, 1, 1]);
    let weights = sketch.constant(&[4, 6, 4, 4], 0.1);
    let bias = sketch.graph.constant("bias", &[6], Values::Float(&[-50.0; 6]));
    let sketch = sketch
        .then("ConvTranspose", &[&weights, &bias], vec![])
        .plain("Relu")
        .convolution("ConvTranspose", [6, 3, 4], geometry(2, [1, 1, 1, 1], 0))
        .plain("Tanh");
    sketch.finish()
}

/// Maps that are cropped, repeated and padded, before both kinds of convolution and at the end.
pub(crate) fn moved() -> Vec<Source> {
    let start = || {
        Sketch::new(&[4, 1, 1])
            .convolution("ConvTranspose", [4, 6, 5], vec![])
            .convolution("Conv", [6, 5, 3], geometry(1, [1; 4], 0))
            .plain("Relu")
    };
    let cut = |mut sketch: Sketch, begin: i64, end: i64| {
        let [starts, ends] = [begin, end].map(|at| sketch.integers(&[at, at]));
        let axes = sketch.integers(&[2, 3]);
        sketch.then("Slice", &[&starts, &ends, &axes], vec![])
    };
    let twice = |mut sketch: Sketch| {
        let name = format!("scales{}", sketch.count);
        let scales = sketch.graph.constant(&name, &[4], Values::Float(&[1.0, 1.0, 2.0, 3.0]));
        let attributes = vec![
            text("coordinate_transformation_mode", "asymmetric"),
            text("nearest_mode", "floor"),
        ];
        sketch.then("Resize", &["", &scales], attributes)
    };
    let padded = |mut sketch: Sketch| {
        let pads = sketch.integers(&[0, 0, 2, 1, 0, 0, 0, 3]);
        sketch.then("Pad", &[&pads], vec![])
    };
    let up = || geometry(2, [1; 4], 0);
    let same = || geometry(1, [1; 4], 0);
    vec![
        cut(start(), 1, 4).convolution("ConvTranspose", [5, 3, 4], up()).finish(),
        cut(start(), 2, 5).convolution("Conv", [5, 3, 3], same()).finish(),
        cut(start(), 0, 4).convolution("Conv", [5, 1, 3], vec![]).finish(),
        cut(start().convolution("Conv", [5, 3, 3], vec![]), 1, 3).finish(),
        twice(start()).convolution("Conv", [5, 3, 3], same()).finish(),
        twice(start()).convolution("Conv", [5, 3, 4], geometry(2, [1, 1, 2, 0], 0)).finish(),
        cut(twice(start()), 1, 9).convolution("Conv", [5, 3, 3], same()).finish(),
        twice(start()).convolution("ConvTranspose", [5, 3, 3], up()).finish(),
        padded(start()).convolution("ConvTranspose", [5, 3, 3], vec![]).finish(),
        padded(start()).convolution("Conv", [5, 3, 3], vec![]).finish(),
        twice(start().convolution("Conv", [5, 3, 1], vec![])).finish(),
    ]
}

/// Two first layers that become one: concatenated, with BatchNormalization after their activations; and one
/// subtracted from the other.
pub(crate) fn two_first() -> Vec<Source> {
    let first = || {
        let mut sketch = Sketch::new(&[4, 1, 1]);
        sketch.inputs.push(tensor("code", &[3, 1, 1]));
        sketch.convolution("ConvTranspose", [4, 5, 3], vec![])
    };
    let second = |mut sketch: Sketch, channels: usize| {
        let before = std::mem::replace(&mut sketch.current, "code".to_owned());
        (before, sketch.convolution("ConvTranspose", [3, channels, 3], vec![]))
    };
    let (before, beside) = second(first().plain("LeakyRelu").batch_normalization(5), 2);
    let beside = beside.batch_normalization(2).plain("Relu").batch_normalization(2);
    let beside = beside.then("Concat", &[&before], vec![int("axis", 1)]);
    let (before, less) = second(first().batch_normalization(5), 5);
    let less = less.then("Sub", &[&before], vec![]).plain("Relu");
    let end = |sketch: Sketch, channels| {
        sketch.convolution("ConvTranspose", [channels, 3, 2], geometry(2, [0; 4], 0)).finish()
    };
    vec![end(beside, 7), end(less, 5)]
}
