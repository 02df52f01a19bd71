//! Finds the order of the modules, and whether 4-D weights belong to a transposed or a plain convolution: what the
//! numbers of channels allow. Orders closest to that of the names are tried first.

use crate::checkpoint::chain::{Chain, Flow, Linear, Link};
use crate::checkpoint::module::{Module, ModuleKind};
use crate::checkpoint::settings::{Direction, Settings};
use anyhow::{Context, Result, ensure};

/// Maximum number of modules that are searched: far more than the layers of a `.gen` file.
const MODULE_LIMIT: usize = 128;
/// Maximum number of trials, in each of which one module is appended: many more than a network needs, even if its names
/// say little.
const TRIALS: usize = 20_000;

/// The chain that `modules` are.
///
/// # Errors
/// If no order fits; the message describes the longest chain that was found.
pub(super) fn chain<'a>(modules: &'a [Module<'a>], settings: &Settings) -> Result<Chain<'a>> {
    ensure!(!modules.is_empty(), "holds no weights");
    ensure!(
        modules.len() <= MODULE_LIMIT,
        "{} modules are no DCGAN generator: pass --key if it is a part of the file",
        modules.len()
    );
    let given = settings.order.as_deref().map(|names| indices(modules, names)).transpose()?;
    let empty = Chain { links: Vec::new(), flow: Flow::Latents, order: Vec::new() };
    let mut search = Search { modules, settings, given, trials: 0, longest: empty.clone() };
    let found = search.complete(empty);
    found.with_context(|| search.misfit())
}

/// The indices of the modules that are called `names`.
fn indices(modules: &[Module], names: &[String]) -> Result<Vec<usize>> {
    let mut indices = Vec::new();
    for name in names {
        let index = modules.iter().position(|module| module.name == *name);
        let index = index.with_context(|| {
            let known: Vec<_> = modules.iter().map(|module| module.name.as_str()).collect();
            format!("--order names \"{name}\"; the file has {}", known.join(", "))
        })?;
        ensure!(!indices.contains(&index), "--order names \"{name}\" twice");
        indices.push(index);
    }
    Ok(indices)
}

/// A depth-first search for the order.
struct Search<'a, 's> {
    modules: &'a [Module<'a>],
    settings: &'s Settings,
    /// The order, if a person has given it.
    given: Option<Vec<usize>>,
    trials: usize,
    longest: Chain<'a>,
}

