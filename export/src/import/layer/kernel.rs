//! A convolution's weights, without the dilations and groups of its node.

use crate::import::node::Node;
use crate::import::value::Scope;
use crate::network::linear::pairs;
use crate::onnx::shape::{ELEMENT_LIMIT, count};
use anyhow::{Result, bail, ensure};
use gen_core::axis::Convolution;

/// Weights `[out][in][row][column]`.
pub(crate) struct Kernel {
    pub(crate) out: usize,
    pub(crate) input: usize,
    /// Rows and columns.
    pub(crate) sides: [usize; 2],
    pub(crate) values: Vec<f32>,
}

impl Kernel {
    /// Weights of `node` (input 1) with dilations and groups expanded: zeros fill the gaps between taps and the weights
    /// on other groups' channels.
    ///
    /// # Errors
    /// If they are no weights of a two-dimensional convolution, or far too many.
    pub(crate) fn read(node: Node, scope: &Scope, convolution: Convolution) -> Result<Self> {
        let (shape, values) = scope.floats(node, 1, "weights")?;
        let [first, second, rows, columns] = shape[..] else {
            bail!(node.refuse(format!("weights of shape {shape:?}, expected rank 4")));
        };
        let group = usize::try_from(node.int("group", 1)?).unwrap_or(0);
        ensure!(
            group > 0 && first.is_multiple_of(group),
            node.refuse(format!("attribute group = {group} on {first} channels"))
        );
        let sides = [rows, columns];
        let kernel = match convolution {
            Convolution::Plain => Self { out: first, input: second, sides, values },
            // `[in][out of the group][row][column]` becomes `[out][in of the group][row][column]`.
            Convolution::Transposed => {
                let (out, input) = (second * group, first / group);
                let taps = rows * columns;
                let mut turned = Vec::with_capacity(values.len());
                for (o, i) in pairs([out, input]) {
                    let from = (o / second * input + i) * second + o % second;
                    turned.extend(&values[from * taps..][..taps]);
                }
                Self { out, input, sides, values: turned }
            }
        };
        kernel.whole(node, node.pair("dilations", 1)?, group)
    }

    /// One weight.
    pub(crate) fn at(&self, out: usize, input: usize, row: usize, column: usize) -> f32 {
        self.values[((out * self.input + input) * self.sides[0] + row) * self.sides[1] + column]
    }

    fn whole(self, node: Node, dilations: [usize; 2], group: usize) -> Result<Self> {
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
