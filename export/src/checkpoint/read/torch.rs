//! Reads PyTorch's checkpoints, `.pth` and `.pt`, as zip archives or as older versions wrote them: a state dictionary,
//! one nested in others, or a whole module.
//!
//! The reader runs no code of the file: it knows the few classes that tensors are made of, takes a module's parameters
//! and buffers, and keeps only the names of everything else.

use crate::checkpoint::read::pickle;
use crate::checkpoint::tensor::{Element, Tensor};
use anyhow::{Context, Result, bail};
use pytorch_reader::{DType, PytorchReader};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tempfile::{NamedTempFile, TempPath};
use zip::{ZipArchive, ZipWriter};

/// The tensors of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Vec<Tensor>> {
    let opened = PytorchReader::new(path).map(|it| (it, None)).or_else(|error| {
        let copy = copy(path).map_err(|_| error)?;
        PytorchReader::new(&copy).map(|it| (it, Some(Arc::new(copy))))
    });
    let (reader, copy) =
        opened.context("cannot be read as PyTorch's: save model.state_dict() by torch.save")?;
    // An order that cannot be found is no order; the tensors are there all the same.
    let places = pickle::places(path).unwrap_or_default();
    let tensors = reader.into_tensors().into_iter().map(|(name, tensor)| {
        let (place, holder) = places.get(&name).cloned().unzip();
        let shape = tensor.shape().to_vec();
        let copy = copy.clone();
        let read = move || {
            // The copy is there as long as its tensors.
            let _ = &copy;
            let element = match tensor.dtype() {
                DType::F16 => Element::F16,
                DType::BF16 => Element::Bf16,
                DType::F32 => Element::F32,
                DType::F64 => Element::F64,
                // Numbers of training steps.
                DType::I64 => Element::I64,
                other => bail!("has type {other:?}: save the model in float32"),
            };
            let mut bytes = tensor.read()?;
            if cfg!(target_endian = "big") {
                bytes.chunks_mut(tensor.dtype().size()).for_each(<[u8]>::reverse);
            }
            element.decode(&bytes)
        };
        Tensor::new(name, shape, read).at(place).held_by(holder.unwrap_or_default())
    });
    Ok(tensors.collect())
}

/// A copy of the archive at `path`, in a temporary file.
///
/// PyTorch puts another record between an archive's directory and its end. The reader's library expects the directory
/// right before the end, which that record's length misses by one entry if the folder in the archive, the name of the
/// file when it was saved, has 21 letters. The copy has no such record.
fn copy(path: &Path) -> Result<TempPath> {
    let mut archive = ZipArchive::new(File::open(path)?)?;
    let copy = NamedTempFile::new()?;
    let mut writer = ZipWriter::new(copy.as_file());
    for index in 0..archive.len() {
        writer.raw_copy_file(archive.by_index_raw(index)?)?;
    }
    writer.finish()?;
    Ok(copy.into_temp_path())
}
