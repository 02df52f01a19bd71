//! Nodes that move elements, read as [`Layout`]s.

use crate::import::moves::layout::Layout;
use crate::import::moves::pad::pad;
use crate::import::moves::resize::resize;
use crate::import::moves::slice::slice;
use crate::import::node::Node;
use crate::import::operator::Move;
use crate::import::value::Values;
use crate::onnx::shape::count;
use anyhow::{Result, ensure};

/// What `node` does to its first input, of shape `dims`: one layout after the other. `values` has its other inputs.
///
/// # Errors
/// If an attribute or another input does not fit, or depends on the latent.
pub(crate) fn layouts(
    node: Node,
    operator: Move,
    dims: &[usize],
    values: &Values,
) -> Result<Vec<Layout>> {
    let layout = match operator {
        Move::Identity => return Ok(vec![]),
        Move::DepthToSpace => return depth_to_space(node, dims),
        Move::SpaceToDepth => return space_to_depth(node, dims),
        Move::Reshape => reshape(node, dims, values)?,
        Move::Flatten => flatten(node, dims)?,
        Move::Squeeze => squeeze(node, dims, values)?,
        Move::Unsqueeze => unsqueeze(node, dims, values)?,
        Move::Transpose => Layout::Transpose(match node.ints("perm")? {
            Some(order) => whole(node, order)?,
            None => (0..dims.len()).rev().collect(),
        }),
        Move::Slice => slice(node, dims, values)?,
        Move::Pad => pad(node, dims.len(), values)?,
        Move::Gather => {
            let axis = axis(node, node.int("axis", 0)?, dims.len())?;
            let indices = values.ints(node, 1, "indices")?;
            let dims = values.constant(node, 1, "indices")?.dims().to_vec();
            Layout::Gather { axis, indices, dims }
        }
        Move::GatherNd => gather_nd(node, values)?,
        Move::Split => split(node, dims, values)?,
        Move::Expand => Layout::Expand(whole(node, &values.ints(node, 1, "shape")?)?),
        Move::Tile => Layout::Tile(whole(node, &values.ints(node, 1, "repeats")?)?),
        Move::Upsample | Move::Resize => resize(node, operator, dims, values)?,
    };
    Ok(vec![layout])
}

/// An axis of a tensor of rank `rank`, counted from the end where it is below 0.
fn axis(node: Node, axis: i64, rank: usize) -> Result<usize> {
    let at = if axis < 0 { axis + rank as i64 } else { axis };
    let fits = (0..rank as i64).contains(&at);
    ensure!(fits, node.refuse(format!("axis {axis} of a tensor of rank {rank}")));
    Ok(at as usize)
}

/// Sizes, none below 0.
fn whole(node: Node, sizes: &[i64]) -> Result<Vec<usize>> {
    let sizes: Option<Vec<usize>> = sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
    sizes.ok_or_else(|| node.refuse("has sizes below 0"))
}

fn reshape(node: Node, dims: &[usize], values: &Values) -> Result<Layout> {
    let shape = match node.ints("shape")? {
        Some(shape) => shape.to_vec(),
        None => values.ints(node, 1, "shape")?,
    };
    let copied = node.int("allowzero", 0)? == 0;
    let size = |(i, &size): (usize, &i64)| match size {
        0 if copied => dims.get(i).map_or(0, |size| *size as i64),
        size => size,
    };
    Ok(Layout::Reshape(shape.iter().enumerate().map(size).collect()))
}

fn flatten(node: Node, dims: &[usize]) -> Result<Layout> {
    let (at, rank) = (node.int("axis", 1)?, dims.len());
    let at = if at == rank as i64 { rank } else { axis(node, at, rank)? };
    let size = |dims: &[usize]| count(dims) as i64;
    Ok(Layout::Reshape(vec![size(&dims[..at]), size(&dims[at..])]))
}

/// Axes of a tensor of rank `rank`, counted from the end where they are below 0.
fn axes(node: Node, rank: usize, given: &[i64]) -> Result<Vec<usize>> {
    given.iter().map(|at| axis(node, *at, rank)).collect()
}

/// The axes of Squeeze or Unsqueeze as the node has them: an attribute before opset 13, an input since.
fn given_axes(node: Node, values: &Values) -> Result<Option<Vec<i64>>> {
    match (node.ints("axes")?, node.input(1)) {
        (Some(axes), _) => Ok(Some(axes.to_vec())),
        (None, "") => Ok(None),
        (None, _) => values.ints(node, 1, "axes").map(Some),
    }
}

