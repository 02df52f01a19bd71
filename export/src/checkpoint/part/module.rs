//! Groups a checkpoint's tensors by module, and finds out what each module is.

use crate::checkpoint::part::key::Part;
use crate::checkpoint::tensor::{Tensor, natural};
use anyhow::{Result, bail, ensure};
use std::collections::BTreeMap;

/// A module with weights.
#[derive(Clone)]
pub(crate) struct Module<'a> {
    /// Its name without the key of the generator.
    pub(crate) name: String,
    /// The place of its first tensor in the file, if the format keeps an order.
    pub(crate) place: Option<usize>,
    pub(crate) kind: ModuleKind<'a>,
}

/// What a module is. Names and shapes of its tensors tell.
#[derive(Clone)]
pub(crate) enum ModuleKind<'a> {
    /// `[out, in]` weights.
    Linear { sides: [usize; 2], weight: &'a Tensor, bias: Option<&'a Tensor> },
    /// `[in, out, k, k]` weights of a transposed convolution, or `[out, in, k, k]` of a plain one.
    Convolution { sides: [usize; 2], kernel: usize, weight: &'a Tensor, bias: Option<&'a Tensor> },
    /// BatchNorm.
    Norm(Norm<'a>),
    /// PReLU, with one slope or one for each channel.
    Slope { len: usize, weight: &'a Tensor },
}

/// A BatchNorm's tensors.
#[derive(Clone, Copy)]
pub(crate) struct Norm<'a> {
    pub(crate) channels: usize,
    pub(crate) gamma: Option<&'a Tensor>,
    pub(crate) beta: Option<&'a Tensor>,
    pub(crate) mean: &'a Tensor,
    pub(crate) variance: &'a Tensor,
    /// Number of training steps; none if the file does not tell.
    pub(crate) steps: Option<&'a Tensor>,
}

/// Tensors of a weight that is stored in pieces of which some are missing, and the call that makes it whole again.
const PIECES: [(&str, &str); 4] = [
    ("weight_orig", "torch.nn.utils.remove_spectral_norm"),
    ("weight_bar", "torch.nn.utils.remove_spectral_norm"),
    ("weight_g", "torch.nn.utils.remove_weight_norm"),
    ("original", "torch.nn.utils.parametrize.remove_parametrizations"),
];

/// The modules of `part`: in the file's order if the format keeps one, else in the order of their names.
pub(crate) fn modules<'a>(part: &Part<'a>) -> Result<Vec<Module<'a>>> {
    let mut groups: BTreeMap<&str, BTreeMap<&str, &Tensor>> = BTreeMap::new();
    for &(name, tensor) in &part.tensors {
        let (module, role) = name.rsplit_once('.').unwrap_or(("", name));
        let pieces = PIECES.iter().find(|(piece, _)| role.trim_end_matches(['0', '1']) == *piece);
        let mask = format!("{module}.weight_mask");
        if pieces.is_some() && part.tensors.iter().any(|(name, _)| *name == mask) {
            bail!(
                "tensor \"{}\" is pruned: call torch.nn.utils.prune.remove(module, \"weight\") before saving",
                tensor.name
            );
        }
        if let Some((_, whole)) = pieces {
            bail!("tensor \"{}\" is a piece of a weight: call {whole} before saving", tensor.name);
        }
        groups.entry(module).or_default().insert(role, tensor);
    }
    // A number of steps is no module.
    groups.retain(|_, roles| roles.keys().any(|role| *role != "num_batches_tracked"));
    let modules = groups.into_iter().map(|(name, mut roles)| {
        let places: Option<Vec<usize>> = roles.values().map(|tensor| tensor.place).collect();
        let place = places.and_then(|places| places.into_iter().min());
        let kind = kind(&mut roles)?;
        match (kind, roles.first_key_value()) {
            (Some(kind), None) => Ok(Module { name: name.to_owned(), place, kind }),
            (_, Some((_, stranger))) => bail!("{}", misunderstood(stranger)),
            (None, None) => bail!("module \"{name}\" is empty"),
        }
    });
    let mut modules = modules.collect::<Result<Vec<_>>>()?;
    match modules.iter().all(|module| module.place.is_some()) {
        true => modules.sort_by_key(|module| module.place),
        false => modules.sort_by(|a, b| natural(&a.name, &b.name)),
    }
    Ok(modules)
}

