//! What a user asks for where a file leaves it open: `--latent`, `--label`, `--output` and `--shape`.

use crate::latent::{named, places};
use crate::network::Order;
use anyhow::{Result, ensure};
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use std::str::FromStr;

/// What a user asks for. Where nothing is asked for, the file decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// The label that a conditional generator draws, from 0.
    pub label: Option<usize>,
    /// Distributions, in the order they were given.
    pub kinds: Vec<LatentKind>,
    /// Name of the output that is the picture, of a graph with several.
    pub output: Option<String>,
    /// Shape of the pictures of a graph whose output is flat.
    pub shape: Option<Order>,
}

/// A distribution asked for: of one part, or of all parts but labels.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentKind {
    /// The part's name; `None` means all parts but labels.
    pub name: Option<String>,
    /// The distribution of its elements.
    pub distribution: Distribution,
}

impl FromStr for LatentKind {
    type Err = &'static str;

    /// Parses `uniform` or `code=uniform`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, distribution) = match text.rsplit_once('=') {
            Some((name, distribution)) => (Some(name.to_owned()), distribution),
            None => (None, text),
        };
        let possible = match named(distribution) {
            Some(Distribution::OneHot) if name.is_none() => None,
            distribution => distribution,
        };
        let distribution =
            possible.ok_or("possible: normal, uniform; NAME=normal, NAME=uniform, NAME=one-hot")?;
        Ok(Self { name, distribution })
    }
}

impl Wishes {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Distribution asked for by the name of part `name`. The last matching wish wins.
    pub fn named(&self, name: &str) -> Option<Distribution> {
        self.last(Some(name))
    }

    /// Distribution asked for part `name`. `NAME=KIND` overrides a bare `KIND`.
    pub fn distribution(&self, name: &str) -> Option<Distribution> {
        self.named(name).or_else(|| self.last(None))
    }

    /// The last distribution given for `name`, or without a name.
    fn last(&self, name: Option<&str>) -> Option<Distribution> {
        let found = self.kinds.iter().rfind(|kind| kind.name.as_deref() == name);
        found.map(|kind| kind.distribution)
    }

    /// Gives `parts` the distributions asked for. A bare `KIND` leaves labels alone.
    ///
    /// # Errors
    /// If a distribution is asked for a part that does not exist.
    pub fn distribute(&self, parts: &mut [DraftPart]) -> Result<()> {
        for name in self.kinds.iter().filter_map(|kind| kind.name.as_deref()) {
            let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
            ensure!(
                names.contains(&name),
                "--latent {name}=…: the latent has no such part, but {}",
                names.join(", ")
            );
        }
        for part in parts {
            let named = self.named(&part.name).is_some();
            if named || part.distribution != Distribution::OneHot {
                part.distribution = self.distribution(&part.name).unwrap_or(part.distribution);
            }
        }
        Ok(())
    }
}

/// Sets every one-hot part of latent `z` to label number `label`.
///
/// # Errors
/// If a part has fewer labels.
pub fn set_label(z: &mut [f32], parts: &[DraftPart], label: usize) -> Result<()> {
    for (part, place) in parts.iter().zip(places(parts)) {
        if part.distribution == Distribution::OneHot {
            let DraftPart { name, len, .. } = part;
            ensure!(label < *len, "--label {label}: \"{name}\" has {len} labels, from 0");
            z[place.clone()].fill(0.0);
            z[place.start + label] = 1.0;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latent::{name, part};

    #[test]
    fn kinds_are_said_of_one_part_or_of_all_but_labels() {
        let parts = || {
            let normal = |name| part(name, 3, Distribution::Normal);
            [normal("z"), normal("a=b"), part("label", 3, Distribution::OneHot)]
        };
        let after = |texts: &[&str]| {
            let kinds = texts.iter().map(|text| text.parse().unwrap()).collect();
            let wishes = Wishes { kinds, ..Wishes::default() };
            let mut parts = parts();
            wishes.distribute(&mut parts).unwrap();
            parts.map(|part| name(part.distribution))
        };
        assert_eq!(after(&[]), ["normal", "normal", "one-hot"]);
        assert_eq!(after(&["uniform"]), ["uniform", "uniform", "one-hot"]);
        assert_eq!(after(&["a=b=uniform"]), ["normal", "uniform", "one-hot"]);
        assert_eq!(after(&["z=normal", "uniform"]), ["normal", "uniform", "one-hot"]);
        assert_eq!(after(&["label=normal", "z=one-hot"]), ["one-hot", "normal", "normal"]);
        for wrong in ["", "one-hot", "z=", "Normal"] {
            assert!(wrong.parse::<LatentKind>().is_err(), "{wrong}");
        }
        let kinds = vec!["y=normal".parse().unwrap()];
        let wishes = Wishes { kinds, ..Wishes::default() };
        let error = wishes.distribute(&mut parts()).unwrap_err();
        assert!(error.to_string().contains("but z, a=b, label"), "{error}");
    }

    #[test]
    fn labels_are_set_in_their_own_part() {
        let parts = [part("z", 2, Distribution::Normal), part("label", 3, Distribution::OneHot)];
        let mut z = [0.5, -0.5, 1.0, 0.0, 0.0];
        set_label(&mut z, &parts, 2).unwrap();
        assert_eq!(z, [0.5, -0.5, 0.0, 0.0, 1.0]);
        let error = set_label(&mut z, &parts, 3).unwrap_err().to_string();
        assert_eq!(error, "--label 3: \"label\" has 3 labels, from 0");
    }
}