impl<'a> Search<'a, '_> {
    /// `chain` with all modules that are left, in the first order that fits.
    fn complete(&mut self, chain: Chain<'a>) -> Option<Chain<'a>> {
        if chain.order.len() > self.longest.order.len() {
            self.longest = chain.clone();
        }
        let left: Vec<usize> = match &self.given {
            Some(order) => order.iter().skip(chain.order.len()).take(1).copied().collect(),
            None => (0..self.modules.len()).filter(|i| !chain.order.contains(i)).collect(),
        };
        if left.is_empty() {
            return self.finished(chain);
        }
        for index in left {
            self.trials += 1;
            if self.trials > TRIALS {
                return None;
            }
            for mut longer in self.behind(&chain, &self.modules[index]) {
                longer.order.push(index);
                if let Some(whole) = self.complete(longer) {
                    return Some(whole);
                }
            }
        }
        None
    }

    /// The chains that `module` makes of `chain`: none if it does not fit, two if its weights may be either
    /// convolution's.
    fn behind(&self, chain: &Chain<'a>, module: &'a Module<'a>) -> Vec<Chain<'a>> {
        match &module.kind {
            ModuleKind::Linear { sides: [output, input], weight, bias } => {
                let fits = match chain.flow {
                    Flow::Latents => true,
                    Flow::Features(features) => features == *input,
                    Flow::Channels(_) => false,
                };
                let link = Link::new(module, Linear::Dense, [*input, *output], 1, weight, *bias);
                let mut longer = chain.clone();
                longer.links.push(link);
                longer.flow = Flow::Features(*output);
                if fits { vec![longer] } else { vec![] }
            }
            ModuleKind::Convolution { sides: [a, b], kernel, weight, bias } => {
                let kinds = match self.settings.convolution.get(chain.links.len()) {
                    Some(said) => vec![Linear::Convolution(said)],
                    None if a == b => vec![Linear::Either],
                    None => {
                        [Direction::Transposed, Direction::Plain].map(Linear::Convolution).into()
                    }
                };
                let longer = |linear| {
                    let plain = linear == Linear::Convolution(Direction::Plain);
                    let sides = if plain { [*b, *a] } else { [*a, *b] };
                    let mut longer = self.on_map(chain, sides[0])?;
                    longer.links.push(Link::new(module, linear, sides, *kernel, weight, *bias));
                    longer.flow = Flow::Channels(sides[1]);
                    Some(longer)
                };
                kinds.into_iter().filter_map(longer).collect()
            }
            ModuleKind::Norm(norm) => {
                let same = matches!(chain.flow, Flow::Features(n) if n == norm.channels);
                self.extended(chain, same, norm.channels, |link| {
                    let free = link.norm.is_none() && link.slope.is_none();
                    link.norm = Some((&module.name, *norm));
                    free
                })
            }
            ModuleKind::Slope { len, weight } => {
                let same = matches!(chain.flow, Flow::Features(n) if *len == 1 || n == *len);
                let channels = match chain.flow {
                    Flow::Channels(channels) if *len == 1 => channels,
                    _ => *len,
                };
                let add = |link: &mut Link<'a>| link.slope.replace(weight).is_none();
                self.extended(chain, same, channels, add)
            }
        }
    }

    /// `chain` with a module that its last link takes: on the features as they are if `same`, else on a map of `channels`
    /// channels. `add` adds it to the link, and tells whether that had none before.
    fn extended(
        &self,
        chain: &Chain<'a>,
        same: bool,
        channels: usize,
        add: impl FnOnce(&mut Link<'a>) -> bool,
    ) -> Vec<Chain<'a>> {
        let longer = if same { Some(chain.clone()) } else { self.on_map(chain, channels) };
        let longer = longer.and_then(|mut it| it.links.last_mut().is_some_and(add).then_some(it));
        longer.into_iter().collect()
    }

    /// `chain` ending in a map of `channels` channels, if it can: features become a map.
    fn on_map(&self, chain: &Chain<'a>, channels: usize) -> Option<Chain<'a>> {
        let mut chain = chain.clone();
        match chain.flow {
            Flow::Latents => {}
            Flow::Channels(have) if have == channels => {}
            Flow::Features(features) => {
                let map = self.map(features, channels)?;
                chain.links.last_mut()?.map = Some(map);
                chain.flow = Flow::Channels(channels);
            }
            Flow::Channels(_) => return None,
        }
        Some(chain)
    }

    /// The map of `channels` channels that `features` features become: the one given, or a square one.
    fn map(&self, features: usize, channels: usize) -> Option<[usize; 3]> {
        if let Some(map) = self.settings.map {
            let product = map.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
            return (map[0] == channels && product == Some(features)).then_some(map);
        }
        let side = (features / channels.max(1)).isqrt();
        let squares = side.checked_mul(side)?.checked_mul(channels)?;
        (side > 0 && squares == features).then_some([channels, side, side])
    }

    /// `chain`, if it ends in pictures: 1 or 3 channels.
    fn finished(&self, chain: Chain<'a>) -> Option<Chain<'a>> {
        let whole = match chain.flow {
            Flow::Channels(1 | 3) => Some(chain),
            Flow::Features(_) => [1, 3].into_iter().find_map(|c| self.on_map(&chain, c)),
            _ => None,
        }?;
        // A PReLU of one slope fits after any layer; a generator has none after the last.
        whole.links.last().is_some_and(|link| link.slope.is_none()).then_some(whole)
    }

    /// Why no order fits: how the longest chain ends, and which module is left.
    fn misfit(&self) -> String {
        let longest = &self.longest;
        let left = (0..self.modules.len()).find(|i| !longest.order.contains(i));
        let next = match &self.given {
            Some(order) => order.get(longest.order.len()).copied(),
            None => left,
        };
        let flow = match longest.flow {
            Flow::Latents => "latents".to_owned(),
            Flow::Features(features) => format!("{features} features"),
            Flow::Channels(channels) => format!("{channels} channels"),
        };
        let last = longest.order.last().map(|&index| self.modules[index].describe());
        let last = last.unwrap_or_else(|| "the beginning".to_owned());
        let others = match self.trials > TRIALS {
            true => "and the search gave up: pass --order with the modules from first to last",
            false => "nor does any other order fit: pass --key, --order, --map or --conv",
        };
        match next {
            Some(next) => format!(
                "after {last} there are {flow}, which {} does not take, {others}",
                self.modules[next].describe()
            ),
            None => format!(
                "{last} ends in {flow}: pictures have 1 or 3 channels; pass --key, --order, --map \
                 or --conv"
            ),
        }
    }
}
