//! Keras' variables as PyTorch has them, for files of weights alone.

use crate::checkpoint::read::hdf5::Variable;
use crate::checkpoint::tensor::Tensor;
use anyhow::{Result, bail, ensure};
use std::collections::HashSet;

/// The tensors of `variables` with PyTorch's names and orders of axes, layers in the same order.
///
/// # Errors
/// If a layer has a number of variables that no known layer has, or two layers have the same name.
pub(crate) fn tensors(variables: Vec<Variable>) -> Result<Vec<Tensor>> {
    let mut layers: Vec<(String, Vec<(String, Tensor)>)> = Vec::new();
    for Variable { mut path, layer, tensor, .. } in variables {
        let role = path.pop().unwrap_or_default();
        let role = role.trim_end_matches(":0").to_owned();
        // The group `vars` has the variables of the layer that the group around it is called after.
        let group = path.pop_if(|group| group == "vars").and_then(|_| path.last().cloned());
        let name = layer.or(group).or(path.pop()).unwrap_or_default();
        match layers.iter_mut().find(|(other, _)| *other == name) {
            Some((_, found)) => found.push((role, tensor)),
            None => layers.push((name, vec![(role, tensor)])),
        }
    }
    let mut tensors = Vec::new();
    for (layer, variables) in layers {
        let unique: HashSet<_> = variables.iter().map(|(role, _)| role).collect();
        ensure!(unique.len() == variables.len(), "two layers are called \"{layer}\"");
        let roles = roles(&layer, &variables)?;
        for (renamed, (role, tensor)) in roles.iter().zip(variables) {
            let axes: Vec<usize> = match tensor.shape.len() {
                // An embedding is [labels, out], as PyTorch has it; of others, [in, out] becomes [out, in].
                2 if is_table(&layer, &role) => vec![0, 1],
                2 => vec![1, 0],
                // [k, k, a, b] becomes [b, a, k, k] for both kinds of convolution.
                4 => vec![3, 2, 0, 1],
                rank => (0..rank).collect(),
            };
            tensors.push(tensor.turned(format!("{layer}.{renamed}"), axes));
        }
    }
    Ok(tensors)
}

/// Whether variable `role` of layer `layer` is a table of labels. Keras 3 numbers variables; then the layer's name tells.
fn is_table(layer: &str, role: &str) -> bool {
    let last = layer.rsplit('/').next().unwrap_or_default();
    role == "embeddings" || (role.parse::<usize>().is_ok() && last.starts_with("embedding"))
}

/// PyTorch's names of the variables of layer `layer`.
fn roles(layer: &str, variables: &[(String, Tensor)]) -> Result<Vec<String>> {
    let numbered = variables.iter().all(|(role, _)| role.parse::<usize>().is_ok());
    let matrix = variables.first().is_some_and(|(_, tensor)| tensor.shape.len() > 1);
    let role = |role: &str| match role {
        "kernel" | "gamma" | "embeddings" => "weight".to_owned(),
        "beta" => "bias".to_owned(),
        "moving_mean" => "running_mean".to_owned(),
        "moving_variance" => "running_var".to_owned(),
        other => other.to_owned(),
    };
    let roles: &[&str] = match (numbered, matrix, variables.len()) {
        (false, ..) => return Ok(variables.iter().map(|(name, _)| role(name)).collect()),
        (_, true, 1 | 2) => &["weight", "bias"],
        (_, false, 2) => &["running_mean", "running_var"],
        (_, false, 4) => &["weight", "bias", "running_mean", "running_var"],
        (.., len) => bail!("layer \"{layer}\" has {len} variables, which no known layer has"),
    };
    Ok(roles.iter().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An embedding's rows are labels. A dense layer's rows are inputs, its columns outputs.
    #[test]
    fn embeddings_keep_their_axes() {
        let variable = |path: &str, shape: [usize; 2]| {
            let path = path.split('/').map(str::to_owned).collect();
            let values: Vec<f32> = (0..shape[0] * shape[1]).map(|i| i as f32).collect();
            let tensor = Tensor::new("v".to_owned(), shape.to_vec(), move || Ok(values.clone()));
            Variable { path, layer: None, listed: false, tensor }
        };
        let read = tensors(vec![
            variable("layers/embedding/vars/0", [10, 2]),
            variable("table/table/embeddings:0", [10, 2]),
            variable("layers/dense/vars/0", [3, 2]),
        ]);
        let read = read.unwrap();
        let of =
            |i: usize| (read[i].name.as_str(), read[i].shape.clone(), read[i].values().unwrap()[1]);
        assert_eq!(of(0), ("embedding.weight", vec![10, 2], 1.0));
        assert_eq!(of(1), ("table.weight", vec![10, 2], 1.0));
        assert_eq!(of(2), ("dense.weight", vec![2, 3], 2.0));
    }
}
