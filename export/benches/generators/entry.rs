//! The generators that are measured: those that are shipped, and random networks of the paper's shape.

use crate::engine::Engine;
use crate::float;
use anyhow::{Context, Result};
use export::draw::File;
use export::onnx::source::Source;
use reference::{REFERENCES, SHIPPED};
use std::fs;
use std::path::Path;

/// A generator as the engine has it, and in float.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The `.gen` file.
    bytes: Vec<u8>,
    /// The ONNX file.
    pub onnx: Vec<u8>,
}

/// All, from the smallest.
pub fn all() -> Result<Vec<Entry>> {
    let shipped = SHIPPED.iter().map(|name| {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let read = |kind| {
            let path = models.join(format!("{name}.{kind}"));
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Entry { name: (*name).into(), bytes: read("gen")?, onnx: read("onnx")? })
    });
    // In float it is the same network, however many layers are computed whole.
    let references = REFERENCES.iter().filter(|reference| reference.whole == 0).map(|reference| {
        let draft = reference.draft();
        let (bytes, onnx) = (draft.to_bytes()?, float::encode(&draft));
        Ok(Entry { name: reference.name.into(), bytes, onnx })
    });
    shipped.chain(references).collect()
}

impl Entry {
    /// The engine.
    pub fn engine(&self) -> Result<Engine<'_>> {
        Engine::new(&self.bytes)
    }

    /// What tract runs.
    pub fn onnx_file(&self) -> Result<File> {
        let path = format!("{}.onnx", self.name);
        Ok(File::Onnx(Box::new(Source::decode(path.as_ref(), &self.onnx)?)))
    }
}
