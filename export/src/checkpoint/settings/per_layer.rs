//! A value for each layer, given or assumed.

use anyhow::{Result, ensure};
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// One value for all layers, or one for each, of which some may be left to assumptions.
#[derive(Clone, Debug)]
pub struct PerLayer<T>(Vec<Option<T>>);

/// Marks assumed values in the table.
pub(crate) const MARK: &str = "*";

/// A value of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chosen<T> {
    pub(crate) value: T,
    pub(crate) assumed: bool,
}

impl<T> Chosen<T> {
    /// `said` if there is one, else `usual`, marked as assumed.
    pub(crate) fn or(said: Option<T>, usual: T) -> Self {
        match said {
            Some(value) => Self { value, assumed: false },
            None => Self { value: usual, assumed: true },
        }
    }

    /// The same value, which is known rather than assumed.
    pub(crate) fn known(self) -> Self {
        Self { assumed: false, ..self }
    }

    /// [`MARK`] if the value is assumed, else nothing.
    pub(crate) fn mark(&self) -> &'static str {
        if self.assumed { MARK } else { "" }
    }
}

impl<T: Display> Display for Chosen<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.mark())
    }
}

impl<T> Default for PerLayer<T> {
    fn default() -> Self {
        Self(vec![None])
    }
}

impl<T: Copy> PerLayer<T> {
    /// The value for layer `index`, if there is one.
    pub(crate) fn get(&self, index: usize) -> Option<T> {
        if let [all] = self.0[..] { all } else { self.0.get(index).copied().flatten() }
    }

    /// These values, with those of `others` where they are missing.
    pub(crate) fn or(&self, others: &Self) -> Self {
        let len = self.0.len().max(others.0.len());
        (0..len).map(|index| self.get(index).or(others.get(index))).collect()
    }

    /// These values for `count` layers, with `value` for layer `index`.
    pub(crate) fn with(&self, index: usize, value: T, count: usize) -> Self {
        let other = |at| if at == index { Some(value) } else { self.get(at) };
        (0..count).map(other).collect()
    }

    /// The values, if there is one for each layer.
    pub(crate) fn list(&self) -> Option<&[Option<T>]> {
        (self.0.len() > 1).then_some(&self.0)
    }

    /// Refuses the list of option `option` unless it has one value, or one for each of `layers` layers.
    pub(crate) fn check(&self, option: &str, layers: usize) -> Result<()> {
        let len = self.0.len();
        ensure!(
            len == 1 || len == layers,
            "--{option} has {len} values for {layers} layers: give one for all, or one for each (_ \
             leaves a layer's as assumed)"
        );
        Ok(())
    }
}

impl<T: Display> PerLayer<T> {
    /// The values as the command line has them; none if there is no value.
    pub(crate) fn option(&self) -> Option<String> {
        let value = |value: &Option<T>| value.as_ref().map_or("_".to_owned(), ToString::to_string);
        let given = self.0.iter().any(Option::is_some);
        given.then(|| self.0.iter().map(value).collect::<Vec<_>>().join(","))
    }
}

impl<T> From<Option<T>> for PerLayer<T> {
    fn from(value: Option<T>) -> Self {
        Self(vec![value])
    }
}

impl<T> FromIterator<Option<T>> for PerLayer<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T: FromStr> FromStr for PerLayer<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let value = |piece: &str| match piece.trim() {
            "_" => Ok(None),
            piece => piece.parse().map(Some),
        };
        text.split(',').map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::settings::{Activation, Padding};

    #[test]
    fn lists_are_one_value_or_one_a_layer() {
        let list: PerLayer<usize> = "2, _,1".parse().unwrap();
        assert_eq!([0, 1, 2, 3].map(|index| list.get(index)), [Some(2), None, Some(1), None]);
        assert!(list.check("stride", 3).is_ok());
        let error = list.check("stride", 4).unwrap_err().to_string();
        assert!(error.contains("--stride has 3 values for 4 layers"), "{error}");
        let all: PerLayer<Activation> = "leaky:0.2".parse().unwrap();
        assert_eq!(all.get(9), Some(Activation::Leaky(0.2)));
        assert!(all.check("activation", 4).is_ok());
        assert_eq!("same".parse(), Ok(Padding::Same));
        for bad in ["", "leaky", "leaky:", "leaky:nan", "softmax"] {
            assert!(bad.parse::<Activation>().is_err(), "{bad}");
        }
    }
}
