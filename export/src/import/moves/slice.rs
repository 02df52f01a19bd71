//! Slice nodes: begin, end and step along some axes, as attributes before opset 10 and as inputs since.

use crate::import::moves::layout::Layout;
use crate::import::node::Node;
use crate::import::value::Values;
use anyhow::{Result, ensure};
use ndarray::Slice;

/// The part that a Slice takes of a tensor of shape `dims`.
pub(crate) fn slice(node: Node, dims: &[usize], values: &Values) -> Result<Layout> {
    let list = |index: usize, name: &str| match node.ints(name)? {
        Some(list) => Ok(Some(list.to_vec())),
        None if node.input(index).is_empty() => Ok(None),
        None => values.ints(node, index, name).map(Some),
    };
    let (Some(starts), Some(ends)) = (list(1, "starts")?, list(2, "ends")?) else {
        return Err(node.refuse("has no starts or ends"));
    };
    let axes = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    let same = [ends.len(), axes.len(), steps.len()].iter().all(|len| *len == starts.len());
    ensure!(same, node.refuse("starts, ends, axes and steps differ in length"));
    let mut slices = Vec::new();
    for (((&start, &end), &at), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let at = if at < 0 { at + dims.len() as i64 } else { at };
        let len = usize::try_from(at).ok().and_then(|at| dims.get(at));
        let len = *len.ok_or_else(|| node.refuse(format!("axis {at} on shape {dims:?}")))? as i64;
        ensure!(step != 0, node.refuse("has a step of 0"));
        let place = |i: i64| if i < 0 { i.saturating_add(len) } else { i };
        // In ONNX a slice backwards begins with its start; in ndarray it ends with it.
        let (begin, end) = match step > 0 {
            true => (place(start).clamp(0, len), place(end).clamp(0, len)),
            false => (place(end).clamp(-1, len - 1) + 1, place(start).clamp(-1, len - 1) + 1),
        };
        let slice = Slice::new(begin as isize, Some(end.max(begin) as isize), step as isize);
        slices.push((at as usize, slice));
    }
    Ok(Layout::Slice(slices))
}
