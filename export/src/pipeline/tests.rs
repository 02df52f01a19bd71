use super::*;
use crate::draw::{File, Generator};
use crate::latent;
use crate::latent::wish::Wishes;
use crate::onnx::graph::{Values, float, geometry, ints, tensor};
use crate::picture::Planes;
use crate::picture::fidelity::Fidelity;
use crate::picture::pixel_rule::PixelRule;
use crate::picture::psnr::psnr;
use crate::quantize::mix::Goal;
use crate::report::{Chosen, inspect, text};
use crate::sketch;
use crate::sketch::{Sketch, written};
use gen_core::format::write::DraftPart;
use prost::Message;
use std::sync::atomic::{AtomicUsize, Ordering};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, type_proto};

/// Options for few pictures, in 8 bits.
fn few() -> Options {
    Options { activations: Some(8), weights: Some(8), ..open() }
}

/// Options for few pictures that leave the mix of 8 and 12 bits open.
fn open() -> Options {
    Options { calibrate: 8, compare: 4, ..Options::default() }
}

/// Asserts that the export of `source` is refused with a message that contains all of `expected`.
fn refused(source: &Source, options: &Options, expected: &[&str]) {
    let error = format!("{:#}", sketch::exported(source, options).unwrap_err());
    assert!(expected.iter().all(|part| error.contains(part)), "{error}");
}

/// What `export inspect` shows of the file at `path`.
fn inspected(path: &Path) -> Result<Layout> {
    inspect::inspect(&File::load(path)?, &Wishes::default())
}

#[test]
fn exports_are_complete_repeatable_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    for source in sketch::all() {
        let path = written(directory.path(), &source);
        let options = few();
        let count = AtomicUsize::new(0);
        let counted = || {
            count.fetch_add(1, Ordering::Relaxed);
        };
        let first = export(&path, &options, &counted).unwrap();
        let again = export(&path, &options, &|| ()).unwrap();
        assert_eq!((&first.gen_file, &first.onnx), (&again.gen_file, &again.onnx));
        assert!(count.into_inner() <= options.pictures());

        let model = Model::parse(&first.gen_file).unwrap();
        let layout = &first.report.layout;
        assert_eq!(layout.working_memory_bytes, model.working_memory());
        assert_eq!(layout.flash_bytes, first.gen_file.len());
        assert_eq!((model.name(), layout.name.as_str()), ("sketch", "sketch"));
        assert_eq!(model.source(), &Source::load(&path).unwrap().sha256);
        for table in &first.report.tables {
            assert!(table.layer.starts_with("net/") && table.entries == 4096, "{table:?}");
        }

        // The worst pictures are those of their seeds, in order.
        let worst = &first.report.worst;
        assert_eq!((worst.len(), worst[0].seed), (options.compare, first.report.worst_seed));
        assert!(worst.is_sorted_by(|a, b| a.psnr <= b.psnr));
        let float = Generator::onnx(&source, &Wishes::default(), None).unwrap();
        let device = Generator::gen_file(&first.gen_file).unwrap();
        for worst in worst {
            let z = latent::shown(worst.seed, 0, &DraftPart::latent(&device.latent));
            let [a, b] = [&float, &device].map(|it| it.picture(&z).unwrap());
            assert_eq!(psnr(&a, &b), worst.psnr);
        }

        // `inspect` predicts the layout from the ONNX alone.
        let expected = inspected(&path).unwrap();
        assert_eq!(serde_json::to_value(expected).unwrap(), serde_json::to_value(layout).unwrap());
    }
}

