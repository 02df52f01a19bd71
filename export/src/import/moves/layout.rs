//! Moves elements of an array: the same code for constants and for [views](crate::import::view).

use crate::import::node::Node;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};
use ndarray::{ArrayD, Axis, Slice, concatenate};
use std::fmt::Display;

/// How the elements of one tensor move.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// The same elements in this shape; a size of −1 follows from the others.
    Reshape(Vec<i64>),
    /// Axis `i` of the result is axis `order[i]`.
    Transpose(Vec<usize>),
    /// Begin, end and step along some axes.
    Slice(Vec<(usize, Slice)>),
    /// Elements added before and after along each axis; below 0, elements cut off.
    Pad(Vec<[i64; 2]>),
    /// Positions along an axis, which `dims` replaces in the shape.
    Gather { axis: usize, indices: Vec<i64>, dims: Vec<usize> },
    /// Elements or parts at positions in the first `depth` axes, which `dims` replaces in the shape. `places` has
    /// `depth` numbers for each position.
    Pick { places: Vec<i64>, depth: usize, dims: Vec<usize> },
    /// Several tensors: consecutive runs of `sizes` along an axis.
    Split { axis: usize, sizes: Vec<usize> },
    /// Broadcast with this shape.
    Expand(Vec<usize>),
    /// The whole tensor repeated so many times along each axis.
    Tile(Vec<usize>),
    /// Positions along each axis.
    Select(Vec<Vec<usize>>),
}

/// The tensors that `layouts`, one after the other, make of `array`: more than one for [`Layout::Split`] only. `zero` is
/// what [`Layout::Pad`] adds.
///
/// # Errors
/// Naming `node`, if a shape does not fit or a result has more than [`ELEMENT_LIMIT`] elements.
pub(crate) fn moved<T: Clone>(
    layouts: &[Layout],
    array: &ArrayD<T>,
    zero: T,
    node: Node,
) -> Result<Vec<ArrayD<T>>> {
    let mut parts = vec![array.clone()];
    for layout in layouts {
        parts = layout.run(&parts[0], &zero, node)?;
    }
    Ok(parts)
}

impl Layout {
    fn run<T: Clone>(&self, array: &ArrayD<T>, zero: &T, node: Node) -> Result<Vec<ArrayD<T>>> {
        let of = Moving { array, node };
        let moved = match self {
            Self::Reshape(sizes) => of.reshaped(sizes)?,
            Self::Transpose(order) => of.transposed(order)?,
            Self::Slice(slices) => of.sliced(slices)?,
            Self::Pad(pads) => of.padded(pads, zero)?,
            Self::Gather { axis, indices, dims } => of.gathered(*axis, indices, dims)?,
            Self::Pick { places, depth, dims } => of.picked(places, *depth, dims)?,
            Self::Split { axis, sizes } => return of.split(*axis, sizes),
            Self::Expand(sizes) => of.expanded(sizes)?,
            Self::Tile(repeats) => of.tiled(repeats)?,
            Self::Select(places) => of.selected(places)?,
        };
        Ok(vec![moved])
    }
}

/// An array and the node that moves its elements.
struct Moving<'a, T> {
    array: &'a ArrayD<T>,
    node: Node<'a>,
}

