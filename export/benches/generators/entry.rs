//! The generators that are measured: the shipped ones, and random networks of the DCGAN paper's shape.

use crate::float;
use anyhow::{Context, Result};
use reference::{REFERENCES, SHIPPED};
use std::fs;
use std::path::Path;

/// A generator as a `.gen` file and as a float ONNX.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The `.gen` file.
    pub gen_file: Vec<u8>,
    /// The ONNX file.
    pub onnx: Vec<u8>,
}

/// All generators, from the smallest: the shipped ones, then the random ones.
pub fn all() -> Result<Vec<Entry>> {
    let shipped = SHIPPED.iter().map(|name| {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let read = |kind| {
            let path = models.join(format!("{name}.{kind}"));
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Entry { name: (*name).into(), gen_file: read("gen")?, onnx: read("onnx")? })
    });
    // Variants that compute more layers whole are the same network in float, so they are left out.
    let references = REFERENCES.iter().filter(|reference| reference.whole == 0).map(|reference| {
        let draft = reference.draft();
        let (gen_file, onnx) = (draft.to_bytes()?, float::encode(&draft));
        Ok(Entry { name: reference.name.into(), gen_file, onnx })
    });
    shipped.chain(references).collect()
}
