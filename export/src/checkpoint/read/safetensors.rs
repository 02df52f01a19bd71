//! Reads `.safetensors` files.

use crate::checkpoint::tensor::{Element, Tensor};
use anyhow::{Context, Result, bail};
use safetensors::{Dtype, SafeTensors};
use std::rc::Rc;

/// The tensors of a file's bytes.
pub(crate) fn read(bytes: Vec<u8>) -> Result<Vec<Tensor>> {
    let parse = SafeTensors::read_metadata(&bytes);
    let (header, metadata) = parse.context("cannot be read as safetensors")?;
    let data = 8 + header;
    let bytes = Rc::new(bytes);
    let tensors = metadata.tensors().into_iter().map(|(name, info)| {
        let (begin, end) = info.data_offsets;
        let (dtype, bytes) = (info.dtype, Rc::clone(&bytes));
        let read = move || {
            let element = match dtype {
                Dtype::F16 => Element::F16,
                Dtype::BF16 => Element::Bf16,
                Dtype::F32 => Element::F32,
                Dtype::F64 => Element::F64,
                // Numbers of training steps.
                Dtype::I64 => Element::I64,
                other => bail!("has type {other:?}: save the model in float32"),
            };
            element.decode(bytes.get(data + begin..data + end).context("the file is truncated")?)
        };
        Tensor::new(name, info.shape.clone(), read)
    });
    Ok(tensors.collect())
}
