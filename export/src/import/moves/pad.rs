//! Pad nodes: zeros around a tensor, or a border that is cut off.

use crate::import::moves::layout::Layout;
use crate::import::node::Node;
use crate::import::value::Values;
use crate::onnx::shape::ELEMENT_LIMIT;
use anyhow::{Result, ensure};

/// The zeros that a Pad adds to a tensor of rank `rank`, or the border that it cuts off.
pub(crate) fn pad(node: Node, rank: usize, values: &Values) -> Result<Layout> {
    let mode = node.text("mode", "constant")?;
    let pads = match node.ints("pads")?.or(node.ints("paddings")?) {
        Some(pads) => pads.to_vec(),
        None => values.ints(node, 1, "pads")?,
    };
    let axes = match node.input(3) {
        "" => (0..rank as i64).collect(),
        _ => values.ints(node, 3, "axes")?,
    };
    ensure!(pads.len() == 2 * axes.len(), node.refuse(format!("pads {pads:?} for rank {rank}")));
    let small = pads.iter().all(|pad| pad.unsigned_abs() <= ELEMENT_LIMIT as u64);
    ensure!(small, node.refuse(format!("pads {pads:?}: too large")));
    let nothing = pads.iter().all(|pad| *pad <= 0);
    ensure!(
        nothing || mode == "constant",
        node.refuse(format!("attribute mode = {mode}: only zeros are supported, mode = constant"))
    );
    let value = match node.input(2) {
        "" => node.float("value", 0.0)?,
        _ => values.constant(node, 2, "value")?.numbers().first().copied().unwrap_or(0.0),
    };
    ensure!(
        nothing || value == 0.0,
        node.refuse(format!("pads with {value}: only 0 is supported"))
    );
    let mut all = vec![[0; 2]; rank];
    for (i, at) in axes.iter().enumerate() {
        let at = if *at < 0 { at + rank as i64 } else { *at };
        let both = usize::try_from(at).ok().and_then(|at| all.get_mut(at));
        *both.ok_or_else(|| node.refuse(format!("axis {at} of a tensor of rank {rank}")))? =
            [pads[i], pads[i + axes.len()]];
    }
    Ok(Layout::Pad(all))
}