fn squeeze(node: Node, dims: &[usize], values: &Values) -> Result<Layout> {
    let rank = dims.len();
    let axes = match given_axes(node, values)? {
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

fn unsqueeze(node: Node, dims: &[usize], values: &Values) -> Result<Layout> {
    let given = given_axes(node, values)?.unwrap_or_default();
    let rank = dims.len() + given.len();
    let axes = axes(node, rank, &given)?;
    let mut old = dims.iter();
    let size = |at: usize| match axes.contains(&at) {
        true => 1,
        false => old.next().map_or(1, |size| *size as i64),
    };
    Ok(Layout::Reshape((0..rank).map(size).collect()))
}

fn gather_nd(node: Node, values: &Values) -> Result<Layout> {
    let batch = node.int("batch_dims", 0)?;
    ensure!(
        batch == 0,
        node.refuse(format!("attribute batch_dims = {batch}: only 0 is supported"))
    );
    let places = values.ints(node, 1, "indices")?;
    let shape = values.constant(node, 1, "indices")?.dims().to_vec();
    let (depth, dims) = shape.split_last().ok_or_else(|| node.refuse("has no indices"))?;
    Ok(Layout::Pick { places, depth: *depth, dims: dims.to_vec() })
}

fn split(node: Node, dims: &[usize], values: &Values) -> Result<Layout> {
    let axis = axis(node, node.int("axis", 0)?, dims.len())?;
    let parts = node.0.output.len();
    let sizes = match (node.ints("split")?, node.input(1)) {
        (Some(sizes), _) => whole(node, sizes)?,
        (None, "") => {
            let size = dims[axis].div_ceil(parts.max(1));
            (0..parts).map(|i| size.min(dims[axis].saturating_sub(i * size))).collect()
        }
        (None, _) => whole(node, &values.ints(node, 1, "split")?)?,
    };
    Ok(Layout::Split { axis, sizes })
}

/// The sizes of a map, and the sides of the blocks that its channels become or that become its channels.
fn blocks(node: Node, dims: &[usize]) -> Result<([usize; 4], usize)> {
    let &[batch, channels, height, width] = dims else {
        return Err(node.refuse(format!("on shape {dims:?}: takes maps [batch, C, H, W]")));
    };
    let block = usize::try_from(node.int("blocksize", 0)?).unwrap_or(0);
    Ok(([batch, channels, height, width], block))
}

fn no_blocks(node: Node, block: usize, dims: &[usize]) -> anyhow::Error {
    node.refuse(format!("attribute blocksize = {block} on shape {dims:?}"))
}

fn reshaped(sizes: &[usize]) -> Layout {
    Layout::Reshape(sizes.iter().map(|size| *size as i64).collect())
}

fn space_to_depth(node: Node, dims: &[usize]) -> Result<Vec<Layout>> {
    let ([batch, channels, height, width], block) = blocks(node, dims)?;
    let fits = block > 0 && height.is_multiple_of(block) && width.is_multiple_of(block);
    ensure!(fits, no_blocks(node, block, dims));
    let (h, w) = (height / block, width / block);
    Ok(vec![
        reshaped(&[batch, channels, h, block, w, block]),
        Layout::Transpose(vec![0, 3, 5, 1, 2, 4]),
        reshaped(&[batch, channels * block * block, h, w]),
    ])
}

fn depth_to_space(node: Node, dims: &[usize]) -> Result<Vec<Layout>> {
    let ([batch, channels, height, width], block) = blocks(node, dims)?;
    let fits = block > 0 && channels.is_multiple_of(block * block);
    ensure!(fits, no_blocks(node, block, dims));
    let depth = channels / (block * block);
    let (split, order) = match node.text("mode", "DCR")? {
        "DCR" => ([batch, block, block, depth, height, width], vec![0, 3, 4, 1, 5, 2]),
        _ => ([batch, depth, block, block, height, width], vec![0, 1, 4, 2, 5, 3]),
    };
    Ok(vec![
        reshaped(&split),
        Layout::Transpose(order),
        reshaped(&[batch, depth, height * block, width * block]),
    ])
}
