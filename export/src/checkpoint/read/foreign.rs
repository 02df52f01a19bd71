//! Refuses files that are no checkpoints: those of TensorFlow that other tools turn into ONNX, and what is one already.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Refuses what is at `path` if it is a SavedModel, a frozen graph, a TensorFlow Lite file, an ONNX or a `.gen`.
///
/// # Errors
/// One sentence that says what it is and which command goes on with it.
pub(crate) fn refuse(path: &Path) -> Result<()> {
    let name = path.display();
    let is = |name: &str| path.file_name().is_some_and(|it| it == name);
    let directory =
        if is("saved_model.pb") || is("keras_metadata.pb") { path.parent() } else { None };
    if path.is_dir() || directory.is_some() {
        let directory = directory.unwrap_or(path);
        if !directory.join("saved_model.pb").exists() {
            bail!("is a directory: give the file in it that has the weights");
        }
        bail!(
            "is a SavedModel of TensorFlow: make an ONNX of it by python -m tf2onnx.convert --saved-model {} --output \
             gen.onnx --opset 13",
            directory.display()
        );
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("onnx") => bail!("is an ONNX already: give it to export quantize"),
        Some("gen") => {
            bail!("is a finished .gen: give it to export sample, or to host-sim --model")
        }
        _ => {}
    }
    let mut begin = Vec::new();
    let file = File::open(path).context("cannot be read")?;
    file.take(8).read_to_end(&mut begin).context("cannot be read")?;
    if begin.ends_with(b"TFL3") {
        bail!(
            "is a TensorFlow Lite file: make an ONNX of it by python -m tf2onnx.convert --tflite {name} --output \
             gen.onnx --opset 13"
        );
    }
    if path.extension().is_some_and(|extension| extension == "pb") {
        bail!(
            "is a frozen graph of TensorFlow: make an ONNX of it by python -m tf2onnx.convert --graphdef {name} \
             --inputs NOISE:0 --outputs PICTURE:0 --output gen.onnx --opset 13"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn other_files_are_refused_with_a_command() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name);
        let refused = |path: &Path, expected: &str| {
            let error = format!("{:#}", refuse(path).unwrap_err());
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        };
        refused(directory.path(), "is a directory: give the file");
        fs::write(path("saved_model.pb"), "").unwrap();
        let command = format!("--saved-model {}", directory.path().display());
        refused(directory.path(), &command);
        refused(&path("saved_model.pb"), &command);
        fs::write(path("net.tflite"), "\u{1c}\0\0\0TFL3").unwrap();
        refused(&path("net.tflite"), "--tflite");
        fs::write(path("frozen.pb"), "").unwrap();
        refused(&path("frozen.pb"), "--graphdef");
        fs::write(path("net.onnx"), "").unwrap();
        refused(&path("net.onnx"), "give it to export quantize");
        fs::write(path("net.gen"), "").unwrap();
        refused(&path("net.gen"), "give it to export sample");
        fs::write(path("net.h5"), "").unwrap();
        assert!(refuse(&path("net.h5")).is_ok());
    }
}