/// The message for a tensor that belongs to no known module.
fn misunderstood(tensor: &Tensor) -> String {
    let Tensor { name, shape, .. } = tensor;
    let norm = name.ends_with(".weight") || name.ends_with(".bias");
    if norm && shape.len() == 1 {
        return format!(
            "tensor \"{name}\" of shape {shape:?} belongs to a normalisation without stored statistics, \
             such as InstanceNorm, GroupNorm or BatchNorm with track_running_stats=False, which needs \
             the whole map at run time: train with BatchNorm2d"
        );
    }
    format!(
        "tensor \"{name}\" of shape {shape:?} is not understood: layers are Linear, \
         ConvTranspose2d, Conv2d, BatchNorm with stored statistics and PReLU; pass --key if the \
         generator is a part of the file"
    )
}

/// What the module with the tensors `roles` is; takes out the tensors that it uses. None if it is not known.
fn kind<'a>(roles: &mut BTreeMap<&str, &'a Tensor>) -> Result<Option<ModuleKind<'a>>> {
    if let (Some(&mean), Some(&variance)) = (roles.get("running_mean"), roles.get("running_var")) {
        let [channels] = mean.shape[..] else { return Ok(None) };
        let gamma = roles.get("weight").copied();
        let beta = roles.get("bias").copied();
        let steps = roles.remove("num_batches_tracked");
        roles.retain(|role, _| !["weight", "bias", "running_mean", "running_var"].contains(role));
        for tensor in [gamma, beta, Some(variance)].into_iter().flatten() {
            fits(tensor, &[channels])?;
        }
        return Ok(Some(ModuleKind::Norm(Norm { channels, gamma, beta, mean, variance, steps })));
    }
    let Some(&weight) = roles.get("weight") else { return Ok(None) };
    let bias = roles.get("bias").copied();
    let Tensor { name, shape, .. } = weight;
    let kind = match (&shape[..], bias) {
        (&[a, b], _) => ModuleKind::Linear { sides: [a, b], weight, bias },
        (&[a, b, rows, columns], _) => {
            ensure!(
                rows == columns,
                "tensor \"{name}\" has a kernel of {rows}×{columns}: only square ones are supported"
            );
            ModuleKind::Convolution { sides: [a, b], kernel: rows, weight, bias }
        }
        (&[len], None) => ModuleKind::Slope { len, weight },
        _ => return Ok(None),
    };
    ensure!(!shape.contains(&0), "tensor \"{name}\" of shape {shape:?} is empty");
    roles.retain(|role, _| !["weight", "bias"].contains(role));
    Ok(Some(kind))
}

/// Refuses `tensor` unless it has shape `shape`.
pub(crate) fn fits(tensor: &Tensor, shape: &[usize]) -> Result<()> {
    let (name, got) = (&tensor.name, &tensor.shape);
    ensure!(got == shape, "tensor \"{name}\" has shape {got:?}, expected {shape:?}");
    Ok(())
}

impl Module<'_> {
    /// Whether it is a layer with weights of its own, not a BatchNorm or PReLU that belongs to one.
    pub(crate) fn is_linear(&self) -> bool {
        matches!(self.kind, ModuleKind::Linear { .. } | ModuleKind::Convolution { .. })
    }

    /// Whether it may be an embedding: a matrix without a bias.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.kind, ModuleKind::Linear { bias: None, .. })
    }

    /// If it may be a first layer: its kernel, inputs and outputs; a dense layer's kernel is 0.
    pub(crate) fn first_layer(&self) -> Option<(usize, usize, usize)> {
        match self.kind {
            ModuleKind::Linear { sides: [outputs, inputs], .. } => Some((0, inputs, outputs)),
            ModuleKind::Convolution { sides: [inputs, outputs], kernel, .. } => {
                Some((kernel, inputs, outputs))
            }
            _ => None,
        }
    }

    /// Its name, kind and shape, for messages.
    pub(crate) fn describe(&self) -> String {
        let (what, shape) = match &self.kind {
            ModuleKind::Linear { weight, .. } => ("Linear", &weight.shape),
            ModuleKind::Convolution { weight, .. } => ("convolution", &weight.shape),
            ModuleKind::Norm(norm) => ("BatchNorm", &norm.mean.shape),
            ModuleKind::Slope { weight, .. } => ("PReLU", &weight.shape),
        };
        format!("\"{}\" ({what} {shape:?})", self.name)
    }
}
