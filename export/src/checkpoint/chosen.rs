//! A value that a person has given or that is assumed.

use std::fmt::{Display, Formatter, Result};

/// Marks assumed values in the table.
pub(super) const MARK: &str = "*";

/// A value of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chosen<T> {
    pub(super) value: T,
    pub(super) assumed: bool,
}

impl<T> Chosen<T> {
    /// `said` if there is one, else `usual`, marked as assumed.
    pub(super) fn or(said: Option<T>, usual: T) -> Self {
        match said {
            Some(value) => Self { value, assumed: false },
            None => Self { value: usual, assumed: true },
        }
    }

    /// [`MARK`] if the value is assumed, else nothing.
    pub(super) fn mark(&self) -> &'static str {
        if self.assumed { MARK } else { "" }
    }
}

impl<T: Display> Display for Chosen<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.value, self.mark())
    }
}
