//! The graph's inputs: the latent, and labels that are fixed.

use super::tensor::{Tensor, count};
use super::view::{Origin, View};
use super::{Value, Walk};
use anyhow::{Context, Result, bail, ensure};
use gen_core::format::DIMENSION_LIMIT;
use ndarray::ArrayD;
use tract_onnx::pb::{
    GraphProto, ValueInfoProto, tensor_proto::DataType,
    tensor_shape_proto::dimension::Value as Size, type_proto,
};

impl<'a> Walk<'a> {
    /// Takes the graph's inputs: the latent, and beside it labels, which are all `label`.
    pub(super) fn inputs(
        &mut self,
        graph: &'a GraphProto,
        label: Option<usize>,
    ) -> Result<(&'a ValueInfoProto, Vec<usize>)> {
        let known = |input: &&ValueInfoProto| !self.values.contains_key(input.name.as_str());
        let constant = |input: &&ValueInfoProto| {
            !graph.initializer.iter().any(|tensor| tensor.name == input.name)
        };
        let inputs: Vec<_> = graph.input.iter().filter(known).filter(constant).collect();
        let (labels, latents): (Vec<&ValueInfoProto>, Vec<&ValueInfoProto>) =
            inputs.iter().copied().partition(|input| is_label(input));
        let (latent, labels) = match (&latents[..], &labels[..]) {
            (&[latent], labels) => (latent, labels.to_vec()),
            (&[], &[latent]) => (latent, vec![]),
            _ => {
                let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
                bail!(
                    "has inputs {names:?}: which is the latent? Labels are called label, class, y or so"
                )
            }
        };
        ensure!(
            label.is_none() || !labels.is_empty(),
            "takes no label beside the latents: leave --label out"
        );
        for input in labels {
            let name = &input.name;
            let Some(label) = label else {
                bail!("takes \"{name}\" beside the latents: say which with --label K, from 0");
            };
            let shape = sizes(input)?;
            let count = count(&shape);
            let wide = shape.iter().filter(|size| **size > 1).count();
            ensure!(
                wide < 2,
                "\"{name}\" has shape {shape:?}: labels are a number or one-hot, [batch, n]"
            );
            ensure!(
                count < 2 || label < count,
                "--label {label}: \"{name}\" has {count} labels, from 0"
            );
            let value = |i: usize| if count > 1 { i64::from(i == label) } else { label as i64 };
            let values = (0..count).map(value);
            let tensor = match kind(input) {
                Some(DataType::Float | DataType::Double) => {
                    let values = values.map(|value| value as f32).collect();
                    Tensor::Floats(ArrayD::from_shape_vec(shape, values)?)
                }
                _ => Tensor::Ints(ArrayD::from_shape_vec(shape, values.collect())?),
            };
            self.values.insert(name, Value::Constant(tensor));
        }
        let shape = latent_shape(latent)?;
        self.latent_len = count(&shape);
        let elements =
            ArrayD::from_shape_vec(shape.clone(), (0..self.latent_len as i32).collect())?;
        self.values.insert(&latent.name, Value::View(View::new(Origin::Latent, elements)));
        Ok((latent, shape))
    }
}

/// Whether an input is a label: whole numbers, or called so.
fn is_label(input: &ValueInfoProto) -> bool {
    let whole = matches!(kind(input), Some(DataType::Int64 | DataType::Int32));
    let name = input.name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphabetic());
    let known = [
        "label",
        "labels",
        "class",
        "classes",
        "y",
        "c",
        "cond",
        "condition",
        "onehot",
        "hot",
        "target",
    ];
    whole || words.any(|word| known.contains(&word))
}

/// Shape of a single latent.
pub(crate) fn latent_shape(input: &ValueInfoProto) -> Result<Vec<usize>> {
    let name = &input.name;
    ensure!(kind(input) == Some(DataType::Float), "input \"{name}\" is not float32");
    let sizes = sizes(input)?;
    let len = count(&sizes);
    ensure!(
        sizes.len() > 1 && len <= DIMENSION_LIMIT,
        "input \"{name}\" has shape {sizes:?}: latents are [batch, z] or [batch, z, 1, 1]"
    );
    Ok(sizes)
}

fn kind(input: &ValueInfoProto) -> Option<DataType> {
    match input.r#type.as_ref()?.value.as_ref()? {
        type_proto::Value::TensorType(tensor) => DataType::try_from(tensor.elem_type).ok(),
        #[allow(unreachable_patterns)]
        _ => None,
    }
}

/// The sizes of one example.
fn sizes(input: &ValueInfoProto) -> Result<Vec<usize>> {
    let name = &input.name;
    let kind = input.r#type.as_ref().and_then(|t| t.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = kind else {
        bail!("input \"{name}\" is no tensor");
    };
    let shape = tensor.shape.as_ref().with_context(|| format!("input \"{name}\" has no shape"))?;
    let mut sizes = Vec::new();
    for (index, dimension) in shape.dim.iter().enumerate() {
        sizes.push(match (&dimension.value, index) {
            (Some(Size::DimValue(-1..=1)), 0) | (Some(Size::DimParam(_)) | None, 0) => 1,
            (Some(Size::DimValue(batch)), 0) => {
                bail!("input \"{name}\" has a fixed batch of {batch}: export with batch 1")
            }
            (Some(Size::DimValue(size)), _) if (1..=DIMENSION_LIMIT as i64).contains(size) => {
                *size as usize
            }
            _ => bail!("input \"{name}\" has no usable size at axis {index}"),
        });
    }
    Ok(sizes)
}
