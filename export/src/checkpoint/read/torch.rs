//! Reads PyTorch's checkpoints, `.pth` and `.pt`, as zip archives or as older versions wrote them: a state dictionary,
//! one nested in others, or a whole module.
//!
//! The reader runs no code of the file: it knows the few classes that tensors are made of, takes a module's parameters
//! and buffers, and keeps only the names of everything else.

use crate::checkpoint::read::pickle;
use crate::checkpoint::tensor::{Element, Tensor};
use anyhow::{Context, Result, bail};
use pytorch_reader::{DType, PytorchReader};
use std::path::Path;

/// The tensors of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Vec<Tensor>> {
    let reader = PytorchReader::new(path)
        .context("cannot be read as PyTorch's: save model.state_dict() by torch.save")?;
    // An order that cannot be found is no order; the tensors are there all the same.
    let places = pickle::places(path).unwrap_or_default();
    let tensors = reader.into_tensors().into_iter().map(|(name, tensor)| {
        let place = places.get(&name).copied();
        let shape = tensor.shape().to_vec();
        let read = move || {
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
        Tensor::new(name, shape, read).at(place)
    });
    Ok(tensors.collect())
}
