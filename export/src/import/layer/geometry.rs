//! Strides, paddings and groups of Conv and ConvTranspose nodes, checked.

use crate::import::layer::chain::KERNEL_LIMIT;
use crate::import::layer::kernel::Kernel;
use crate::import::node::Node;
use anyhow::{Result, ensure};

/// Strides and paddings along rows and columns.
pub(crate) struct Geometry {
    pub(crate) stride: [usize; 2],
    /// Above and to the left.
    pub(crate) begin: [usize; 2],
    /// Below and to the right.
    pub(crate) end: [usize; 2],
}

impl Geometry {
    /// The geometry of `node`, whose weights are `kernel` without dilations. `total` gives the padding of both ends
    /// together where the node asks for an output size instead; its argument says whether auto_pad does.
    ///
    /// # Errors
    /// If an attribute contradicts the weights or is beyond a `.gen` file's limits.
    pub(crate) fn read(
        node: Node,
        kernel: &Kernel,
        total: impl Fn(bool) -> Result<Option<[usize; 2]>>,
    ) -> Result<Self> {
        let stride = sizes(node, kernel)?;
        let auto_pad = node.text("auto_pad", "NOTSET")?;
        ensure!(
            ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(&auto_pad),
            node.refuse(format!("attribute auto_pad = {auto_pad}"))
        );
        if let Some(total) = total(matches!(auto_pad, "SAME_UPPER" | "SAME_LOWER"))? {
            let smaller = total.map(|total| total / 2);
            let larger = [total[0] - smaller[0], total[1] - smaller[1]];
            let (begin, end) =
                if auto_pad == "SAME_UPPER" { (smaller, larger) } else { (larger, smaller) };
            return Ok(Self { stride, begin, end });
        }
        let pads = match node.ints("pads")? {
            Some(pads) if auto_pad == "NOTSET" => pads,
            _ => &[0; 4],
        };
        let small = |index: usize| pads.get(index).and_then(|&p| u8::try_from(p).ok());
        let (4, Some(top), Some(left), Some(bottom), Some(right)) =
            (pads.len(), small(0), small(1), small(2), small(3))
        else {
            return Err(node.refuse(format!("attribute pads = {pads:?}, possible: 0…255")));
        };
        let begin = [top.into(), left.into()];
        Ok(Self { stride, begin, end: [bottom.into(), right.into()] })
    }
}

/// The strides, after a check of them and of the kernel's sides.
fn sizes(node: Node, kernel: &Kernel) -> Result<[usize; 2]> {
    let dilations = node.pair("dilations", 1)?;
    let declared = node.pair("kernel_shape", 0)?;
    let sides = [0, 1].map(|i| (kernel.sides[i] - 1) / dilations[i].max(1) + 1);
    ensure!(
        declared == [0, 0] || declared == sides,
        node.refuse(format!("attribute kernel_shape = {declared:?}, the weights' is {sides:?}"))
    );
    let stride = node.pair("strides", 1)?;
    let sizes = [kernel.sides[0], kernel.sides[1], stride[0], stride[1]];
    ensure!(
        sizes.iter().all(|size| (1..=KERNEL_LIMIT).contains(size)),
        node.refuse(format!("kernel {:?} with strides {stride:?}, possible: 1…255", kernel.sides))
    );
    Ok(stride)
}

/// The number of groups that `channels` are divided into.
pub(crate) fn groups(node: Node, channels: usize) -> Result<usize> {
    let group = usize::try_from(node.int("group", 1)?).unwrap_or(0);
    ensure!(
        group > 0 && channels.is_multiple_of(group),
        node.refuse(format!("attribute group = {group} on {channels} channels"))
    );
    Ok(group)
}
