//! Everything that is known while the nodes of a graph are visited.

use crate::import::constant::per_channel::Elements;
use crate::import::latent::Inputs;
use crate::import::latent::form::Forms;
use crate::import::layer::chain::Chain;
use crate::import::value::Values;
use crate::import::view::{Origin, View};
use crate::network::LayerKind;

/// The graph's tensors, and the generator that they have become so far.
pub(crate) struct Importer<'a> {
    /// The tensors by name.
    pub(crate) values: Values<'a>,
    /// The graph's inputs, and the latent's parts.
    pub(crate) inputs: Inputs<'a>,
    /// What is done to the latent before the first layer.
    pub(crate) forms: Forms,
    /// The layers.
    pub(crate) chain: Chain,
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
