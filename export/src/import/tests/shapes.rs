//! Batches that a file declares, flat pictures, and several outputs.

use super::refused;
use crate::import::import;
use crate::latent::wish::Wishes;
use crate::network::Order;
use crate::onnx::graph::{Values, ints, tensor};
use crate::onnx::source::Source;
use crate::sketch::{self, Sketch, start};
use tract_onnx::pb::tensor_shape_proto::dimension::Value;

/// `source` with a declared batch.
fn with_batch(mut source: Source, batch: i64) -> Source {
    let graph = source.proto.graph.as_mut().unwrap();
    for value in graph.input.iter_mut().chain(&mut graph.output) {
        sketch::declared(value).shape.as_mut().unwrap().dim[0].value = Some(Value::DimValue(batch));
    }
    source
}

/// A declared batch is replaced by 1, with a note; but not if the pictures of a batch depend on each other.
#[test]
fn batches_are_replaced_or_refused() {
    let chain = || {
        let sketch = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 4, 2], vec![]);
        sketch.plain("Relu")
    };
    let last = |sketch: Sketch| sketch.convolution("Conv", [1, 3, 1], vec![]).finish();
    let network = sketch::imported(&with_batch(last(chain().reshape(&[6, 1, 4, 4])), 6));
    assert_eq!((network.batch, network.image()), (6, [4, 4, 3]));
    assert!(network.notes[0].ends_with("in that batch are the same"), "{:?}", network.notes);
    let free = sketch::imported(&last(chain().reshape(&[-1, 1, 4, 4])));
    assert_eq!((free.batch, free.notes), (1, vec![]));

    let repeated = |values: &[f32]| {
        let mut sketch = chain().reshape(&[-1, 1, 4, 4]);
        let summand = sketch.graph.constant("each", &[2, 1, 1, 1], Values::Float(values));
        with_batch(last(sketch.then("Add", &[&summand], vec![])), 2)
    };
    assert_eq!(sketch::imported(&repeated(&[0.5, 0.5])).batch, 2);
    refused(repeated(&[0.5, 0.25]), "shape [2, 1, 1, 1] does not broadcast");
    // Elements of all examples come before the next, and so each picture has some of each latent.
    let mixed = chain().then("Transpose", &[], vec![ints("perm", &[1, 2, 3, 0])]);
    let mixed = with_batch(last(mixed.reshape(&[2, 1, 4, 4])), 2);
    refused(mixed, "fixed batch of 2, in which each picture depends on the whole batch");
    refused(with_batch(last(chain().reshape(&[-1, 1, 4, 4])), 300), "fixed batch of 300: export");
    let mut two = sketch::two_first().remove(0);
    two = with_batch(two, 6);
    let other = &mut two.proto.graph.as_mut().unwrap().input[1];
    sketch::declared(other).shape.as_mut().unwrap().dim[0].value = Some(Value::DimValue(1));
    refused(two, "\"z\" has a fixed batch of 6 and \"code\" one of 1");
}

/// A flat output is a square picture, or what the user says.
#[test]
fn flat_outputs_are_pictures() {
    let flat = |len: usize| {
        let mut sketch = Sketch::new(&[4]);
        let weights = sketch.constant(&[4, len], 1.0);
        sketch.then("Gemm", &[&weights], vec![]).plain("Tanh").finish()
    };
    let read = |len, shape: Option<&str>| {
        let shape = shape.map(|shape| shape.parse().unwrap());
        import(&flat(len), &Wishes { shape, ..Wishes::default() })
    };
    let image = |len, shape| {
        let network = read(len, shape).unwrap();
        (network.image(), network.picture.interleaved, network.notes.len())
    };
    assert_eq!(image(36, None), ([6, 6, 1], false, 1));
    assert_eq!(image(48, None), ([4, 4, 3], false, 1));
    assert_eq!(image(48, Some("4x4x3")), ([4, 4, 3], true, 0));
    assert_eq!(image(48, Some("1x8x6")), ([8, 6, 1], false, 0));
    refused(flat(40), "give the shape of its pictures, for example --shape 3x48x64");
    let error = format!("{:#}", read(40, Some("3x4x4")).unwrap_err());
    assert!(
        error.contains("[1, 40]: it cannot be read in the shape [3, 4, 4] of --shape"),
        "{error}"
    );
    for wrong in ["", "3x4", "2x4x4", "3x0x4", "3x4x4x4", "3x4x99999"] {
        assert!(wrong.parse::<Order>().is_err(), "{wrong}");
    }
    // After a convolution the places are known.
    let map = start().convolution("Conv", [1, 3, 1], vec![]).plain("Flatten").finish();
    let network = sketch::imported(&map);
    assert_eq!((network.image(), network.notes), ([4, 4, 3], vec![]));
}

#[test]
fn the_picture_is_chosen_among_several_outputs() {
    let mut source = start().plain("Tanh").finish();
    let graph = source.proto.graph.as_mut().unwrap();
    let before = graph.node[0].output[0].clone();
    graph.output.push(tensor(&before, &[1, 4, 4]));
    let read = |output: &str| {
        let output = Some(output.to_owned());
        import(&source, &Wishes { output, ..Wishes::default() })
    };
    assert_eq!(read(&before).unwrap().output.name, before);
    assert_eq!(read("net/Tanh4").unwrap().layers[0].steps.len(), 2);
    let error = format!("{:#}", read("logits").unwrap_err());
    assert!(
        error.contains("--output logits: there is no such output; choose one of net/Tanh4 ["),
        "{error}"
    );
    refused(
        source.clone(),
        &format!("--output NAME: net/Tanh4 [N, ?, ?, ?], {before} [N, 1, 4, 4]"),
    );
}
