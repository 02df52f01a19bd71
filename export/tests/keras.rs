//! Models that Keras describes become the same generators: their pictures of the same latents and labels, made by
//! `tests/checkpoints/make_keras.py`.

use export::checkpoint::convert;
use export::checkpoint::settings::Settings;
use export::file::npz;
use export::import::import;
use export::latent::wish::Wishes;
use export::onnx::source::Source;
use ndarray::{ArrayD, Axis};
use ndarray_npy::ReadNpyExt;
use std::fs;
use std::path::{Path, PathBuf};
use tract_onnx::pb::{ModelProto, type_proto};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/checkpoints").join(name)
}

fn array(file: &str, name: &str) -> ArrayD<f32> {
    let bytes = npz::array(&fs::read(fixture(file)).unwrap(), name, 1 << 20, "").unwrap();
    ArrayD::read_npy(&*bytes).unwrap()
}

/// The pictures that tract draws of `model` for what the file `examples` has as its inputs, one after the other.
fn pictures(model: &ModelProto, examples: &str) -> Vec<Vec<f32>> {
    let declared = &model.graph.as_ref().unwrap().input;
    let inputs: Vec<_> = declared
        .iter()
        .map(|input| array(examples, if declared.len() > 1 { &input.name } else { "z" }))
        .collect();
    let parsed = tract_onnx::onnx().model_for_proto_model(model).unwrap();
    let types: Vec<_> =
        (0..inputs.len()).map(|at| parsed.input_fact(at).unwrap().datum_type).collect();
    (0..inputs[0].shape()[0])
        .map(|example| {
            let (mut parsed, mut values) = (parsed.clone(), tvec![]);
            for (at, input) in inputs.iter().enumerate() {
                let value = input.index_axis(Axis(0), example).insert_axis(Axis(0)).to_owned();
                let kind = types[at].concretize().unwrap();
                let value = Tensor::from(value).cast_to_dt(kind).unwrap().into_owned();
                parsed.set_input_fact(at, value.datum_type().fact(value.shape()).into()).unwrap();
                values.push(value.into());
            }
            let plan = parsed.into_optimized().unwrap().into_runnable().unwrap();
            let drawn = plan.run(values).unwrap().remove(0);
            drawn.to_plain_array_view::<f32>().unwrap().iter().copied().collect()
        })
        .collect()
}

/// Converts `file`, compares with the pictures in `examples`, and returns the model and the table.
fn same_pictures(file: &Path, settings: &Settings, examples: &str) -> (ModelProto, String) {
    let converted =
        convert(file, settings, Path::new("gen.onnx")).unwrap_or_else(|error| panic!("{error:#}"));
    let expected = array(examples, "image");
    let drawn = pictures(&converted.model, examples);
    assert_eq!(drawn.len(), expected.shape()[0]);
    for (drawn, expected) in drawn.iter().zip(expected.outer_iter()) {
        assert_eq!(drawn.len(), expected.len(), "{}\n{}", file.display(), converted.table);
        let far = drawn.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far <= 1e-4, "{}: {far} off\n{}", file.display(), converted.table);
    }
    (converted.model, converted.table)
}

#[test]
fn graphs_are_translated() {
    let files = [
        ("labelled.h5", "labelled.npz"),
        ("labelled.keras", "labelled.npz"),
        ("strange.h5", "strange.npz"),
        ("strange.keras", "strange.npz"),
        ("multiplied.h5", "multiplied.npz"),
        ("multiplied.keras", "multiplied.npz"),
    ];
    for (file, examples) in files {
        let (_, table) = same_pictures(&fixture(file), &Settings::default(), examples);
        assert!(!table.contains('*') && !table.contains("key"), "nothing is assumed:\n{table}");
    }
}

/// An archive numbers the layers of each class; the names that a user gave do not matter.
#[test]
fn names_of_an_archive_are_not_those_of_the_layers() {
    for file in ["renamed.h5", "renamed.keras", "renamed.windows.keras"] {
        same_pictures(&fixture(file), &Settings::default(), "renamed.npz");
    }
}

#[test]
fn the_generator_in_a_combined_model_is_found() {
    for file in ["combined.h5", "combined.keras"] {
        let (_, table) = same_pictures(&fixture(file), &Settings::default(), "combined.npz");
        assert!(table.contains("key \"generator\""), "{table}");
        let key = |key: &str| Settings { key: Some(key.to_owned()), ..Settings::default() };
        same_pictures(&fixture(file), &key("generator"), "combined.npz");
        let refused = |settings: &Settings, expected: &str| {
            let Err(error) = convert(&fixture(file), settings, Path::new("gen.onnx")) else {
                panic!("not refused")
            };
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        };
        refused(
            &key("critic"),
            "has no model \"critic\" inside; it has generator, discriminator, ",
        );
        let stride = Settings { stride: "2".parse().unwrap(), ..Settings::default() };
        refused(&stride, "the file describes its layers: --stride has no use");
    }
}

/// The importer sees a label, and a chain of layers.
#[test]
fn an_embedding_makes_a_label() {
    let (model, _) = same_pictures(&fixture("labelled.h5"), &Settings::default(), "labelled.npz");
    let declared = &model.graph.as_ref().unwrap().input;
    let types: Vec<_> =
        declared.iter().map(|it| it.r#type.clone().unwrap().value.unwrap()).collect();
    let element = |value: &type_proto::Value| match value {
        type_proto::Value::TensorType(tensor) => tensor.elem_type,
        #[allow(unreachable_patterns)]
        _ => 0,
    };
    assert_eq!(types.iter().map(element).collect::<Vec<_>>(), [1, 7], "floats, 64-bit integers");
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("labelled.onnx");
    fs::write(&path, prost::Message::encode_to_vec(&model)).unwrap();
    let network = import(&Source::load(&path).unwrap(), &Wishes::default()).unwrap();
    let labels: Vec<_> = network.inputs.iter().map(|input| (input.name(), input.number)).collect();
    assert_eq!(labels, [("noise", false), ("label", true)]);
    assert_eq!(network.last().output(), [6, 6, 1]);
}

/// A damaged description is read or refused in one line; nothing panics.
#[test]
fn damaged_descriptions_are_refused() {
    let mut random = 1u32;
    let mut next = |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % below
    };
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("damaged.h5");
    for name in ["labelled.h5", "combined.h5", "strange.h5", "multiplied.h5"] {
        let whole = fs::read(fixture(name)).unwrap();
        let find = |text: &[u8]| whole.windows(text.len()).position(|bytes| bytes == text);
        let begin = find(b"{\"class_name\"").unwrap();
        let len = whole[begin..].iter().position(|&byte| byte == 0).unwrap();
        let digits: Vec<_> =
            (begin..begin + len).filter(|&at| whole[at].is_ascii_digit()).collect();
        let mut refused = 0;
        for trial in 0..300 {
            let mut bytes = whole.clone();
            match trial % 3 {
                // A number, a size or an index becomes another one.
                0 => bytes[digits[next(digits.len())]] = b'0' + next(10) as u8,
                1 => bytes[begin + next(len)] = b" -0[]{}\","[next(9)],
                _ => bytes.swap(begin + next(len), begin + next(len)),
            }
            fs::write(&path, &bytes).unwrap();
            if let Err(error) = convert(&path, &Settings::default(), Path::new("gen.onnx")) {
                assert!(!format!("{error:#}").contains('\n'), "{error:#}");
                refused += 1;
            }
        }
        assert!(refused >= 100, "{name}: {refused} of 300 refused");
    }
}
