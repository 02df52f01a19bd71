//! The geometry of a convolution and of its transpose: the only place that knows stride and padding.
//!
//! A convolution takes a *big* map to a *small* one, its transpose a small one to a big one. Both have the same weights,
//! `[small channels][big channels][kernel row][kernel column]`, as ONNX has them, and the input gradient of the one is
//! the other. Maps of a batch lie as `[picture][row][column][channel]`.

use std::ops::Range;

/// A square map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Map {
    /// Rows and columns, ≥ 1.
    pub(super) size: usize,
    /// Channels, ≥ 1.
    pub(super) channels: usize,
}

impl Map {
    /// Number of elements.
    pub(super) fn len(self) -> usize {
        self.size * self.size * self.channels
    }
}

/// A convolution from `big` to `small`, or its transpose from `small` to `big`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Input of the convolution, output of its transpose.
    pub(super) big: Map,
    /// Output of the convolution, input of its transpose.
    pub(super) small: Map,
    /// Rows and columns of the kernel, ≥ 1.
    pub(super) kernel: usize,
    /// Stride, 1 to `kernel`.
    pub(super) stride: usize,
    /// Padding of the big map before the first row and column. After the last, it is what the small map reads.
    pub(super) padding: usize,
}

impl Geometry {
    /// Number of weights.
    pub(super) fn weights(&self) -> usize {
        self.small.channels * self.big.channels * self.kernel * self.kernel
    }

    /// What the elements of the small map meet of the big one, in each direction.
    pub(super) fn small_meets(&self) -> Axis {
        let first = -(self.padding as isize);
        Axis { outputs: self.small.size, stride: self.stride, first, taps: self.kernel }
    }

    /// The phases of the big map's elements, in each direction.
    pub(super) fn phases(&self) -> Vec<Phase> {
        // A single small element is met by all big ones, each by a tap of its own.
        let stride = if self.small.size == 1 { self.kernel } else { self.stride };
        // Elements of few channels share windows: together they fill a vector.
        let is_narrow = self.big.channels * stride * stride <= 16;
        let len = if is_narrow && self.big.size.is_multiple_of(stride) { stride } else { 1 };
        let firsts = (0..stride.min(self.big.size)).step_by(len);
        firsts.map(|first| Phase { first, len, stride, geometry: *self }).collect()
    }
}

/// Those elements of a big map, in one direction, whose windows in the small map are alike: groups of `len` neighbours
/// that are a stride apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    first: usize,
    pub(super) len: usize,
    stride: usize,
    geometry: Geometry,
}

impl Phase {
    /// The first element of each group.
    pub(super) fn firsts(&self) -> impl Iterator<Item = usize> + Clone + use<> {
        (self.first..self.geometry.big.size).step_by(self.stride)
    }

    /// What the groups see of the small map.
    pub(super) fn axis(&self) -> Axis {
        let Geometry { kernel, padding, .. } = self.geometry;
        let (first, stride) = ((self.first + padding) as isize, self.stride as isize);
        let lowest = (first + stride - kernel as isize).div_euclid(stride);
        let highest = (first + self.len as isize - 1).div_euclid(stride);
        let taps = (highest + 1 - lowest) as usize;
        Axis { outputs: self.firsts().count(), stride: 1, first: lowest, taps }
    }

    /// The tap of the kernel by which an element of a group meets the small element at `position` of its window.
    pub(super) fn tap(&self, element: usize, position: usize) -> Option<usize> {
        let small = self.axis().first + position as isize;
        let at = (self.first + element + self.geometry.padding) as isize;
        let tap = usize::try_from(at - small * self.stride as isize).ok()?;
        (tap < self.geometry.kernel).then_some(tap)
    }
}

/// One direction of a convolution: which elements of a map each output meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Number of outputs.
    pub(super) outputs: usize,
    /// By how many elements neighbouring outputs are apart.
    pub(super) stride: usize,
    /// The first element that the first output meets; before the map if negative.
    pub(super) first: isize,
    /// Number of neighbouring elements that an output meets.
    pub(super) taps: usize,
}

impl Axis {
    /// The elements of a map of `size` that `output` meets, and how many it meets before the map.
    pub(super) fn met(&self, output: usize, size: usize) -> (Range<usize>, usize) {
        let first = self.first + (output * self.stride) as isize;
        let inside = |at: isize| at.clamp(0, size as isize) as usize;
        let met = inside(first)..inside(first + self.taps as isize);
        (met, (-first).clamp(0, self.taps as isize) as usize)
    }
}
