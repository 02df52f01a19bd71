//! Operators that only move elements: the same for constants and for [views](crate::import::view).

use crate::import::Node;
use crate::import::constant::tensor::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};
use ndarray::{ArrayD, Axis, Slice, concatenate};

/// What is done to one tensor.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// To these sizes; −1 follows from the others.
    Reshape(Vec<i64>),
    /// Axis `i` of the result is axis `order[i]`.
    Transpose(Vec<usize>),
    /// Along each axis: begin, end, step.
    Slice(Vec<(usize, Slice)>),
    /// Elements before and behind along each axis, or less than none.
    Pad(Vec<[i64; 2]>),
    /// Elements along an axis, or one, without the axis.
    Gather { axis: usize, indices: Vec<i64>, dims: Vec<usize> },
    /// Elements or parts at places of the first axes, so many numbers each.
    Pick { places: Vec<i64>, depth: usize, dims: Vec<usize> },
    /// Runs of these lengths along an axis.
    Split { axis: usize, sizes: Vec<usize> },
    /// Repeated to these sizes.
    Expand(Vec<usize>),
    /// Repeated so many times along each axis.
    Tile(Vec<usize>),
    /// Along each axis the places to take elements from.
    Select(Vec<Vec<usize>>),
}

impl Layout {
    pub(crate) fn run<T: Clone>(
        &self,
        array: &ArrayD<T>,
        zero: T,
        node: Node,
    ) -> Result<Vec<ArrayD<T>>> {
        let dims = array.shape();
        let refuse = |what: &str| node.refuse(format!("{what} on shape {dims:?}"));
        let one = |array: ArrayD<T>| Ok(vec![array]);
        match self {
            Self::Reshape(sizes) => {
                let known: Vec<usize> =
                    sizes.iter().filter_map(|size| usize::try_from(*size).ok()).collect();
                let known = count(&known);
                let free = sizes.iter().filter(|size| **size < 0).count();
                let fits = match free {
                    0 => known == array.len().max(1),
                    1 => known > 0 && array.len().is_multiple_of(known),
                    _ => false,
                };
                ensure!(fits, refuse(&format!("shape {sizes:?}")));
                let size =
                    |size: &i64| if *size < 0 { array.len() / known } else { *size as usize };
                let sizes: Vec<usize> = sizes.iter().map(size).collect();
                let values: Vec<T> = array.iter().cloned().collect();
                one(ArrayD::from_shape_vec(sizes, values)?)
            }
            Self::Transpose(order) => {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                ensure!(
                    sorted.into_iter().eq(0..dims.len()),
                    refuse(&format!("attribute perm = {order:?}"))
                );
                one(array.clone().permuted_axes(order.clone()).as_standard_layout().into_owned())
            }
            Self::Slice(slices) => {
                let mut view = array.view();
                for (axis, slice) in slices {
                    ensure!(*axis < dims.len(), refuse("axes"));
                    view.slice_axis_inplace(Axis(*axis), *slice);
                }
                one(view.as_standard_layout().into_owned())
            }
            Self::Pad(pads) => {
                ensure!(pads.len() == dims.len(), refuse(&format!("pads {pads:?}")));
                let mut array = array.clone();
                for (axis, &[before, behind]) in pads.iter().enumerate() {
                    let len = array.shape()[axis] as i64;
                    let cut = (-before.min(0), len + behind.min(0));
                    ensure!(cut.0 <= cut.1, refuse(&format!("pads {pads:?}")));
                    array.slice_axis_inplace(
                        Axis(axis),
                        Slice::from(cut.0 as isize..cut.1 as isize),
                    );
                    let zeros = |more: i64| {
                        let mut dims = array.shape().to_vec();
                        dims[axis] = more.max(0) as usize;
                        let fits = count(&dims) <= ELEMENT_LIMIT;
                        ensure!(fits, refuse(&format!("pads {pads:?}")));
                        Ok(ArrayD::from_elem(dims, zero.clone()))
                    };
                    let (before, behind) = (zeros(before)?, zeros(behind)?);
                    array = concatenate(Axis(axis), &[before.view(), array.view(), behind.view()])?;
                }
                one(array)
            }
            Self::Gather { axis, indices, dims: shape } => {
                ensure!(*axis < dims.len(), refuse("attribute axis"));
                let len = dims[*axis] as i64;
                let places = indices.iter().map(|&i| if i < 0 { i + len } else { i });
                let places: Vec<usize> =
                    places.map(|i| usize::try_from(i).unwrap_or(usize::MAX)).collect();
                ensure!(
                    places.iter().all(|i| (*i as i64) < len && *i < dims[*axis]),
                    refuse("indices")
                );
                let given = array.len() / dims[*axis].max(1);
                let fits = given.saturating_mul(places.len()) <= ELEMENT_LIMIT;
                ensure!(fits, refuse("so many indices"));
                let taken = array.select(Axis(*axis), &places);
                let sizes: Vec<usize> = [&dims[..*axis], shape, &dims[axis + 1..]].concat();
                one(taken.as_standard_layout().into_owned().into_shape_with_order(sizes)?)
            }
            Self::Pick { places, depth, dims: shape } => {
                ensure!(*depth > 0 && *depth <= dims.len(), refuse("indices"));
                let inner: usize = dims[*depth..].iter().product();
                let sizes = [&shape[..], &dims[*depth..]].concat();
                ensure!(count(&sizes) <= ELEMENT_LIMIT, refuse("so many indices"));
                let values: Vec<&T> = array.iter().collect();
                let mut picked = Vec::new();
                for place in places.chunks_exact(*depth) {
                    let mut at = 0;
                    for (&i, &len) in place.iter().zip(dims) {
                        let i = if i < 0 { i.saturating_add(len as i64) } else { i };
                        let i = usize::try_from(i).ok().filter(|i| *i < len);
                        at = at * len + i.ok_or_else(|| refuse("indices"))?;
                    }
                    picked.extend(values[at * inner..][..inner].iter().map(|it| (*it).clone()));
                }
                one(ArrayD::from_shape_vec(sizes, picked)?)
            }
            Self::Split { axis, sizes } => {
                let fits = *axis < dims.len()
                    && sizes.iter().fold(0, |sum: usize, size| sum.saturating_add(*size))
                        == dims[*axis];
                ensure!(fits, refuse(&format!("parts of {sizes:?}")));
                let mut begin = 0;
                Ok(sizes
                    .iter()
                    .map(|size| {
                        let part = array.slice_axis(Axis(*axis), Slice::from(begin..begin + size));
                        begin += size;
                        part.as_standard_layout().into_owned()
                    })
                    .collect())
            }
            Self::Expand(sizes) => {
                let fits = count(sizes) <= ELEMENT_LIMIT;
                ensure!(fits, refuse(&format!("shape {sizes:?}")));
                let rank = sizes.len().max(dims.len());
                let wide = |sizes: &[usize]| [vec![1; rank - sizes.len()], sizes.to_vec()].concat();
                let sizes: Vec<usize> = wide(sizes)
                    .iter()
                    .zip(wide(dims))
                    .map(|(a, b)| if b == 1 { *a } else { b })
                    .collect();
                ensure!(count(&sizes) <= ELEMENT_LIMIT, refuse(&format!("shape {sizes:?}")));
                let view = array.broadcast(sizes.clone());
                let view = view.ok_or_else(|| refuse(&format!("shape {sizes:?}")))?;
                one(view.as_standard_layout().into_owned())
            }
            Self::Tile(repeats) => {
                let sizes: Vec<usize> = dims
                    .iter()
                    .zip(repeats)
                    .map(|(len, times)| len.saturating_mul(*times))
                    .collect();
                let fits = repeats.len() == dims.len() && count(&sizes) <= ELEMENT_LIMIT;
                ensure!(fits, refuse(&format!("repeats {repeats:?}")));
                let places = |(len, times): (&usize, &usize)| -> Vec<usize> {
                    (0..len * times).map(|i| i % len).collect()
                };
                Self::Select(dims.iter().zip(repeats).map(places).collect()).run(array, zero, node)
            }
            Self::Select(places) => {
                ensure!(places.len() == dims.len(), refuse("sizes"));
                let total = places.iter().map(Vec::len).fold(1_usize, usize::saturating_mul);
                ensure!(total <= ELEMENT_LIMIT, refuse("so many elements"));
                let mut array = array.clone();
                for (axis, places) in places.iter().enumerate() {
                    array = array.select(Axis(axis), places);
                }
                one(array.as_standard_layout().into_owned())
            }
        }
    }
}
