//! Nodes that move elements, read as [`Layout`]s.

use crate::import::moves::layout::Layout;
use crate::import::moves::resize::resize;
use crate::import::node::Node;
use crate::import::operator::Move;
use crate::import::value::Scope;
use crate::onnx::batch::of_one;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};
use ndarray::Slice;

/// What `node` does to its first input, of shape `dims`: one layout after the other. `scope` has its other inputs, whose
/// shapes are those of a batch of `batch`, while `dims` is that of one example.
///
/// # Errors
/// If an attribute or another input does not fit, or depends on the latent.
pub(crate) fn layouts(
    node: Node,
    operator: Move,
    dims: &[usize],
    scope: &Scope,
    batch: usize,
) -> Result<Vec<Layout>> {
    let (inputs, attributes): (usize, &str) = match operator {
        Move::Identity => (1, ""),
        Move::DepthToSpace | Move::SpaceToDepth => (1, "blocksize mode"),
        Move::Reshape => (2, "shape allowzero consumed_inputs"),
        Move::Flatten => (1, "axis"),
        Move::Squeeze | Move::Unsqueeze => (2, "axes"),
        Move::Transpose => (1, "perm"),
        Move::Slice => (5, "starts ends axes"),
        Move::Pad => (4, "mode pads paddings value"),
        Move::Gather => (2, "axis"),
        Move::GatherNd => (2, "batch_dims"),
        Move::Split => (2, "axis split num_outputs"),
        Move::Expand | Move::Tile => (2, ""),
        Move::Upsample => (2, "mode scales"),
        Move::Resize => (
            4,
            // The last four do not change nearest neighbours at whole factors.
            "mode coordinate_transformation_mode nearest_mode axes keep_aspect_ratio_policy \
             antialias cubic_coeff_a exclude_outside extrapolation_value",
        ),
    };
    node.expect(inputs, attributes)?;
    let layout = match operator {
        Move::Identity => return Ok(vec![]),
        Move::DepthToSpace => return blocks(node, dims, false),
        Move::SpaceToDepth => return blocks(node, dims, true),
        Move::Reshape => reshape(node, dims, scope, batch)?,
        Move::Flatten => flatten(node, dims)?,
        Move::Squeeze => squeeze(node, dims, scope)?,
        Move::Unsqueeze => unsqueeze(node, dims, scope)?,
        Move::Transpose => Layout::Transpose(match node.ints("perm")? {
            Some(order) => whole(node, order)?,
            None => (0..dims.len()).rev().collect(),
        }),
        Move::Slice => slice(node, dims, scope)?,
        Move::Pad => pad(node, dims.len(), scope)?,
        Move::Gather => {
            let axis = node.axis(node.int("axis", 0)?, dims.len())?;
            let indices = scope.ints(node, 1, "indices")?;
            let dims = scope.constant(node, 1, "indices")?.dims().to_vec();
            Layout::Gather { axis, indices, dims }
        }
        Move::GatherNd => gather_nd(node, scope)?,
        Move::Split => split(node, dims, scope)?,
        Move::Expand => {
            let shape = scope.ints(node, 1, "shape")?;
            // A longer shape adds axes before the batch.
            let batch = if shape.len() == dims.len() { batch } else { 1 };
            Layout::Expand(whole(node, &of_one(shape, batch))?)
        }
        Move::Tile => Layout::Tile(whole(node, &scope.ints(node, 1, "repeats")?)?),
        Move::Upsample | Move::Resize => resize(node, operator, dims, (scope, batch))?,
    };
    Ok(vec![layout])
}

/// Sizes, none below 0.
pub(crate) fn whole(node: Node, sizes: &[i64]) -> Result<Vec<usize>> {
    let sizes: Option<Vec<usize>> = sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
    sizes.ok_or_else(|| node.refuse("has sizes below 0"))
}

fn reshape(node: Node, dims: &[usize], scope: &Scope, batch: usize) -> Result<Layout> {
    let shape = scope.list(node, 1, "shape")?.ok_or_else(|| node.refuse("has no shape"))?;
    let shape = of_one(shape, batch);
    let copied = node.int("allowzero", 0)? == 0;
    let size = |(i, &size): (usize, &i64)| match size {
        0 if copied => dims.get(i).map_or(0, |size| *size as i64),
        size => size,
    };
    Ok(Layout::Reshape(shape.iter().enumerate().map(size).collect()))
}

fn flatten(node: Node, dims: &[usize]) -> Result<Layout> {
    let (at, rank) = (node.int("axis", 1)?, dims.len());
    let at = if at == rank as i64 { rank } else { node.axis(at, rank)? };
    let size = |dims: &[usize]| count(dims) as i64;
    Ok(Layout::Reshape(vec![size(&dims[..at]), size(&dims[at..])]))
}

/// Axes of a tensor of rank `rank`, counted from the end where they are below 0.
pub(crate) fn axes(node: Node, rank: usize, given: &[i64]) -> Result<Vec<usize>> {
    given.iter().map(|at| node.axis(*at, rank)).collect()
}

fn squeeze(node: Node, dims: &[usize], scope: &Scope) -> Result<Layout> {
    let rank = dims.len();
    let axes = match scope.list(node, 1, "axes")? {
        Some(given) => axes(node, rank, &given)?,
        None => (0..rank).filter(|at| dims[*at] == 1).collect(),
    };
    ensure!(
        axes.iter().all(|at| dims[*at] == 1),
        node.refuse(format!("axes on shape {dims:?}: only sizes of 1 can go"))
    );
    let left = (0..rank).filter(|at| !axes.contains(at)).map(|at| dims[at] as i64);
    Ok(Layout::Reshape(left.collect()))
}