/// The QDQ ONNX is close to the device in all widths, but not equal: runtimes may round an element to the neighbouring
/// step, and the next layers pass that on.
#[test]
fn qdq_is_close_to_the_device() {
    for source in sketch::all() {
        for (activations, weights) in [(8, 8), (12, 8), (8, 12), (12, 12)] {
            let (activations, weights) = (Some(activations), Some(weights));
            let options = Options { activations, weights, qdq: true, ..few() };
            let made = sketch::exported(&source, &options).unwrap();
            let proto = Message::decode(&*made.qdq.unwrap()).unwrap();
            let qdq = Source { proto, ..source.clone() };
            let qdq = Generator::onnx(&qdq, &Wishes::default(), None).unwrap();
            let device = Generator::gen_file(&made.gen_file).unwrap();
            for seed in 0..8 {
                let z = latent::shown(seed, 0, &DraftPart::latent(&device.latent));
                let [a, b] = [&qdq, &device].map(|it| it.picture(&z).unwrap());
                assert!(psnr(&a, &b) > 40.0, "{}", psnr(&a, &b));
            }
        }
    }
}

#[test]
fn dead_tensors_are_exported_exactly() {
    let report = sketch::exported(&sketch::dead(), &few()).unwrap().report;
    assert!(report.fidelity.largest_difference <= 1, "{:?}", report.fidelity);
    assert_eq!((report.tensors[0].zero_point, report.tensors[0].saturated), (0, 0.0));
    let tables: Vec<_> = report.tables.iter().map(|it| (it.function, it.entries)).collect();
    assert_eq!(tables, [("Tanh", 4096)]);
}

#[test]
fn one_sided_clips_are_exported_with_a_rule_only() {
    let start = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 12], vec![]);
    let clipped = start.then("Clip", &[], vec![float("min", 0.0)]).finish();
    refused(&clipped, &few(), &["sketch.onnx: the pictures end in Relu, node \"net/Clip"]);
    let options = Options { pixels: Some(PixelRule::UNIT), ..few() };
    let report = sketch::exported(&clipped, &options).unwrap().report;
    assert_eq!(report.settings.pixels, [0.0, 1.0]);
    let fidelity = report.fidelity;
    assert!((30.0..100.0).contains(&fidelity.psnr_mean), "{fidelity:?}");
}

#[test]
fn the_report_says_whether_the_pixel_rule_is_assumed() {
    let start = Sketch::new(&[4, 1, 1]).convolution("ConvTranspose", [4, 1, 12], vec![]);
    let fixed = sketch::exported(&sketch::dense_first(), &few()).unwrap().report;
    let open = start.finish();
    let assumed = sketch::exported(&open, &few()).unwrap().report;
    let signed = Options { pixels: Some(PixelRule::SIGNED), ..few() };
    let given = sketch::exported(&open, &signed).unwrap().report;
    let line = "\npixels: output values -1 to 1";
    for (report, mark) in [(fixed, ""), (assumed, " (assumed; set with --pixels)"), (given, "")] {
        let text = text::report(&report, Path::new("worst.png"));
        assert!(text.contains(&format!("{line}{mark}\n")), "{text}");
    }
}

#[test]
fn layers_too_large_are_refused_by_node() {
    let directory = tempfile::tempdir().unwrap();
    let mut sketch = Sketch::new(&[9000]);
    let weights = sketch.constant(&[9000, 3], 0.01);
    let sketch = sketch.then("MatMul", &[&weights], vec![]).reshape(&[-1, 3, 1, 1]);
    let path = written(directory.path(), &sketch.finish());
    let error = format!("{:#}", inspected(&path).unwrap_err());
    assert!(
        error
            .contains("sketch.onnx: node \"net/MatMul2\": layer 0: its accumulator could overflow"),
        "{error}"
    );
}

