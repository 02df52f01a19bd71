//! Nodes that reduce a map to sums, means or extremes, and why each kind is refused.

use crate::import::node::Node;
use crate::import::value::Scope;
use crate::import::view::View;
use anyhow::{Error, Result};

/// Why normalisations by statistics of a whole map are refused.
pub(crate) const OF_MAP: &str = "normalises by statistics of the whole map, which a device that computes row by row \
                                 does not have: train with BatchNormalization";

/// The error that refuses `node`, which reduces `view` along some axes.
///
/// # Errors
/// If its axes are malformed.
pub(crate) fn refusal(scope: &Scope, node: Node, view: &View) -> Result<Error> {
    let rank = view.dims().len();
    let axes = match scope.list(node, 1, "axes")? {
        Some(axes) if !axes.is_empty() => axes,
        _ => (0..rank as i64).collect(),
    };
    let axes = axes.iter().map(|axis| node.axis(*axis, rank)).collect::<Result<Vec<_>>>()?;
    Ok(node.refuse(if axes.contains(&0) {
        "computes statistics of the batch, as BatchNorm does without stored ones: set track_running_stats=True, let \
         it see some batches in train(), and export after eval()"
    } else if axes == [1] && rank == 4 {
        "normalises each pixel by its own channels (PixelNorm), which is only possible before the first layer, on the \
         latents: train with BatchNormalization"
    } else {
        OF_MAP
    }))
}
