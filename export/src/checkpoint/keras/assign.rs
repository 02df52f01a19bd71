//! Gives each layer of a described model its weights.

use crate::checkpoint::keras::description::{Layer, Model};
use crate::checkpoint::read::hdf5::Variable;
use crate::checkpoint::tensor::natural;
use anyhow::{Result, ensure};
use std::collections::{BTreeMap, VecDeque};

/// The groups of a `.keras` archive that have a model's layers, in newer and older versions.
const LAYERS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];
/// The group of an `.h5` file that has a model's layers.
const WEIGHTS: &str = "model_weights";

/// Classes whose layers have weights, and what a `.keras` archive calls their groups.
const HOLDERS: [(&str, &str); 11] = [
    ("BatchNormalization", "batch_normalization"),
    ("Conv2D", "conv2d"),
    ("Conv2DTranspose", "conv2d_transpose"),
    ("Dense", "dense"),
    ("DepthwiseConv2D", "depthwise_conv2d"),
    ("Embedding", "embedding"),
    ("Functional", "functional"),
    ("Model", "model"),
    ("PReLU", "p_re_lu"),
    ("SeparableConv2D", "separable_conv2d"),
    ("Sequential", "sequential"),
];

/// Gives the layers of `model` the variables of a `.keras` archive. Its groups are called after the layers' classes and
/// are numbered in the order of the layers; the layers' own names do not matter. `depth`: of groups around the model.
///
/// # Errors
/// If the file calls a layer by another name than the description.
pub(super) fn by_class(model: &mut Model, variables: Vec<Variable>, depth: usize) -> Result<()> {
    // Some versions count a layer twice, so numbers may be missing: only their order matters.
    let mut groups: BTreeMap<(&str, usize), Vec<Variable>> = BTreeMap::new();
    for variable in variables {
        match &variable.path[depth..] {
            [layers, group, _, ..] if LAYERS.contains(&layers.as_str()) => match holder(group) {
                Some(key) => groups.entry(key).or_default().push(variable),
                None => model.spare.push(variable.tensor.name),
            },
            // Of the training: optimizer, losses, metrics.
            _ => {}
        }
    }
    for (class, group) in HOLDERS {
        let mut found: VecDeque<_> =
            groups.extract_if(.., |key, _| key.0 == group).map(|(_, found)| found).collect();
        for layer in model.layers.iter_mut().filter(|it| it.class == class && it.has_weights()) {
            let found = found.pop_front().unwrap_or_default();
            match &mut layer.model {
                Some(model) => by_class(model, found, depth + 2)?,
                None => layer.take(found, depth + 2)?,
            }
        }
        model.spare.extend(found.into_iter().flatten().map(|variable| variable.tensor.name));
    }
    Ok(())
}

/// The group's name without its number, and the number.
fn holder(group: &str) -> Option<(&'static str, usize)> {
    let find = |name: &str| HOLDERS.iter().find(|(_, holder)| *holder == name);
    if let Some((_, holder)) = find(group) {
        return Some((holder, 0));
    }
    let (name, number) = group.rsplit_once('_')?;
    Some((find(name)?.1, number.parse().ok()?))
}

impl Layer {
    /// Whether the layer has weights, as far as its class tells.
    fn has_weights(&self) -> bool {
        match &self.model {
            Some(model) => model.layers.iter().any(Self::has_weights),
            None => HOLDERS.iter().any(|(class, _)| *class == self.class),
        }
    }

    /// Takes the variables of its group of a `.keras` archive: those in the group `vars`, by number, then those of an
    /// activation.
    fn take(&mut self, mut found: Vec<Variable>, depth: usize) -> Result<()> {
        found.sort_by(|a, b| {
            let key = |variable: &Variable| variable.path[depth] != "vars";
            let names = |variable: &Variable| variable.path[depth..].join("/");
            key(a).cmp(&key(b)).then_with(|| natural(&names(a), &names(b)))
        });
        for variable in &found {
            let own = variable.path[depth] == "vars";
            let called = variable.layer.as_ref().filter(|_| own).unwrap_or(&self.name);
            ensure!(
                *called == self.name,
                "the weights of layer \"{}\" are those of \"{called}\" by the file: save the model again",
                self.name
            );
        }
        self.variables = found.into_iter().map(|variable| variable.tensor).collect();
        Ok(())
    }
}

/// Gives the layers of `model` the variables of an `.h5` file, whose groups have the layers' names. The variables of a
/// model inside are in one group, and have names that end in the name of their layer and their own. Those that the file
/// does not list have no order.
pub(super) fn by_name(model: &mut Model, variables: Vec<Variable>) {
    for Variable { path, tensor, listed, .. } in variables {
        let [group, name, rest @ ..] = &path[..] else { continue };
        if group != WEIGHTS {
            continue;
        }
        let Some(layer) = model.layers.iter_mut().find(|layer| layer.name == *name && listed)
        else {
            model.spare.push(tensor.name);
            continue;
        };
        let around = rest.split_last().map_or(&[][..], |(_, around)| around);
        match &mut layer.model {
            None => layer.variables.push(tensor),
            Some(inside) => match owners(inside, around)[..] {
                [ref mut owner] => owner.variables.push(tensor),
                _ => inside.spare.push(tensor.name),
            },
        }
    }
}

/// The layers inside `model` that a variable may belong to which has the groups `around` it. If several layers have the
/// name of the innermost group, the next group must be the model that the layer is in.
fn owners<'a>(model: &'a mut Model, around: &[String]) -> Vec<&'a mut Layer> {
    let Some((name, outside)) = around.split_last() else { return vec![] };
    let mut found = Vec::new();
    let mut open = vec![model];
    while let Some(model) = open.pop() {
        let inside = outside.last().is_none_or(|outer| *outer == model.name);
        for layer in &mut model.layers {
            if layer.model.is_none() && layer.name == *name {
                found.push((inside, layer));
            } else if let Some(model) = &mut layer.model {
                open.push(model);
            }
        }
    }
    if found.len() > 1 {
        found.retain(|(inside, _)| *inside);
    }
    found.into_iter().map(|(_, layer)| layer).collect()
}