/// The reader can't prove that 9,216 products of 12-bit inputs and 8-bit weights stay below 2³¹.
#[test]
fn wide_layers_on_wide_inputs_are_told_to_take_wide_weights() {
    let sketch = Sketch::new(&[2, 1, 1])
        .convolution("ConvTranspose", [2, 1024, 3], vec![])
        .plain("Relu")
        .convolution("Conv", [1024, 1, 3], geometry(1, [1, 1, 1, 1], 0));
    let source = sketch.plain("Tanh").finish();
    let wide = Options { calibrate: 16, compare: 1, activations: Some(12), ..Options::default() };
    refused(&source, &wide, &["node \"net/Conv", "weights 12 bits too"]);
    // A search skips that mix.
    let goal = Goal { psnr: Some(60.0), ..Goal::default() };
    let found = Options { activations: None, goal, compare: 4, ..wide.clone() };
    let report = sketch::exported(&source, &found).unwrap().report;
    assert!(report.layout.layers[0].output_bits == 12 && report.layout.layers[1].weight_bits == 12);
    sketch::exported(&source, &Options { weights: Some(12), ..wide }).unwrap();
}

#[test]
fn inspect_shows_names_that_are_too_long_to_export() {
    let directory = tempfile::tempdir().unwrap();
    let name = "a name that is longer than 32 bytes";
    let path = directory.path().join(format!("{name}.onnx"));
    std::fs::write(&path, sketch::dense_first().proto.encode_to_vec()).unwrap();
    assert_eq!(inspected(&path).unwrap().name, name);
    assert!(Options::default().name(&path).is_err());
}

#[test]
fn names_and_pixel_rules_that_do_not_fit_are_refused() {
    let source = sketch::dense_first();
    let refused = |options: Options, expected| refused(&source, &options, &[expected]);
    for name in ["", "a/b", "a name that is longer than 32 bytes"] {
        let name = Some(name.to_owned());
        refused(Options { name, ..Options::default() }, "is no name for a model");
    }
    let pixels = Some(PixelRule::UNIT);
    refused(Options { pixels, ..Options::default() }, "end in Tanh");
    refused(Options { calibrate: 0, ..Options::default() }, "at least one latent");
    refused(Options { activations: Some(4), ..Options::default() }, "activations of 4 bits");
    let goal = Goal { psnr: Some(40.0), ..Goal::default() };
    refused(
        Options { activations: Some(12), goal, ..Options::default() },
        "activations of 12 bits",
    );
    let goal = Goal { flash: Some(100), ..Goal::default() };
    refused(Options { goal, ..Options::default() }, "bytes of flash already");
}

/// Compares the distances of a classifier that gives the mean of all pixels with the formula for one feature, and those
/// of the channels' means between NCHW and NHWC.
#[test]
fn pictures_are_compared_by_what_a_classifier_sees() {
    let directory = tempfile::tempdir().unwrap();
    let source = sketch::dense_first();
    let path = written(directory.path(), &source);
    let [height, width, channels] = inspected(&path).unwrap().image.map(|side| side as i64);
    let seen_by = |shape: [i64; 3], axes: &[usize]| {
        let means = Sketch::new(&shape).then("ReduceMean", &[], vec![ints("axes", axes)]);
        let classifier = directory.path().join("classifier.onnx");
        std::fs::write(&classifier, means.finish().proto.encode_to_vec()).unwrap();
        let options = Options { compare: 40, classifier: Some(classifier), ..few() };
        export(&path, &options, &|| ())
    };
    let Export { gen_file, report, .. } = seen_by([channels, height, width], &[1, 2, 3]).unwrap();
    let found = report.frechet.unwrap();
    let gaussian = |generator: Generator, from: u64| {
        let latent = DraftPart::latent(&generator.latent);
        let means = (from..from + 40).map(|seed| {
            let pixels = generator.picture(&latent::shown(seed, 0, &latent)).unwrap().pixels;
            let sum: f64 = pixels.iter().map(|pixel| f64::from(*pixel) / 127.5 - 1.0).sum();
            sum / pixels.len() as f64
        });
        let means: Vec<f64> = means.collect();
        let mean = means.iter().sum::<f64>() / 40.0;
        let variance = means.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / 39.0;
        (mean, variance.sqrt())
    };
    let float = |from| gaussian(Generator::onnx(&source, &Wishes::default(), None).unwrap(), from);
    let (device, float, others) =
        (gaussian(Generator::gen_file(&gen_file).unwrap(), 1), float(1), float(41));
    let distance = |a: (f64, f64)| (a.0 - float.0).powi(2) + (a.1 - float.1).powi(2);
    assert_eq!(found.features, 1);
    // The classifier computes the means in f32.
    assert!((found.device - distance(device)).abs() < 1e-8, "{found:?}, {}", distance(device));
    assert!(
        (found.others / distance(others) - 1.0).abs() < 1e-3,
        "{found:?}, {}",
        distance(others)
    );

    let planes = seen_by([channels, height, width], &[2, 3]).unwrap().report.frechet.unwrap();
    let together = seen_by([height, width, channels], &[1, 2]).unwrap().report.frechet.unwrap();
    assert_eq!([planes.features, together.features], [3, 3]);
    assert!((planes.others - together.others).abs() < 1e-6, "{planes:?} {together:?}");
    assert!(planes.others > found.others, "{planes:?}");
}

