//! Imports an ONNX graph as a [`Network`]. What can't be converted is refused by name, several problems at once.
//!
//! # The way of a node
//!
//! [`visit`] visits the nodes in order. Each tensor of the graph has a [`value`]: a constant, a [`view`] of a layer's
//! output or of the latent, or one constant for each label. [`operator`] parses the name of a [`node`]'s operator,
//! once, and the values of the node's inputs decide where the node goes:
//!
//! 1. All inputs are constants: [`constant`] computes the outputs.
//! 2. The inputs depend on a label alone: the same, once for each label ([`latent::by_label`]).
//! 3. Otherwise [`on_view`] decides by the operator: [`moves`] move the elements of a view, [`elementwise`] operators
//!    become steps of the layer that it shows, a Gemm or convolution reads a view and becomes the next [`layer`].
//!
//! What the graph's output shows in the end is the [`picture`]. [`verify`] compares the network with the file.
//!
//! # What is known on the way
//!
//! [`importer`] holds four things, which do not know each other but as arguments:
//!
//! - [`value::Values`]: the graph's tensors by name
//! - [`latent::Inputs`]: the graph's inputs, and the parts of the latent
//! - [`latent::form::Forms`]: what is done to the latent before the first layer
//! - [`layer::chain::Chain`]: the layers

mod constant;
mod elementwise;
mod importer;
mod latent;
mod layer;
mod moves;
mod node;
mod on_view;
mod operator;
mod picture;
#[cfg(test)]
mod tests;
mod value;
pub mod verify;
mod view;
mod visit;

use crate::latent::wish::Wishes;
use crate::network::Network;
use crate::onnx::source::Source;
use anyhow::{Context, Result, anyhow, ensure};

pub use operator::is_activation;

/// Most problems that are reported at once.
const REPORTED: usize = 12;

/// Reads the network of `source`, with its inputs as `wishes` ask.
///
/// # Errors
/// One line for each problem, which names the file, the node, its operator and the attribute at fault.
pub fn import(source: &Source, wishes: &Wishes) -> Result<Network> {
    let graph = source.proto.graph.as_ref().context("the file holds no graph")?;
    ensure!(
        !source.is_quantised(),
        "{}: already quantised: take the .gen beside it, or the float ONNX",
        source.path.display()
    );
    let path = source.path.display();
    visit::network(source, wishes, graph).map_err(|errors| {
        let lines: Vec<String> =
            errors.iter().take(REPORTED).map(|error| format!("{path}: {error:#}")).collect();
        let more = errors.len().saturating_sub(REPORTED);
        let more = if more > 0 { format!("\n{path}: and {more} more") } else { String::new() };
        anyhow!("{}{more}", lines.join("\n"))
    })
}
