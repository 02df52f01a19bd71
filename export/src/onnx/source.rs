//! An ONNX file that was read: its path, its decoded content, its hash.

use crate::file::read;
use crate::onnx::metadata;
use anyhow::{Result, bail, ensure};
use prost::Message;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tract_onnx::pb::{ModelProto, TensorProto};
use tract_onnx::prelude::Tensor;

/// A decoded ONNX file. What a user asks of its inputs is in [`Wishes`](crate::latent::wish::Wishes).
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path, for messages.
    pub path: PathBuf,
    /// The decoded file.
    pub proto: ModelProto,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
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
            "{}: is a .gen already: give the ONNX that it was made from",
            path.display()
        );
        ensure!(
            bytes.get(4..8) != Some(b"TFL3"),
            "{}: a TensorFlow Lite file, already converted: give the ONNX or Keras file that it was made from",
            path.display()
        );
        let proto = ModelProto::decode(bytes)
            .ok()
            .filter(|proto| proto.graph.as_ref().is_some_and(|graph| !graph.node.is_empty()));
        let Some(proto) = proto else {
            bail!(
                "{}: not an ONNX model and not a .gen: its {} bytes hold no graph; export onnx makes an ONNX from a \
                 checkpoint",
                path.display(),
                bytes.len()
            );
        };
        ensure!(
            proto.functions.is_empty(),
            "{}: defines functions of its own: replace them by their nodes with onnx.inliner.inline_local_functions, or \
             export with a newer PyTorch",
            path.display()
        );
        Ok(Self { path: path.to_owned(), proto, sha256: Sha256::digest(bytes).into() })
    }

    /// The directory that must contain external weights: the file's own. `None` if its name is not UTF-8, which tract
    /// needs.
    pub fn directory(&self) -> Option<&str> {
        let parent = self.path.parent().map_or(Some(""), Path::to_str)?;
        Some(if parent.is_empty() { "." } else { parent })
    }

    /// The value of a tensor of the file. Its data may be in another file in the same directory, not outside it.
    ///
    /// # Errors
    /// If its type is unknown or its data are missing or of the wrong length.
    pub fn tensor(&self, proto: &TensorProto) -> Result<Tensor> {
        let resolver = tract_onnx::data_resolver::MmapDataResolver;
        // tract panics on some element types.
        let load = || tract_onnx::tensor::load_tensor(&resolver, proto, self.directory());
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

    /// Whether it is a quantised ONNX that `export` wrote.
    pub fn is_quantised(&self) -> bool {
        self.metadata(metadata::PIXELS).is_some()
    }

    /// The value of the metadata property `key`, see [`metadata`].
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let mut entries = self.proto.metadata_props.iter();
        entries.find(|entry| entry.key == key).map(|entry| entry.value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch;

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
            (b"\x1c\0\0\0TFL3\x14".to_vec(), "a TensorFlow Lite file, already converted: give"),
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
        #[cfg(unix)]
        {
            let path: std::ffi::OsString =
                std::os::unix::ffi::OsStringExt::from_vec(b"\xff/file.onnx".to_vec());
            assert_eq!(Source { path: PathBuf::from(path), ..source }.directory(), None);
        }
        let missing = Source::load(&directory.path().join("none.onnx")).unwrap_err();
        assert!(format!("{missing:#}").contains("none.onnx: cannot be read"));
    }
}
