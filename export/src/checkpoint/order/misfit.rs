//! Why no order fits.

use crate::checkpoint::order::chain::Flow;
use crate::checkpoint::order::search::Search;
use crate::checkpoint::part::module::ModuleKind;

impl Search<'_, '_> {
    /// How the longest chain ends, and which module is left.
    pub(super) fn misfit(&self) -> String {
        let longest = &self.longest;
        let next = match &self.given {
            Some(order) => order.get(longest.order.len()).copied(),
            None => (0..self.modules.len()).find(|index| !longest.order.contains(index)),
        };
        let flow = match longest.flow {
            Flow::Latents => "latents".to_owned(),
            Flow::Features(features) => format!("{features} features"),
            Flow::Channels(channels) => format!("{channels} channels"),
        };
        let last = longest.order.last().map(|&index| self.modules[index].describe());
        let last = last.unwrap_or_else(|| "the beginning".to_owned());
        let features = match (longest.flow, next.map(|next| &self.modules[next].kind)) {
            (Flow::Features(features), Some(ModuleKind::Convolution { sides: [a, _], .. }))
                if features % a == 0 =>
            {
                Some((features, *a))
            }
            _ => None,
        };
        if let Some((features, channels)) = features {
            return format!(
                "{last} has {features} features, which do not form a square map of {channels} channels: pass --map {channels}xHxW, where H \
                 times W is {}",
                features / channels
            );
        }
        match next {
            Some(next) => format!(
                "after {last} there are {flow}, which {} does not take, nor does any other order fit: pass --key, \
                 --order, --map or --conv",
                self.modules[next].describe()
            ),
            None => format!(
                "{last} ends in {flow}: pictures have 1 or 3 channels; pass --key, --order, --map or --conv"
            ),
        }
    }
}
