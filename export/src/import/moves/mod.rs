//! Nodes that only move elements, read as a [`Layout`].

pub(crate) mod layout;
pub(crate) mod resize;

use crate::import::constant::tensor::{ELEMENT_LIMIT, count};
use crate::import::moves::layout::Layout;
use crate::import::{Node, Walk};
use anyhow::{Result, ensure};
use ndarray::Slice;

/// Operators that are read here.
pub(crate) const OPERATORS: [&str; 17] = [
    "Reshape",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Transpose",
    "Slice",
    "Pad",
    "Gather",
    "GatherND",
    "Split",
    "Expand",
    "Tile",
    "DepthToSpace",
    "SpaceToDepth",
    "Upsample",
    "Resize",
    "Identity",
];

impl Walk<'_> {
    /// What `node` does to its first input, of shape `dims`: one layout after the other.
    pub(crate) fn layouts(&self, node: Node, dims: &[usize]) -> Result<Vec<Layout>> {
        let rank = dims.len();
        let axis = |axis: i64, rank: usize| -> Result<usize> {
            let at = if axis < 0 { axis + rank as i64 } else { axis };
            let fits = (0..rank as i64).contains(&at);
            ensure!(fits, node.refuse(format!("axis {axis} of a tensor of rank {rank}")));
            Ok(at as usize)
        };
        let whole = |sizes: &[i64]| -> Result<Vec<usize>> {
            let sizes: Option<Vec<usize>> =
                sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
            sizes.ok_or_else(|| node.refuse("sizes below 0"))
        };
        Ok(match node.operator() {
            "Identity" => vec![],
            "Reshape" => {
                let shape = match node.ints("shape")? {
                    Some(shape) => shape.to_vec(),
                    None => self.ints(node, 1, "shape")?,
                };
                let copied = node.int("allowzero", 0)? == 0;
                let size = |(i, &size): (usize, &i64)| match size {
                    0 if copied => dims.get(i).map_or(0, |size| *size as i64),
                    size => size,
                };
                vec![Layout::Reshape(shape.iter().enumerate().map(size).collect())]
            }
            "Flatten" => {
                let at = node.int("axis", 1)?;
                let at = if at == rank as i64 { rank } else { axis(at, rank)? };
                let size = |dims: &[usize]| count(dims) as i64;
                vec![Layout::Reshape(vec![size(&dims[..at]), size(&dims[at..])])]
            }
            "Squeeze" => {
                let axes = match self.axes(node, 1)? {
                    Some(axes) => axes,
                    None => (0..rank as i64).filter(|i| dims[*i as usize] == 1).collect(),
                };
                let axes: Vec<usize> =
                    axes.iter().map(|a| axis(*a, rank)).collect::<Result<_>>()?;
                ensure!(
                    axes.iter().all(|a| dims[*a] == 1),
                    node.refuse(format!("axes on {dims:?}"))
                );
                let left = (0..rank).filter(|a| !axes.contains(a)).map(|a| dims[a] as i64);
                vec![Layout::Reshape(left.collect())]
            }
            "Unsqueeze" => {
                let axes = self.axes(node, 1)?.unwrap_or_default();
                let rank = rank + axes.len();
                let axes: Vec<usize> =
                    axes.iter().map(|a| axis(*a, rank)).collect::<Result<_>>()?;
                let mut old = dims.iter();
                let size = |a: usize| match axes.contains(&a) {
                    true => 1,
                    false => old.next().map_or(1, |size| *size as i64),
                };
                vec![Layout::Reshape((0..rank).map(size).collect())]
            }
            "Transpose" => {
                let order = match node.ints("perm")? {
                    Some(order) => whole(order)?,
                    None => (0..rank).rev().collect(),
                };
                vec![Layout::Transpose(order)]
            }
            "Slice" => vec![self.slice(node, dims)?],
            "Pad" => vec![self.pad(node, rank)?],
            "Gather" => {
                let at = axis(node.int("axis", 0)?, rank)?;
                let indices = self.ints(node, 1, "indices")?;
                let shape = self.constant(node, 1, "indices")?.dims().to_vec();
                vec![Layout::Gather { axis: at, indices, dims: shape }]
            }
            "GatherND" => {
                let batch = node.int("batch_dims", 0)?;
                ensure!(batch == 0, node.refuse(format!("attribute batch_dims = {batch}")));
                let places = self.ints(node, 1, "indices")?;
                let shape = self.constant(node, 1, "indices")?.dims().to_vec();
                let (depth, dims) =
                    shape.split_last().ok_or_else(|| node.refuse("has no indices"))?;
                vec![Layout::Pick { places, depth: *depth, dims: dims.to_vec() }]
            }
            "Split" => {
                let at = axis(node.int("axis", 0)?, rank)?;
                let count = node.0.output.len();
                let sizes = match (node.ints("split")?, node.input(1)) {
                    (Some(sizes), _) => whole(sizes)?,
                    (None, "") => {
                        let size = dims[at].div_ceil(count.max(1));
                        (0..count).map(|i| size.min(dims[at].saturating_sub(i * size))).collect()
                    }
                    (None, _) => whole(&self.ints(node, 1, "split")?)?,
                };
                vec![Layout::Split { axis: at, sizes }]
            }
            "Expand" => vec![Layout::Expand(whole(&self.ints(node, 1, "shape")?)?)],
            "Tile" => vec![Layout::Tile(whole(&self.ints(node, 1, "repeats")?)?)],
            "DepthToSpace" | "SpaceToDepth" => depth(node, dims)?,
            _ => vec![self.resize(node, dims)?],
        })
    }

    /// Axes as an attribute or an input.
    fn axes(&self, node: Node, index: usize) -> Result<Option<Vec<i64>>> {
        match (node.ints("axes")?, node.input(index)) {
            (Some(axes), _) => Ok(Some(axes.to_vec())),
            (None, "") => Ok(None),
            (None, _) => self.ints(node, index, "axes").map(Some),
        }
    }

    fn slice(&self, node: Node, dims: &[usize]) -> Result<Layout> {
        let list = |index: usize, name: &str| match node.ints(name)? {
            Some(list) => Ok(Some(list.to_vec())),
            None if node.input(index).is_empty() => Ok(None),
            None => self.ints(node, index, name).map(Some),
        };
        let (Some(starts), Some(ends)) = (list(1, "starts")?, list(2, "ends")?) else {
            return Err(node.refuse("has no starts or ends"));
        };
        let axes = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
        let same = [ends.len(), axes.len(), steps.len()].iter().all(|len| *len == starts.len());
        ensure!(same, node.refuse("starts, ends, axes and steps are not equally many"));
        let mut slices = Vec::new();
        for (((&start, &end), &at), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
            let at = if at < 0 { at + dims.len() as i64 } else { at };
            let len = usize::try_from(at).ok().and_then(|at| dims.get(at));
            let len = *len.ok_or_else(|| node.refuse(format!("axis {at}")))? as i64;
            ensure!(step != 0, node.refuse("a step of 0"));
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

    fn pad(&self, node: Node, rank: usize) -> Result<Layout> {
        let mode = node.text("mode", "constant")?;
        let pads = match node.ints("pads")?.or(node.ints("paddings")?) {
            Some(pads) => pads.to_vec(),
            None => self.ints(node, 1, "pads")?,
        };
        let axes = match node.input(3) {
            "" => (0..rank as i64).collect(),
            _ => self.ints(node, 3, "axes")?,
        };
        ensure!(
            pads.len() == 2 * axes.len(),
            node.refuse(format!("pads {pads:?} for rank {rank}"))
        );
        let small = pads.iter().all(|pad| pad.unsigned_abs() <= ELEMENT_LIMIT as u64);
        ensure!(small, node.refuse(format!("pads {pads:?}")));
        let nothing = pads.iter().all(|pad| *pad <= 0);
        ensure!(
            nothing || mode == "constant",
            node.refuse(format!(
                "attribute mode = {mode}: borders are zeros here, which is mode = constant"
            ))
        );
        let value = match node.input(2) {
            "" => node.float("value", 0.0)?,
            _ => self.constant(node, 2, "value")?.numbers().first().copied().unwrap_or(0.0),
        };
        ensure!(
            nothing || value == 0.0,
            node.refuse(format!("pads with {value}: only 0 is supported"))
        );
        let mut all = vec![[0; 2]; rank];
        for (i, at) in axes.iter().enumerate() {
            let at = if *at < 0 { at + rank as i64 } else { *at };
            let both = usize::try_from(at).ok().and_then(|at| all.get_mut(at));
            *both.ok_or_else(|| node.refuse(format!("axis {at}")))? =
                [pads[i], pads[i + axes.len()]];
        }
        Ok(Layout::Pad(all))
    }
}

/// DepthToSpace and SpaceToDepth as reshapes around a transposition.
fn depth(node: Node, dims: &[usize]) -> Result<Vec<Layout>> {
    let &[batch, channels, height, width] = dims else {
        return Err(node.refuse(format!("on shape {dims:?}")));
    };
    let block = usize::try_from(node.int("blocksize", 0)?).unwrap_or(0);
    let reshape =
        |sizes: &[usize]| Layout::Reshape(sizes.iter().map(|size| *size as i64).collect());
    if node.operator() == "SpaceToDepth" {
        let fits = block > 0 && height.is_multiple_of(block) && width.is_multiple_of(block);
        ensure!(fits, node.refuse(format!("attribute blocksize = {block} on shape {dims:?}")));
        let (h, w) = (height / block, width / block);
        return Ok(vec![
            reshape(&[batch, channels, h, block, w, block]),
            Layout::Transpose(vec![0, 3, 5, 1, 2, 4]),
            reshape(&[batch, channels * block * block, h, w]),
        ]);
    }
    let fits = block > 0 && channels.is_multiple_of(block * block);
    ensure!(fits, node.refuse(format!("attribute blocksize = {block} on shape {dims:?}")));
    let depth = channels / (block * block);
    let (split, order) = match node.text("mode", "DCR")? {
        "DCR" => ([batch, block, block, depth, height, width], vec![0, 3, 4, 1, 5, 2]),
        _ => ([batch, depth, block, block, height, width], vec![0, 1, 4, 2, 5, 3]),
    };
    Ok(vec![
        reshape(&split),
        Layout::Transpose(order),
        reshape(&[batch, depth, height * block, width * block]),
    ])
}
