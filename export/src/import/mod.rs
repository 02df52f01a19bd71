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
//! [`Importer`] holds four things, which do not know each other:
//!
//! - [`value::Scope`]: the graph's tensors by name
//! - [`latent::GraphInputs`]: the graph's inputs, and the parts of the latent
//! - [`latent::form::Forms`]: what is done to the latent before the first layer
//! - [`layer::chain::Chain`]: the layers

mod constant;
mod elementwise;
mod foreign;
mod latent;
mod layer;
mod moves;
mod node;
mod on_view;
mod operator;
mod picture;
mod statistics;
#[cfg(test)]
mod tests;
mod value;
pub mod verify;
mod view;
mod visit;

use crate::latent::wish::Wishes;
use crate::network::{LayerKind, Network};
use crate::onnx::source::Source;
use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use constant::per_channel::Elements;
use latent::{GraphInputs, form::Forms};
use layer::chain::Chain;
use value::Scope;
use verify::{Check, verify};
use view::{Origin, View};

pub use operator::is_activation;

/// Maximum number of problems that are reported at once.
const REPORTED: usize = 12;

/// Everything that is known while the nodes of a graph are visited.
pub(crate) struct Importer<'a> {
    /// The tensors by name.
    pub(crate) scope: Scope<'a>,
    /// The graph's inputs, and the latent's parts.
    pub(crate) inputs: GraphInputs<'a>,
    /// What is done to the latent before the first layer.
    pub(crate) forms: Forms,
    /// The layers.
    pub(crate) chain: Chain,
    /// What was assumed or replaced: [`Network::notes`].
    pub(crate) notes: Vec<String>,
}

impl Importer<'_> {
    /// What the elements of `view` are elements of.
    pub(crate) fn elements(&self, view: &View) -> Elements {
        match view.origin {
            Origin::Latent => Elements { map: [1, 1, self.forms.len()], single: true },
            Origin::Layer(index) => {
                let layer = &self.chain.layers[index];
                Elements { map: layer.output(), single: layer.kind == LayerKind::Dense }
            }
        }
    }
}

/// Reads the network of `source`, with its inputs as `wishes` ask.
///
/// # Errors
/// One line for each problem, which names the file, the node, its operator and the attribute at fault.
pub fn import(source: &Source, wishes: &Wishes) -> Result<Network> {
    let graph = source.proto.graph.as_ref().context("the file holds no graph")?;
    let path = source.path.display();
    let instead = "take the .gen beside it, or the float ONNX";
    ensure!(!source.is_quantised(), "{path}: already quantised: {instead}");
    if let Some(why) = foreign::refusal(graph) {
        bail!("{path}: {why}");
    }
    let network = visit::network(source, wishes, graph).map_err(|errors| {
        let problems = by_reason(&errors);
        let mut lines: Vec<String> =
            problems.iter().take(REPORTED).map(|it| format!("{path}: {it}")).collect();
        let more = problems.len().saturating_sub(REPORTED);
        lines.extend((more > 0).then(|| format!("{path}: and {more} more")));
        anyhow!(lines.join("\n"))
    })?;
    if network.batch == 1 {
        return Ok(network);
    }
    one_example(source, network).with_context(|| path.to_string())
}

/// `network`, of a file that declares a batch, with a note about that.
///
/// # Errors
/// If the file draws other pictures in its own batch.
fn one_example(source: &Source, mut network: Network) -> Result<Network> {
    let batch = network.batch;
    let how = match verify(source, &network) {
        Check::Same => "its pictures in that batch are the same".to_owned(),
        Check::NotRun(why) => format!("not compared with its pictures in that batch: {why}"),
        Check::Differs(_) => bail!(
            "has a fixed batch of {batch}, in which each picture depends on the whole batch: export with batch 1"
        ),
    };
    network.notes.push(format!("its fixed batch of {batch} is replaced by 1: {how}"));
    Ok(network)
}

/// The problems as text. Those of several nodes for the same reason are one, which names the first node.
fn by_reason(errors: &[Error]) -> Vec<String> {
    let mut problems: Vec<(String, usize)> = Vec::new();
    let reason = |text: &str| text.split_once("): ").map(|(_, reason)| reason.to_owned());
    for error in errors {
        let text = format!("{error:#}");
        let same = |known: &&mut (String, usize)| {
            reason(&text).is_some() && reason(&known.0) == reason(&text)
        };
        match problems.iter_mut().find(same) {
            Some((_, more)) => *more += 1,
            None => problems.push((text, 0)),
        }
    }
    let line = |(text, more): (String, usize)| match more {
        0 => text,
        _ => format!("{text} (and {more} more of its nodes)"),
    };
    problems.into_iter().map(line).collect()
}
