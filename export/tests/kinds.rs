//! Checkpoints that do not show at once what they are become the generator that PyTorch has trained, or are refused: never
//! another generator without a word. `tests/checkpoints/make_kinds.py` made them.

use export::file::npz;
use export::onnx::input::Input;
use export::onnx::run::Onnx;
use export::onnx::source::Source;
use ndarray::{Array1, Array2, Array4};
use ndarray_npy::ReadNpyExt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Largest difference of output values.
const TOLERANCE: f32 = 1e-4;
/// Number of labels of the networks that take one.
const LABELS: usize = 5;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/checkpoints/kinds").join(name)
}

/// Runs `export onnx` on `file`.
fn convert(file: &str, out: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_export"));
    command.arg("onnx").arg(fixture(file)).arg("-o").arg(out).args(options).output().unwrap()
}

/// What is printed of `file`, which must be refused with exit status `status`.
fn refused(file: &str, status: i32) -> String {
    let directory = TempDir::new().unwrap();
    let onnx = directory.path().join("generator.onnx");
    let output = convert(file, &onnx, &[]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{file}: {text}");
    assert!(!onnx.exists());
    text
}

/// How far the pictures of `file`, converted with `options`, are from PyTorch's.
fn difference(file: &str, options: &[&str]) -> f32 {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("generator.onnx");
    let output = convert(file, &path, options);
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(path.with_extension("look.png").exists());
    let name = file.split('.').next().unwrap();
    let arrays = fs::read(fixture(&format!("{name}.npz"))).unwrap();
    let array = |name| npz::array(&arrays, name, 1 << 20, "").unwrap();
    let z = Array2::<f32>::read_npy(&*array("z")).unwrap();
    let image = Array4::<f32>::read_npy(&*array("image")).unwrap();
    let labels = npz::names(&arrays).unwrap().iter().any(|name| name.starts_with("label"));
    let labels = labels.then(|| Array1::<i64>::read_npy(&*array("label")).unwrap());

    let source = Source::load(&path).unwrap();
    let graph = source.proto.graph.as_ref().unwrap();
    let width = z.shape()[1];
    let input = |index: usize, shape: Vec<usize>, elements, number| {
        let declared = graph.input[index].clone();
        Input { declared, shape, elements, number, guessed: false, fixed: None }
    };
    let pixels = ["ConvTranspose", "Conv"].contains(&graph.node[0].op_type.as_str());
    let noise = if pixels { vec![1, width, 1, 1] } else { vec![1, width] };
    let mut inputs = vec![input(0, noise, 0..width, false)];
    if labels.is_some() {
        let number = graph.node.iter().any(|node| node.op_type == "Gather");
        let shape = if number { vec![1] } else { vec![1, LABELS] };
        inputs.push(input(1, shape, width..width + LABELS, number));
    }
    assert_eq!(graph.input.len(), inputs.len(), "{file}: inputs");
    let onnx = Onnx::new(&source, inputs, &[&graph.output[0].name]).unwrap();
    assert_eq!(onnx.output_shape()[1..], image.shape()[1..], "{file}");
    let mut largest = 0.0f32;
    for (index, (z, image)) in z.outer_iter().zip(image.outer_iter()).enumerate() {
        let mut latent = z.to_vec();
        if let Some(labels) = &labels {
            latent.extend(
                (0..LABELS).map(|label| f32::from(u8::from(label as i64 == labels[index]))),
            );
        }
        let drawn = &onnx.run(&latent).unwrap()[0];
        largest = drawn.iter().zip(&image).fold(largest, |far, (a, b)| far.max((a - b).abs()));
    }
    largest
}

/// Fails unless the pictures of `files` are PyTorch's.
fn right(files: &[&str]) {
    for file in files {
        let far = difference(file, &[]);
        assert!(far <= TOLERANCE, "{file}: {far} off");
    }
}

#[test]
fn labels() {
    right(&["label-behind.pth", "label-before.pth", "label-times.pth"]);
    right(&["label-layers.pth", "label-map.pth"]);
}

#[test]
fn the_order_is_the_files_or_follows_from_names() {
    right(&["named.pth", "norms-behind.pth", "norms-behind.safetensors"]);
    let text = refused("named.safetensors", 2);
    assert!(text.contains("There may be more orders in which the layers fit"), "{text}");
}

#[test]
fn gaps_in_numbers_are_evidence() {
    right(&["adjacent.pth", "norm-behind-relu.pth", "upsampled.pth"]);
}

#[test]
fn strides_and_slopes_are_tested() {
    right(&["course.pth", "four-seven.pth", "slope.pth"]);
}

#[test]
fn weights_in_pieces_and_groups() {
    right(&["depthwise.pth", "spectral.pth", "spectral-parametrized.pth", "weight-norm.pth"]);
}

#[test]
fn skips_show_in_the_statistics() {
    right(&["no-skip.pth"]);
    let text = refused("skip.pth", 2);
    assert!(text.contains("The layers of \"block\" keep channels and size"), "{text}");
}

#[test]
fn what_cannot_be_known_is_asked() {
    for file in ["dense-without-norm.pth", "dense.pth"] {
        let text = refused(file, 2);
        let commands = text.lines().filter(|line| line.starts_with("    export onnx "));
        let ends: Vec<_> = commands.map(|line| line.rsplit_once(" --").unwrap().1).collect();
        assert_eq!(ends, ["activation leaky:0.2", "activation relu"], "{text}");
        let far = difference(file, &["--activation", "leaky:0.2"]);
        assert!(far <= TOLERANCE, "{file}: {far} off");
        assert!(text.contains("torch.onnx.export(net, torch.randn(1, 8)"), "{text}");
    }
}

/// The Python that is printed takes the weights from where PyTorch has put them.
#[test]
fn the_python_takes_the_weights_where_they_are() {
    let directory = TempDir::new().unwrap();
    let text = |file: &str| {
        let output = convert(file, &directory.path().join("generator.onnx"), &["--assume"]);
        String::from_utf8(output.stdout).unwrap()
    };
    let training = text("../dcgan.training.pth");
    let parts = ["map_location=\"cpu\")[\"netG\"].items()", "k.removeprefix(\"module.\"): v"];
    assert!(parts.iter().all(|part| training.contains(part)), "{training}");
    let module = text("../dcgan.module.pt");
    assert!(module.contains("map_location=\"cpu\", weights_only=False).eval()\n"), "{module}");
    let plain = text("../dcgan.pth");
    assert!(plain.contains("dcgan.pth\", map_location=\"cpu\")); net.eval()"), "{plain}");
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let text = refused("instance-norm.pth", 2);
    assert!(text.contains("modules without weights"), "{text}");
    for file in ["instance-norm-affine.pth", "no-statistics.pth"] {
        let text = refused(file, 1);
        assert!(text.contains("a normalisation without stored statistics"), "{text}");
    }
}
