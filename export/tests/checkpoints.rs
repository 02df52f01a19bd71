//! Checkpoints become the generator that the framework has trained: its pictures of the same
//! latents, made by `tests/checkpoints/make.py` and `make_keras.py`.

use export::checkpoint::convert;
use export::checkpoint::settings::Settings;
use export::file::npz;
use export::import::import;
use export::latent::wish::Wishes;
use export::onnx::run::Onnx;
use export::onnx::source::Source;
use ndarray::Array4;
use ndarray_npy::ReadNpyExt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/checkpoints").join(name)
}

/// Converts `file` with the command, and compares with the pictures in `pictures`.
fn same_pictures(file: &Path, options: &[&str], pictures: &str, tolerance: f32) -> String {
    let directory = TempDir::new().unwrap();
    let onnx = directory.path().join("generator.onnx");
    let mut command = Command::new(env!("CARGO_BIN_EXE_export"));
    let output = command.arg("onnx").arg(file).arg("-o").arg(&onnx).args(options).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8(output.stdout).unwrap();

    let source = Source::load(&onnx).unwrap();
    let arrays = fs::read(fixture(pictures)).unwrap();
    let image = npz::array(&arrays, "image", 1 << 20, "").unwrap();
    let image = Array4::<f32>::read_npy(&*image).unwrap();
    let graph = source.proto.graph.as_ref().unwrap();
    let shape = match graph.node[0].op_type.as_str() {
        "Gemm" => vec![1, latent_len(pictures)],
        _ => vec![1, latent_len(pictures), 1, 1],
    };
    let network = import(&source, &Wishes::default()).unwrap();
    assert_eq!(network.inputs[0].shape, shape);
    assert_eq!(network.last().output()[2], image.shape()[1]);
    let generator = Onnx::new(&source, network.inputs.clone(), &[&graph.output[0].name]).unwrap();
    assert_eq!(generator.output_shape()[1..], image.shape()[1..], "{table}");
    let latents = export::latent::file::read(&fixture(pictures), shape[1]).unwrap();
    for (z, expected) in latents.iter().zip(image.outer_iter()) {
        let drawn = &generator.run(z).unwrap()[0];
        let far = drawn.iter().zip(expected.iter()).map(|(a, b)| (a - b).abs());
        let far = far.fold(0.0, f32::max);
        assert!(far <= tolerance, "{}: {far} off\n{table}", file.display());
    }
    table
}

fn latent_len(pictures: &str) -> usize {
    match pictures {
        "dcgan.npz" => 10,
        "named.npz" => 9,
        "flat.npz" => 6,
        _ => 8,
    }
}

#[test]
fn pytorch() {
    for name in ["dcgan.pth", "dcgan.legacy.pth", "dcgan.module.pt", "dcgan.training.pth"] {
        let table = same_pictures(&fixture(name), &[], "dcgan.npz", 1e-4);
        assert_eq!(table.contains("key \"netG\""), name == "dcgan.training.pth", "{table}");
    }
    let key = ["--key", "netG"];
    same_pictures(&fixture("dcgan.training.pth"), &key, "dcgan.npz", 1e-4);
    let flat = ["--activation", "leaky:0.2", "--output", "sigmoid"];
    same_pictures(&fixture("flat.pth"), &flat, "flat.npz", 1e-4);
    let upsampled = ["--size", "12", "--activation", "_,leaky:0.2,_", "--eps", "_,0.8,_"];
    same_pictures(&fixture("upsampled.pth"), &upsampled, "upsampled.npz", 1e-4);
}

#[test]
fn safetensors() {
    let table = same_pictures(&fixture("named.safetensors"), &[], "named.npz", 1e-4);
    assert!(table.contains("order of the layers: "), "{table}");
    // Weights are rounded to 11 bits there.
    same_pictures(&fixture("dcgan.half.safetensors"), &[], "dcgan.npz", 5e-3);
}

#[test]
fn keras() {
    for name in ["keras.h5", "keras.keras"] {
        let table = same_pictures(&fixture(name), &[], "keras.npz", 1e-4);
        assert!(!table.contains('*'), "Keras tells all:\n{table}");
    }
    // Weights alone, as `save_weights` writes them, lie in the archive.
    let directory = TempDir::new().unwrap();
    let weights = directory.path().join("keras.weights.h5");
    fs::write(&weights, unzipped("keras.keras", "model.weights.h5")).unwrap();
    // Its training had few steps, so that the averages of BatchNorm are not yet those of its inputs.
    let options = "--map 6x3x2 --upsample _,_,2 --activation leaky:0.3,relu,_ --assume";
    let options: Vec<&str> = options.split(' ').collect();
    same_pictures(&weights, &options, "keras.npz", 1e-4);
}

fn unzipped(archive: &str, name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(fs::File::open(fixture(archive)).unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::copy(&mut archive.by_name(name).unwrap(), &mut bytes).unwrap();
    bytes
}

/// A damaged file is either read or refused in one line; nothing panics.
#[test]
fn damaged_files_are_refused() {
    let directory = TempDir::new().unwrap();
    let out = directory.path().join("generator.onnx");
    let mut random = 1u32;
    let mut next = |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % below
    };
    let names = ["dcgan.legacy.pth", "dcgan.module.pt", "named.safetensors", "keras.keras"];
    for name in names {
        let whole = fs::read(fixture(name)).unwrap();
        let path = directory.path().join(name);
        let mut refused = 0;
        for trial in 0..300 {
            let mut bytes = whole.clone();
            match trial % 3 {
                0 => bytes.truncate(next(whole.len())),
                1 => bytes[next(whole.len())] = next(256) as u8,
                // Where the headers are.
                _ => bytes[next(1024)] ^= 1 << next(8),
            }
            fs::write(&path, &bytes).unwrap();
            if let Err(error) = convert(&path, &Settings::default(), &out) {
                assert!(format!("{error:#}").contains(name), "{error:#}");
                refused += 1;
            }
        }
        assert!(refused >= 100, "{name}: {refused} of 300 refused");
    }
    let path = directory.path().join("text.pth");
    for text in ["", "P", "\u{89}HDF\r\n\u{1a}\n", "PK\u{3}\u{4}", "hello", "        {}"] {
        fs::write(&path, text).unwrap();
        assert!(convert(&path, &Settings::default(), &out).is_err(), "{text:?}");
    }
    let missing =
        format!("{:#}", convert(&fixture("none.pth"), &Settings::default(), &out).err().unwrap());
    assert!(missing.contains("none.pth: cannot be read"), "{missing}");
}