#[test]
fn classifiers_of_something_else_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("classifier.onnx");
    let refused = |sketch: Sketch, change: &dyn Fn(&mut GraphProto), expected: &str| {
        let mut proto = sketch.finish().proto;
        change(proto.graph.as_mut().unwrap());
        std::fs::write(&path, proto.encode_to_vec()).unwrap();
        let pictures = [1, 2].map(|level| Planes {
            channels: 3,
            height: 4,
            width: 5,
            pixels: vec![level; 60],
        });
        let loaded = Classifier::load(&path, [4, 5, 3], PixelRule::SIGNED);
        let seen = loaded.and_then(|classifier| classifier.look(&pictures, &|| ()).map(drop));
        let error = format!("{:#}", seen.unwrap_err());
        assert!(error.contains("classifier.onnx") && error.contains(expected), "{error}");
    };
    let same = |_: &mut GraphProto| ();
    let of = |shape: &[i64]| Sketch::new(shape).plain("Abs");
    refused(of(&[3, 4, 6]), &same, "takes [1, 3, 4, 6], and not pictures in float32");
    refused(of(&[]), &same, "takes [1], and not pictures");
    refused(of(&[3, 5, 4]), &same, "[n, 3, 4, 5] or [n, 4, 5, 3]");
    refused(of(&[3, 4, 5]), &|graph| graph.output.clear(), "1 inputs and 0 outputs");
    let twice = |graph: &mut GraphProto| graph.input.push(tensor("more", &[3, 4, 5]));
    refused(of(&[3, 4, 5]), &twice, "2 inputs and 1 outputs");
    // These pixels are negative, so their logarithm is no number.
    refused(Sketch::new(&[3, 4, 5]).plain("Log"), &same, "a feature is NaN or infinite");
    let whole = |graph: &mut GraphProto| {
        let kind = graph.input[0].r#type.as_mut().and_then(|it| it.value.as_mut());
        let Some(type_proto::Value::TensorType(kind)) = kind else { unreachable!() };
        kind.elem_type = DataType::Int32 as i32;
    };
    refused(of(&[3, 4, 5]), &whole, "not pictures in float32");
}

