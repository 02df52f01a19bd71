//! Reads the configuration of a layer.

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

/// Maximum number of units, size of a kernel, and the like.
const LIMIT: u64 = 1 << 20;

/// The configuration of a layer. Versions of Keras that don't have a key yet do what its default says.
#[derive(Clone, Copy)]
pub(super) struct Config<'a>(pub(super) &'a Value);

impl<'a> Config<'a> {
    /// The value of `key`, unless it is missing or null.
    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn flag(self, key: &str, default: bool) -> Result<bool> {
        let value = self.get(key);
        value.map_or(Some(default), Value::as_bool).ok_or_else(|| self.damaged(key))
    }

    pub(super) fn number(self, key: &str, default: f64) -> Result<f64> {
        let value = self.get(key);
        value.map_or(Some(default), Value::as_f64).ok_or_else(|| self.damaged(key))
    }

    pub(super) fn text(self, key: &str, default: &'static str) -> Result<&'a str> {
        let value = self.get(key);
        value.map_or(Some(default), Value::as_str).ok_or_else(|| self.damaged(key))
    }

    /// A whole number that isn't negative.
    pub(super) fn count(self, key: &str) -> Result<usize> {
        self.get(key).and_then(count).ok_or_else(|| self.damaged(key))
    }

    /// As [`count`](Self::count), or `default` if there is none.
    pub(super) fn count_or(self, key: &str, default: usize) -> Result<usize> {
        if self.get(key).is_some() { self.count(key) } else { Ok(default) }
    }

    /// A pair of whole numbers for rows and columns, or one number for both.
    pub(super) fn pair(self, key: &str, default: usize) -> Result<[usize; 2]> {
        let value = self.get(key);
        value.map_or(Some([default; 2]), pair).ok_or_else(|| self.damaged(key))
    }

    /// Sizes of the borders above, below, left and right: one for all, one for rows and one for columns, or two pairs.
    pub(super) fn borders(self, key: &str) -> Result<[usize; 4]> {
        let value = self.get(key).ok_or_else(|| self.damaged(key))?;
        if let Some([rows, columns]) = pair(value) {
            return Ok([rows, rows, columns, columns]);
        }
        let pairs: Option<Vec<_>> = value.as_array().and_then(|it| it.iter().map(pair).collect());
        match pairs.as_deref() {
            Some(&[[above, below], [left, right]]) => Ok([above, below, left, right]),
            _ => Err(self.damaged(key)),
        }
    }

    /// The whole numbers of a list, or one number.
    pub(super) fn integers(self, key: &str) -> Result<Vec<i64>> {
        let list = match self.get(key) {
            Some(Value::Array(list)) => list.iter().map(Value::as_i64).collect(),
            Some(one) => one.as_i64().map(|one| vec![one]),
            None => None,
        };
        list.ok_or_else(|| self.damaged(key))
    }

    /// Whether channels are the first axis of maps.
    pub(super) fn channels_first(self) -> Result<bool> {
        match self.text("data_format", "channels_last")? {
            "channels_first" => Ok(true),
            "channels_last" => Ok(false),
            other => bail!("has the data_format \"{other}\""),
        }
    }

    fn damaged(self, key: &str) -> anyhow::Error {
        anyhow!("has {key} {}, which is not understood", self.0[key])
    }
}

fn count(value: &Value) -> Option<usize> {
    value.as_u64().filter(|&count| count <= LIMIT).and_then(|count| usize::try_from(count).ok())
}

fn pair(value: &Value) -> Option<[usize; 2]> {
    match value.as_array() {
        Some(list) => match &list[..] {
            [a, b] => Some([count(a)?, count(b)?]),
            _ => None,
        },
        None => count(value).map(|both| [both; 2]),
    }
}
