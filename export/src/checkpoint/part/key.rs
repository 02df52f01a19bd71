//! Finds the generator's tensors among those of a checkpoint, by the keys that their names begin with.

use crate::checkpoint::tensor::Tensor;
use std::collections::BTreeSet;

/// What data-parallel and compiled models put before every name.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];

/// Keys of dictionaries that training scripts save models in.
const CONTAINERS: [&str; 9] = [
    "state_dict",
    "model_state_dict",
    "model",
    "models",
    "net",
    "nets",
    "params",
    "weights",
    "params_ema",
];

/// The tensors of a checkpoint whose names begin with one key.
#[derive(Clone)]
pub(crate) struct Part<'a> {
    /// The key, its pieces separated by dots; empty for the whole file.
    pub(crate) key: String,
    /// Names without the key, and tensors.
    pub(crate) tensors: Vec<(&'a str, &'a Tensor)>,
    /// Keys of an autoencoder's encoder that are left out.
    pub(crate) left_out: Vec<String>,
}

impl<'a> Part<'a> {
    /// All tensors of a file.
    pub(crate) fn whole(tensors: &'a [Tensor]) -> Self {
        let tensors = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        Self { key: String::new(), tensors, left_out: vec![] }.unwrapped()
    }

    /// The tensors under `key`, which may have several pieces separated by dots; none if there are no tensors.
    pub(crate) fn under(&self, key: &str) -> Option<Self> {
        let shorter = |name: &'a str| name.strip_prefix(key)?.strip_prefix('.');
        let tensors = self.tensors.iter().filter_map(|&(name, it)| Some((shorter(name)?, it)));
        let tensors: Vec<_> = tensors.collect();
        let key = if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) };
        let left_out = vec![];
        (!tensors.is_empty()).then(|| Self { key, tensors, left_out }.unwrapped())
    }

    /// The keys directly below.
    pub(crate) fn keys(&self) -> BTreeSet<&'a str> {
        self.tensors.iter().filter_map(|(name, _)| Some(name.split_once('.')?.0)).collect()
    }

    /// The parts that may be the generator: this one, and every part below whose key is named like a generator. Other
    /// parts are left out, since half of a network may look like a whole one. This one is left out too if a
    /// discriminator is beside the generator: both together may look like one chain.
    pub(crate) fn generators(&self) -> Vec<Self> {
        let keys = self.keys();
        let mut below = Vec::new();
        for key in &keys {
            let container = CONTAINERS.contains(&key.to_lowercase().as_str());
            if (container || is_generator(key))
                && let Some(part) = self.under(key)
            {
                below.extend(part.generators());
            }
        }
        if let Some(decoder) = self.decoder() {
            below.insert(0, decoder);
            return below;
        }
        let same = keys.len() == 1 && self.tensors.iter().all(|(name, _)| name.contains('.'));
        let both = keys.iter().any(|key| is_discriminator(key));
        if below.is_empty() || !(same || both) {
            below.insert(0, self.clone());
        }
        below
    }

    /// This part without the encoder, if it is an autoencoder.
    fn decoder(&self) -> Option<Self> {
        let keys = self.keys();
        let (left_out, left): (Vec<&str>, Vec<&str>) = keys.iter().partition(|key| is_encoder(key));
        let is_autoencoder = left_out.iter().any(|key| key.to_lowercase().starts_with("enc"));
        if !is_autoencoder || left.is_empty() {
            return None;
        }
        let mut decoder = match left[..] {
            [key] => self.under(key)?,
            _ => self.clone(),
        };
        let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        decoder.tensors.retain(|(name, _)| left.len() == 1 || !is_encoder(&first(name)));
        decoder.left_out = left_out.into_iter().map(str::to_owned).collect();
        Some(decoder)
    }

    /// Whether this is a part of `outer`.
    pub(crate) fn is_below(&self, outer: &Part) -> bool {
        let below = self.key.strip_prefix(&outer.key);
        below.is_some_and(|rest| outer.key.is_empty() || rest.starts_with('.'))
    }

    /// Whether names are those of a variational autoencoder.
    pub(crate) fn is_autoencoder(&self) -> bool {
        let words = ["decoder", "encoder", "vae", "logvar", "log_var", "logsigma"];
        let mut names = self.tensors.iter().map(|(_, tensor)| tensor.name.to_lowercase());
        names.any(|name| words.iter().any(|word| name.contains(word)))
    }

    /// The same part without the wrappers' names.
    fn unwrapped(mut self) -> Self {
        for wrapper in WRAPPERS {
            if self.tensors.iter().all(|(name, _)| name.starts_with(wrapper)) {
                self.tensors.iter_mut().for_each(|(name, _)| *name = &name[wrapper.len()..]);
            }
        }
        self
    }
}

/// Whether a key is named like a generator.
fn is_generator(key: &str) -> bool {
    let key = key.to_lowercase();
    let own = ["g", "ema"].iter().any(|word| key.split(['_', '-']).any(|piece| piece == *word));
    own || key.starts_with("netg") || key.contains("gen")
}

/// Whether a key is named like an autoencoder's encoder, or a layer of mean or variance behind it.
fn is_encoder(key: &str) -> bool {
    let key = key.to_lowercase();
    let word = |word: &str| key.split('_').any(|piece| piece == word);
    let moments = ["mu", "mean", "var", "logvar", "sigma", "logsigma", "std"].into_iter().any(word);
    key.starts_with("enc") || (moments && !key.contains("dec"))
}

/// Whether a key is named like a discriminator.
fn is_discriminator(key: &str) -> bool {
    let key = key.to_lowercase();
    let called = ["netd", "disc", "critic", "d_"].iter().any(|begin| key.starts_with(begin));
    called || key == "d" || key.contains("discriminator")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generators_are_found_by_their_keys() {
        let names = [
            "state_dict.netG.module.main.0.weight",
            "state_dict.netD.main.0.weight",
            "G_ema.l1.weight",
            "optimizer.state.0.exp_avg",
            "epoch",
        ];
        let tensors = names.map(|name| Tensor::new(name.to_owned(), vec![], || Ok(vec![0.0])));
        let whole = Part::whole(&tensors);
        let found = whole.generators();
        let keys: Vec<_> = found.iter().map(|part| part.key.as_str()).collect();
        assert_eq!(keys, ["", "G_ema", "state_dict.netG"]);
        assert_eq!(found[2].tensors[0].0, "main.0.weight");
        assert_eq!(whole.under("state_dict.netD").unwrap().tensors[0].0, "main.0.weight");
        assert!(whole.under("state").is_none());
    }
}