/// Where 8 bits are not good enough, some parts get 12 without being asked for, and a line says so.
#[test]
fn parts_get_12_bits_where_8_are_not_good_enough() {
    let source = sketch::dense_first();
    // So few latents give ranges that are too narrow.
    let calibrate = 16;
    let options = Options { calibrate, compare: 32, ..few() };
    let held = sketch::exported(&source, &options).unwrap().report;
    let Fidelity { psnr_mean, psnr_worst, .. } = held.fidelity;
    assert!(!Goal::GOOD.is_reached_by(psnr_mean, psnr_worst), "{:?}", held.fidelity);
    assert!(held.layout.layers.iter().all(|it| (it.weight_bits, it.output_bits) == (8, 8)));
    let notice = text::notice(&held).unwrap();
    assert!(held.chosen == Chosen::Given && notice.starts_with("warning: "), "{notice}");
    assert!(notice.contains("without --activations and --weights"), "{notice}");

    let options = Options { calibrate, compare: 32, ..open() };
    let raised = sketch::exported(&source, &options).unwrap().report;
    let Fidelity { psnr_mean, psnr_worst, .. } = raised.fidelity;
    assert!(Goal::GOOD.is_reached_by(psnr_mean, psnr_worst), "{:?}", raised.fidelity);
    assert_eq!(raised.chosen, Chosen::Raised);
    assert!(raised.layout.layers.iter().any(|it| it.weight_bits == 8), "all weights have 12 bits");
    assert_eq!(raised.eight_bits.as_ref().unwrap().flash_bytes, held.layout.flash_bytes);
    let notice = text::notice(&raised).unwrap();
    assert!(notice.starts_with("note: 8 bits throughout would give "), "{notice}");
    assert!(notice.contains("bytes of flash") && notice.contains("keeps 8 bits"), "{notice}");
    assert_eq!(notice.lines().count(), 1);
}

/// The last layer's weights do not fit 8 bits. An export in 12 bits still has a report, without sensitivities, and so
/// has one that leaves the bits open, or has a goal.
#[test]
fn twelve_bits_are_had_where_eight_are_not() {
    let mut sketch = Sketch::new(&[4, 1, 1])
        .convolution("ConvTranspose", [4, 3, 4], geometry(1, [0, 0, 0, 0], 0))
        .plain("Relu");
    let weights = sketch.graph.constant("large", &[3, 1, 1, 1], Values::Float(&[90.0, -90.0, 3.0]));
    let sketch = sketch.then("ConvTranspose", &[&weights], vec![]);
    let source = sketch.then("LeakyRelu", &[], vec![float("alpha", 0.5)]).finish();
    refused(&source, &few(), &["sketch.onnx: ", "weights of 12 bits"]);
    let twelve = Options { weights: Some(12), ..few() };
    let goal = Goal { psnr: Some(20.0), ..Goal::default() };
    for options in [twelve, open(), Options { goal, ..open() }] {
        let report = sketch::exported(&source, &options).unwrap().report;
        assert!(report.sensitivities.is_empty() && report.eight_bits.is_none());
        assert_eq!(report.layout.layers[1].weight_bits, 12);
        let shown = text::report(&report, Path::new("worst.png"));
        assert!(!shown.contains("only these are in 8 bits"), "{shown}");
        if options.activations.is_none() {
            assert_eq!(report.layout.layers[0].weight_bits, 8);
        }
    }
}

/// Pictures of sums that no 8-bit pixel could follow are tables too.
#[test]
fn steep_ends_are_tables() {
    for end in ["Tanh", "Sigmoid", "Clip"] {
        let mut sketch = Sketch::new(&[4, 1, 1])
            .convolution("ConvTranspose", [4, 3, 4], geometry(1, [0, 0, 0, 0], 0))
            .plain("Relu");
        let large = [4000.0, -5000.0, 300.0];
        let weights = sketch.graph.constant("large", &[3, 1, 1, 1], Values::Float(&large));
        let sketch = sketch.then("ConvTranspose", &[&weights], vec![]);
        let limits = vec![float("min", -1.0), float("max", 1.0)];
        let source = sketch.then(end, &[], if end == "Clip" { limits } else { vec![] }).finish();
        let report = sketch::exported(&source, &few()).unwrap().report;
        assert!(report.fidelity.psnr_mean > 38.0, "{end}: {:?}", report.fidelity);
        let layer = &report.layout.layers[1];
        assert_eq!((layer.weight_bits, layer.output_bits), (8, 8));
    }
}