fn unsqueeze(node: Node, dims: &[usize], scope: &Scope) -> Result<Layout> {
    let given = scope.list(node, 1, "axes")?.unwrap_or_default();
    let rank = dims.len() + given.len();
    let axes = axes(node, rank, &given)?;
    let mut old = dims.iter();
    let size = |at: usize| match axes.contains(&at) {
        true => 1,
        false => old.next().map_or(1, |size| *size as i64),
    };
    Ok(Layout::Reshape((0..rank).map(size).collect()))
}

fn gather_nd(node: Node, scope: &Scope) -> Result<Layout> {
    let batch = node.int("batch_dims", 0)?;
    ensure!(batch == 0, node.refuse(format!("attribute batch_dims = {batch}: must be 0")));
    let places = scope.ints(node, 1, "indices")?;
    let shape = scope.constant(node, 1, "indices")?.dims().to_vec();
    let (depth, dims) = shape.split_last().ok_or_else(|| node.refuse("has no indices"))?;
    Ok(Layout::Pick { places, depth: *depth, dims: dims.to_vec() })
}

fn split(node: Node, dims: &[usize], scope: &Scope) -> Result<Layout> {
    let axis = node.axis(node.int("axis", 0)?, dims.len())?;
    let parts = node.0.output.len();
    let sizes = match scope.list(node, 1, "split")? {
        Some(sizes) => whole(node, &sizes)?,
        None => {
            let size = dims[axis].div_ceil(parts.max(1));
            (0..parts).map(|i| size.min(dims[axis].saturating_sub(i * size))).collect()
        }
    };
    Ok(Layout::Split { axis, sizes })
}

/// The part that a Slice takes of a tensor of shape `dims`.
fn slice(node: Node, dims: &[usize], scope: &Scope) -> Result<Layout> {
    let list = |index: usize, name: &str| scope.list(node, index, name);
    let (Some(starts), Some(ends)) = (list(1, "starts")?, list(2, "ends")?) else {
        return Err(node.refuse("has no starts or ends"));
    };
    let axes = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    let same = [ends.len(), axes.len(), steps.len()].iter().all(|len| *len == starts.len());
    ensure!(same, node.refuse("starts, ends, axes and steps differ in length"));
    let mut slices = Vec::new();
    for (((&start, &end), &at), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
        let at = node.axis(at, dims.len())?;
        let len = dims[at] as i64;
        ensure!(step != 0, node.refuse("has a step of 0"));
        let place = |i: i64| if i < 0 { i.saturating_add(len) } else { i };
        // In ONNX a slice backwards begins with its start; in ndarray it ends with it.
        let (begin, end) = match step > 0 {
            true => (place(start).clamp(0, len), place(end).clamp(0, len)),
            false => (place(end).clamp(-1, len - 1) + 1, place(start).clamp(-1, len - 1) + 1),
        };
        let slice = Slice::new(begin as isize, Some(end.max(begin) as isize), step as isize);
        slices.push((at, slice));
    }
    Ok(Layout::Slice(slices))
}

/// The zeros that a Pad adds to a tensor of rank `rank`, or the border that it cuts off.
fn pad(node: Node, rank: usize, scope: &Scope) -> Result<Layout> {
    let mode = node.text("mode", "constant")?;
    let pads = match node.ints("pads")?.or(node.ints("paddings")?) {
        Some(pads) => pads.to_vec(),
        None => scope.ints(node, 1, "pads")?,
    };
    let axes = match node.input(3) {
        "" => (0..rank).collect(),
        _ => axes(node, rank, &scope.ints(node, 3, "axes")?)?,
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
        _ => scope.constant(node, 2, "value")?.first().unwrap_or(0.0),
    };
    ensure!(
        nothing || value == 0.0,
        node.refuse(format!("pads with {value}: only 0 is supported"))
    );
    let mut all = vec![[0; 2]; rank];
    for (i, at) in axes.iter().enumerate() {
        all[*at] = [pads[i], pads[i + axes.len()]];
    }
    Ok(Layout::Pad(all))
}

fn reshaped(sizes: &[usize]) -> Layout {
    Layout::Reshape(sizes.iter().map(|size| *size as i64).collect())
}

/// DepthToSpace, or SpaceToDepth if `to_depth`: the channels of a map become blocks of its pixels, or the blocks
/// channels.
fn blocks(node: Node, dims: &[usize], to_depth: bool) -> Result<Vec<Layout>> {
    let &[batch, channels, height, width] = dims else {
        return Err(node.refuse(format!("on shape {dims:?}: takes maps [batch, C, H, W]")));
    };
    let block = usize::try_from(node.int("blocksize", 0)?).unwrap_or(0);
    // Channels are divided by the block's rows and by its columns.
    let divided = if to_depth { [height, width] } else { [channels, channels / block.max(1)] };
    ensure!(
        block > 0 && divided.iter().all(|size| size.is_multiple_of(block)),
        node.refuse(format!("attribute blocksize = {block} on shape {dims:?}"))
    );
    let (split, order, merged) = if to_depth {
        let (h, w) = (height / block, width / block);
        let merged = [batch, channels * block * block, h, w];
        ([batch, channels, h, block, w, block], vec![0, 3, 5, 1, 2, 4], merged)
    } else {
        let depth = channels / (block * block);
        let merged = [batch, depth, height * block, width * block];
        match node.text("mode", "DCR")? {
            "DCR" => ([batch, block, block, depth, height, width], vec![0, 3, 4, 1, 5, 2], merged),
            "CRD" => ([batch, depth, block, block, height, width], vec![0, 1, 4, 2, 5, 3], merged),
            mode => return Err(node.refuse(format!("attribute mode = {mode}"))),
        }
    };
    Ok(vec![reshaped(&split), Layout::Transpose(order), reshaped(&merged)])
}
