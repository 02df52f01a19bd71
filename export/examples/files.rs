//! Exports an ONNX and writes the files of `export quantize` and the QDQ ONNX into a directory. `cargo xtask same-bytes`
//! runs it in WebAssembly too, where files cannot be written as the command writes them.
//!
//!     cargo run -p export --example files -- models/faces.onnx out

use anyhow::{Result, bail};
use export::pipeline::{Options, export};
use std::path::Path;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [onnx, directory] = &arguments[..] else { bail!("files GENERATOR.onnx DIRECTORY") };
    let options = Options { qdq: true, ..Options::default() };
    let made = export(Path::new(onnx), &options, &|| ())?;
    let report = serde_json::to_vec_pretty(&made.report)?;
    let files = [
        ("gen", &made.gen_file),
        ("int8.onnx", &made.onnx),
        ("report.json", &report),
        ("worst.png", &made.worst),
    ];
    for (name, bytes) in files.into_iter().chain(made.qdq.iter().map(|qdq| ("qdq.onnx", qdq))) {
        std::fs::write(Path::new(directory).join(name), bytes)?;
    }
    Ok(())
}
