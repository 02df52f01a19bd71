//! Operators that change each element alone: biases, BatchNormalization, activations, and arithmetic of several views
//! of the same elements.

pub(crate) mod alone;
pub(crate) mod pair;
