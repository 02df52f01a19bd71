//! A convolution's weights, without the dilations and groups of its node.

use crate::import::node::Node;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, ensure};

/// Weights `[out][in][row][column]`.
pub(crate) struct Kernel {
    pub(crate) out: usize,
    pub(crate) input: usize,
    /// Rows and columns.
    pub(crate) sides: [usize; 2],
    pub(crate) values: Vec<f32>,
}

impl Kernel {
    /// One weight.
    pub(crate) fn at(&self, out: usize, input: usize, row: usize, column: usize) -> f32 {
        self.values[((out * self.input + input) * self.sides[0] + row) * self.sides[1] + column]
    }

    /// The same convolution without dilations and groups: zeros fill the kernel between its taps, and weights for the
    /// channels of other groups.
    ///
    /// # Errors
    /// If there are no weights, or far too many.
    pub(crate) fn plain(self, node: Node, dilations: [usize; 2], group: usize) -> Result<Self> {
        let none = self.values.is_empty() || dilations.contains(&0);
        ensure!(!none, node.refuse("has no weights, or dilations of 0"));
        if dilations == [1, 1] && group == 1 {
            return Ok(self);
        }
        let sides = [0, 1].map(|i| (self.sides[i] - 1) * dilations[i] + 1);
        let input = self.input * group;
        let fits = count(&[self.out, input, sides[0], sides[1]]) <= ELEMENT_LIMIT;
        ensure!(
            fits,
            node.refuse(format!("has a kernel of {sides:?} for {input} channels: too large"))
        );
        let mut values = vec![0.0; self.out * input * sides[0] * sides[1]];
        for out in 0..self.out {
            let first = out / (self.out / group) * self.input;
            for c in 0..self.input {
                for (row, column) in pairs(self.sides) {
                    let (y, x) = (row * dilations[0], column * dilations[1]);
                    let at = ((out * input + first + c) * sides[0] + y) * sides[1] + x;
                    values[at] = self.at(out, c, row, column);
                }
            }
        }
        Ok(Self { out: self.out, input, sides, values })
    }
}

/// All rows and columns.
pub(crate) fn pairs([rows, columns]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}
