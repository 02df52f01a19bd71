//! An ONNX file as it lies on the disk.

use crate::latent::Kind;
use crate::onnx::run::Passes;
use crate::picture::pixel_rule::PixelRule;
use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tract_onnx::pb::{ModelProto, TensorProto};
use tract_onnx::prelude::Tensor;

/// A decoded ONNX file and where it came from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path, for messages.
    pub path: PathBuf,
    /// The decoded file.
    pub proto: ModelProto,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Which label of a conditional generator is drawn.
    pub label: Option<usize>,
    /// What latents are drawn from, as far as somebody has said so.
    pub kinds: Vec<Kind>,
    /// How far tract takes the graph, if it runs as it is.
    pub passes: Passes,
}

impl Source {
    /// Reads and decodes `path`.
    ///
    /// # Errors
    /// If it can't be read, or isn't an ONNX model with a graph.
    pub fn load(path: &Path) -> Result<Self> {
        Self::decode(path, &read(path)?)
    }

    /// Decodes `bytes`, the file at `path`.
    ///
    /// # Errors
    /// If they aren't an ONNX model with a graph.
    pub fn decode(path: &Path, bytes: &[u8]) -> Result<Self> {
        ensure!(
            !bytes.starts_with(&gen_core::format::MAGIC),
            "{}: is a .gen already: this takes the ONNX that it was made from",
            path.display()
        );
        let proto = ModelProto::decode(bytes)
            .ok()
            .filter(|proto| proto.graph.as_ref().is_some_and(|graph| !graph.node.is_empty()));
        let Some(proto) = proto else {
            bail!(
                "{}: not an ONNX model: its {} bytes hold no graph; of a checkpoint, make one by export onnx",
                path.display(),
                bytes.len()
            );
        };
        ensure!(
            proto.functions.is_empty(),
            "{}: defines functions of its own: export without them",
            path.display()
        );
        let sha256 = Sha256::digest(bytes).into();
        Ok(Self::new(path.to_owned(), proto, sha256))
    }

    /// A file of which nobody has said anything.
    pub(crate) fn new(path: PathBuf, proto: ModelProto, sha256: [u8; 32]) -> Self {
        Self { path, proto, sha256, label: None, kinds: Vec::new(), passes: Passes::default() }
    }

    /// The directory that external weights must lie in.
    pub fn directory(&self) -> &str {
        let parent = self.path.parent().and_then(Path::to_str);
        parent.filter(|dir| !dir.is_empty()).unwrap_or(".")
    }

    /// A tensor of the file; weights may lie in a file beside it, but not outside its directory.
    ///
    /// # Errors
    /// If its type is unknown or its data are missing or of the wrong length.
    pub fn tensor(&self, proto: &TensorProto) -> Result<Tensor> {
        let resolver = tract_onnx::data_resolver::MmapDataResolver;
        // Of some types tract panics.
        let load = || tract_onnx::tensor::load_tensor(&resolver, proto, Some(self.directory()));
        let loaded = catch_unwind(AssertUnwindSafe(load));
        match loaded {
            Ok(loaded) => {
                loaded.map_err(|error| anyhow::anyhow!("tensor \"{}\": {error:#}", proto.name))
            }
            Err(_) => {
                bail!("tensor \"{}\": of type {}: export in float32", proto.name, proto.data_type)
            }
        }
    }

    /// Whether it is one that `export` has quantised.
    pub fn is_quantised(&self) -> bool {
        self.metadata(PixelRule::METADATA).is_some()
    }

    /// A metadata property of the model.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let mut entries = self.proto.metadata_props.iter();
        entries.find(|entry| entry.key == key).map(|entry| entry.value.as_str())
    }
}

/// The bytes of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::sketch;

    #[test]
    fn what_is_no_onnx_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.onnx");
        let whole = sketch::dense_first().proto.encode_to_vec();
        let mut defining = sketch::dense_first().proto;
        defining.functions.push(Default::default());
        let cases = [
            (vec![], "its 0 bytes hold no graph"),
            (b"hello".to_vec(), "its 5 bytes hold no graph"),
            (whole[..whole.len() / 2].to_vec(), "hold no graph"),
            (defining.encode_to_vec(), "functions of its own"),
        ];
        for (bytes, expected) in cases {
            std::fs::write(&path, bytes).unwrap();
            let error = format!("{:#}", Source::load(&path).unwrap_err());
            assert!(error.contains("file.onnx: ") && error.contains(expected), "{error}");
        }
        std::fs::write(&path, &whole).unwrap();
        let source = Source::load(&path).unwrap();
        assert_eq!(source.proto.encode_to_vec(), whole);
        assert_eq!(source.sha256, <[u8; 32]>::from(Sha256::digest(&whole)));
        let missing = Source::load(&directory.path().join("none.onnx")).unwrap_err();
        assert!(format!("{missing:#}").contains("none.onnx: cannot be read"));
    }
}
