//! Nodes that move elements without changing them: [`read`] reads what such a node does as [`Layout`](layout::Layout)s,
//! and those move the elements of constants and of views.

pub(crate) mod layout;
pub(crate) mod read;
pub(crate) mod resize;