impl<T: Clone> Moving<'_, T> {
    fn dims(&self) -> &[usize] {
        self.array.shape()
    }

    fn refuse(&self, what: impl Display) -> anyhow::Error {
        self.node.refuse(format!("{what} (its shape is {:?})", self.dims()))
    }

    fn reshaped(&self, sizes: &[i64]) -> Result<ArrayD<T>> {
        let len = self.array.len();
        let known: Vec<usize> =
            sizes.iter().filter_map(|size| usize::try_from(*size).ok()).collect();
        let known = count(&known);
        let fits = match sizes.iter().filter(|size| **size < 0).count() {
            0 => known == len.max(1),
            1 => known > 0 && len.is_multiple_of(known),
            _ => false,
        };
        ensure!(fits, self.refuse(format!("cannot be reshaped to {sizes:?}")));
        let size = |size: &i64| if *size < 0 { len / known } else { *size as usize };
        let sizes: Vec<usize> = sizes.iter().map(size).collect();
        Ok(ArrayD::from_shape_vec(sizes, self.array.iter().cloned().collect())?)
    }

    fn transposed(&self, order: &[usize]) -> Result<ArrayD<T>> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        let fits = sorted.into_iter().eq(0..self.array.ndim());
        ensure!(fits, self.refuse(format!("attribute perm = {order:?}")));
        let turned = self.array.view().permuted_axes(order.to_vec());
        Ok(turned.as_standard_layout().into_owned())
    }

    fn sliced(&self, slices: &[(usize, Slice)]) -> Result<ArrayD<T>> {
        let mut view = self.array.view();
        for (axis, slice) in slices {
            ensure!(*axis < self.array.ndim(), self.refuse("axes out of range"));
            view.slice_axis_inplace(Axis(*axis), *slice);
        }
        Ok(view.as_standard_layout().into_owned())
    }

    fn padded(&self, pads: &[[i64; 2]], zero: &T) -> Result<ArrayD<T>> {
        let refusal = || self.refuse(format!("pads {pads:?} do not fit"));
        ensure!(pads.len() == self.array.ndim(), refusal());
        let mut array = self.array.clone();
        for (axis, &[before, behind]) in pads.iter().enumerate() {
            let len = array.shape()[axis] as i64;
            let kept = (-before.min(0), len + behind.min(0));
            ensure!(kept.0 <= kept.1, refusal());
            let kept = Slice::from(kept.0 as isize..kept.1 as isize);
            array.slice_axis_inplace(Axis(axis), kept);
            let zeros = |more: i64| {
                let mut dims = array.shape().to_vec();
                dims[axis] = more.max(0) as usize;
                ensure!(count(&dims) <= ELEMENT_LIMIT, refusal());
                Ok(ArrayD::from_elem(dims, zero.clone()))
            };
            let (before, behind) = (zeros(before)?, zeros(behind)?);
            array = concatenate(Axis(axis), &[before.view(), array.view(), behind.view()])?;
        }
        Ok(array)
    }

    fn gathered(&self, axis: usize, indices: &[i64], shape: &[usize]) -> Result<ArrayD<T>> {
        let dims = self.dims();
        ensure!(axis < dims.len(), self.refuse("attribute axis out of range"));
        let place = |&index: &i64| position(index, dims[axis]);
        let places: Option<Vec<usize>> = indices.iter().map(place).collect();
        let places = places.ok_or_else(|| self.refuse("indices out of range"))?;
        let line = self.array.len() / dims[axis].max(1);
        let fits = line.saturating_mul(places.len()) <= ELEMENT_LIMIT;
        ensure!(fits, self.refuse("too many indices"));
        let taken = self.array.select(Axis(axis), &places);
        let sizes: Vec<usize> = [&dims[..axis], shape, &dims[axis + 1..]].concat();
        Ok(taken.as_standard_layout().into_owned().into_shape_with_order(sizes)?)
    }

    fn picked(&self, places: &[i64], depth: usize, shape: &[usize]) -> Result<ArrayD<T>> {
        let dims = self.dims();
        ensure!(depth > 0 && depth <= dims.len(), self.refuse("indices out of range"));
        let inner: usize = dims[depth..].iter().product();
        let sizes = [shape, &dims[depth..]].concat();
        ensure!(count(&sizes) <= ELEMENT_LIMIT, self.refuse("too many indices"));
        let values: Vec<&T> = self.array.iter().collect();
        let mut picked = Vec::new();
        for place in places.chunks_exact(depth) {
            let mut at = 0;
            for (&index, &len) in place.iter().zip(dims) {
                at = at * len
                    + position(index, len).ok_or_else(|| self.refuse("indices out of range"))?;
            }
            picked.extend(values[at * inner..][..inner].iter().map(|it| (*it).clone()));
        }
        Ok(ArrayD::from_shape_vec(sizes, picked)?)
    }

    fn split(&self, axis: usize, sizes: &[usize]) -> Result<Vec<ArrayD<T>>> {
        let total = sizes.iter().copied().fold(0, usize::saturating_add);
        let fits = self.dims().get(axis) == Some(&total);
        ensure!(fits, self.refuse(format!("parts of {sizes:?}")));
        let mut begin = 0;
        let part = |size: &usize| {
            let part = self.array.slice_axis(Axis(axis), Slice::from(begin..begin + size));
            begin += size;
            part.as_standard_layout().into_owned()
        };
        Ok(sizes.iter().map(part).collect())
    }

    fn expanded(&self, sizes: &[usize]) -> Result<ArrayD<T>> {
        let refusal = |sizes: &[usize]| self.refuse(format!("shape {sizes:?}"));
        ensure!(count(sizes) <= ELEMENT_LIMIT, refusal(sizes));
        let rank = sizes.len().max(self.array.ndim());
        let wide = |sizes: &[usize]| [vec![1; rank - sizes.len()], sizes.to_vec()].concat();
        let own = wide(self.dims());
        let size = |(wanted, own): (usize, usize)| if own == 1 { wanted } else { own };
        let sizes: Vec<usize> = wide(sizes).into_iter().zip(own).map(size).collect();
        ensure!(count(&sizes) <= ELEMENT_LIMIT, refusal(&sizes));
        let view = self.array.broadcast(sizes.clone()).ok_or_else(|| refusal(&sizes))?;
        Ok(view.as_standard_layout().into_owned())
    }

    fn tiled(&self, repeats: &[usize]) -> Result<ArrayD<T>> {
        let dims = self.dims();
        let sizes = dims.iter().zip(repeats).map(|(len, times)| len.saturating_mul(*times));
        let sizes: Vec<usize> = sizes.collect();
        let fits = repeats.len() == dims.len() && count(&sizes) <= ELEMENT_LIMIT;
        ensure!(fits, self.refuse(format!("repeats {repeats:?}")));
        let places =
            |(len, size): (&usize, &usize)| -> Vec<usize> { (0..*size).map(|i| i % len).collect() };
        self.selected(&dims.iter().zip(&sizes).map(places).collect::<Vec<_>>())
    }

    fn selected(&self, places: &[Vec<usize>]) -> Result<ArrayD<T>> {
        ensure!(places.len() == self.array.ndim(), self.refuse("needs one size for each axis"));
        let total = places.iter().map(Vec::len).fold(1_usize, usize::saturating_mul);
        ensure!(total <= ELEMENT_LIMIT, self.refuse("too many elements"));
        let mut array = self.array.clone();
        for (axis, places) in places.iter().enumerate() {
            array = array.select(Axis(axis), places);
        }
        Ok(array.as_standard_layout().into_owned())
    }
}

/// An index among `len`, counted from the end where it is below 0.
fn position(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.saturating_add(len as i64) } else { index };
    usize::try_from(index).ok().filter(|index| *index < len)
}
