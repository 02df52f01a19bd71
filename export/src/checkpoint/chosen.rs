//! A value, and whether anyone has said it.

use std::fmt::{Display, Formatter, Result};

/// What stands behind values that were assumed.
pub(super) const MARK: &str = "*";

/// A value of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chosen<T> {
    pub(super) value: T,
    pub(super) assumed: bool,
}

impl<T> Chosen<T> {
    /// What is said, else what is usual.
    pub(super) fn or(said: Option<T>, usual: T) -> Self {
        match said {
            Some(value) => Self { value, assumed: false },
            None => Self { value: usual, assumed: true },
        }
    }

    pub(super) fn mark(&self) -> &'static str {
        if self.assumed { MARK } else { "" }
    }
}

impl<T: Display> Display for Chosen<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}", self.value, self.mark())
    }
}
