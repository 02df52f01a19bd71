//! Finds the order of the modules, and whether 4-D weights belong to a transposed or a plain convolution.
//!
//! Evidence of the order, the strongest first: the file, if its format keeps the order of the model's modules; numbers in
//! names; numbers of channels. Every module has to have its place, unless a person gives the order and leaves some out.

use crate::checkpoint::chain::{Chain, Flow, Linear, Link};
use crate::checkpoint::module::{Module, ModuleKind};
use crate::checkpoint::numbering;
use crate::checkpoint::settings::{Direction, Settings};
use anyhow::{Context, Result, bail, ensure};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Maximum number of modules that are searched: far more than the layers of a `.gen` file.
const MODULE_LIMIT: usize = 128;
/// Maximum number of trials, in each of which one module is appended: many more than a network needs, even if its names
/// say little.
const TRIALS: usize = 20_000;
/// Maximum number of chains that are found. If there are so many, there may be more.
pub(super) const CHAINS: usize = 7;

/// What the order of a chain follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// A person has said it.
    Given,
    /// The file's order fits as it is.
    File,
    /// Layers stand in the order of the file or of their numbers, and BatchNorms behind the layers that they belong to by
    /// their names.
    Names,
    /// Layers stand in the order of the file or of their numbers; BatchNorms were fitted in by their channels.
    Layers,
    /// Channels alone.
    Channels,
}

/// The chains that `modules` may be, with what a label gives `beside` the first layer, and what their order follows from. If there are several, the evidence does not
/// tell which is right.
///
/// # Errors
/// If no order fits; the message describes the longest chain that was found.
pub(super) fn chains<'a>(
    modules: &'a [Module<'a>],
    beside: Option<Flow>,
    settings: &Settings,
) -> Result<(Vec<Chain<'a>>, Evidence)> {
    ensure!(!modules.is_empty(), "holds no weights");
    ensure!(
        modules.len() <= MODULE_LIMIT,
        "{} modules are no DCGAN generator: pass --key if it is a part of the file",
        modules.len()
    );
    let given = settings.order.as_deref().map(|names| indices(modules, names)).transpose()?;
    let mut search = Search { beside, ..Search::new(modules, settings, given) };
    let evidence: &[Evidence] = match search.given {
        Some(_) => &[Evidence::Given],
        None => &[Evidence::File, Evidence::Names, Evidence::Layers, Evidence::Channels],
    };
    for &evidence in evidence {
        // Groups are rare: a depthwise layer of many channels may look like the last one of a grey picture.
        for grouped in [false, true] {
            (search.grouped, search.evidence) = (grouped, evidence);
            let found = search.run(Chain::default())?;
            if !found.is_empty() {
                return Ok((found, evidence));
            }
        }
    }
    bail!("{}", search.misfit())
}

/// The chain of `modules` behind a label's `flow`: a table's features, or the labels themselves.
///
/// # Errors
/// If they are no chain in the order of the file or of their numbers.
pub(super) fn branch<'a>(modules: &'a [Module<'a>], flow: Flow) -> Result<Chain<'a>> {
    let settings = Settings::default();
    let mut search = Search::new(modules, &settings, None);
    search.is_branch = true;
    for evidence in [Evidence::File, Evidence::Names, Evidence::Layers] {
        search.evidence = evidence;
        if let [chain] = &search.run(Chain { flow, ..Chain::default() })?[..] {
            return Ok(chain.clone());
        }
    }
    bail!("{}", search.misfit())
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

/// The only layer that each BatchNorm and PReLU shares its parent with, whose name its own begins with, or whose number
/// it has.
fn partners(modules: &[Module]) -> BTreeMap<usize, usize> {
    let parent = |name: &str| name.rsplit_once('.').map(|(parent, _)| parent.to_owned());
    let number = |name: &str| {
        let text = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok()
    };
    let linear = || modules.iter().enumerate().filter(|(_, module)| module.is_linear());
    let only = |belongs: &dyn Fn(&str) -> bool| {
        let mut all = linear().filter(|(_, module)| belongs(&module.name));
        all.next().filter(|_| all.next().is_none()).map(|(index, _)| index)
    };
    let partner = |name: &str| {
        let (own, of_name) = (parent(name), number(name));
        only(&|other| own.is_some() && parent(other) == own)
            .or_else(|| {
                only(&|other| {
                    name.strip_prefix(other).is_some_and(|end| end.starts_with(['_', '.']))
                })
            })
            .or_else(|| only(&|other| of_name.is_some() && number(other) == of_name))
    };
    let others = modules.iter().enumerate().filter(|(_, module)| !module.is_linear());
    others.filter_map(|(index, module)| Some((index, partner(&module.name)?))).collect()
}

/// A depth-first search for the order.
struct Search<'a, 's> {
    modules: &'a [Module<'a>],
    settings: &'s Settings,
    /// The order, if a person has given it.
    given: Option<Vec<usize>>,
    /// Whether the modules are in the file's order.
    filed: bool,
    /// The layer that a BatchNorm or PReLU belongs to by its name, if names tell.
    partners: BTreeMap<usize, usize>,
    evidence: Evidence,
    /// Whether convolutions may have groups.
    grouped: bool,
    /// Whether it need not end in pictures.
    is_branch: bool,
    /// What a label gives beside the first layer.
    beside: Option<Flow>,
    trials: usize,
    found: Vec<Chain<'a>>,
    longest: Chain<'a>,
}

impl<'a, 's> Search<'a, 's> {
    fn new(modules: &'a [Module<'a>], settings: &'s Settings, given: Option<Vec<usize>>) -> Self {
        Self {
            modules,
            settings,
            given,
            filed: modules.iter().all(|module| module.place.is_some()),
            partners: partners(modules),
            evidence: Evidence::Given,
            grouped: false,
            is_branch: false,
            beside: None,
            trials: 0,
            found: Vec::new(),
            longest: Chain::default(),
        }
    }

    /// The chains that the current evidence allows, [`CHAINS`] at most.
    fn run(&mut self, begin: Chain<'a>) -> Result<Vec<Chain<'a>>> {
        self.trials = 0;
        self.complete(begin);
        ensure!(
            self.trials <= TRIALS || self.found.len() == CHAINS,
            "{} modules fit together in too many ways: pass --order with the modules from first to last",
            self.modules.len()
        );
        Ok(std::mem::take(&mut self.found))
    }

    /// Adds to the chains found those that begin as `chain` does.
    fn complete(&mut self, chain: Chain<'a>) {
        // The strongest evidence explains best why nothing fits.
        let strongest =
            self.evidence == Evidence::Given || self.evidence == Evidence::File || !self.filed;
        if strongest && chain.order.len() > self.longest.order.len() {
            self.longest = chain.clone();
        }
        let all = self.given.as_ref().map_or(self.modules.len(), Vec::len);
        if chain.order.len() == all {
            let whole = if self.is_branch { Some(chain) } else { self.finished(chain) };
            // Two readings of the same order differ in directions alone, of which the first is the usual one.
            self.found.extend(
                whole.filter(|whole| self.found.iter().all(|found| found.order != whole.order)),
            );
            return;
        }
        for index in self.next(&chain) {
            self.trials += 1;
            if self.trials > TRIALS || self.found.len() == CHAINS {
                return;
            }
            for mut longer in self.behind(&chain, &self.modules[index]) {
                longer.order.push(index);
                self.complete(longer);
            }
        }
    }

    /// The modules that may come next.
    fn next(&self, chain: &Chain<'a>) -> Vec<usize> {
        let left: Vec<usize> =
            (0..self.modules.len()).filter(|index| !chain.order.contains(index)).collect();
        match (self.evidence, &self.given) {
            (Evidence::Given, Some(order)) => order[chain.order.len()..][..1].to_vec(),
            (Evidence::File, _) if !self.filed => vec![],
            (Evidence::Given | Evidence::File, _) => left[..1].to_vec(),
            (evidence, _) => {
                let first = |&index: &usize| !left.iter().any(|&other| self.before(other, index));
                let last = chain.order.iter().rfind(|&&index| self.modules[index].is_linear());
                let own = |&index: &usize| {
                    let partner = self.partners.get(&index);
                    evidence != Evidence::Names
                        || partner.is_none_or(|partner| Some(partner) == last)
                };
                left.iter().copied().filter(first).filter(own).collect()
            }
        }
    }

    /// Whether the evidence puts module `a` before module `b`.
    fn before(&self, a: usize, b: usize) -> bool {
        let [first, second] = [a, b].map(|index| &self.modules[index]);
        if numbering::sequence(&first.name, &second.name).is_some_and(Ordering::is_lt) {
            return true;
        }
        match (self.evidence, self.filed) {
            (Evidence::Channels, _) => false,
            (_, true) => first.is_linear() == second.is_linear() && a < b,
            _ => numbering::order(&first.name, &second.name).is_some_and(Ordering::is_lt),
        }
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
            ModuleKind::Convolution { sides, kernel, weight, bias } => {
                let longer = |(linear, groups, [input, output]): (_, _, [usize; 2])| {
                    let mut longer =
                        self.on_map(chain, input).or_else(|| self.joined(chain, input))?;
                    let link = Link::new(module, linear, [input, output], *kernel, weight, *bias);
                    longer.links.push(Link { groups, ..link });
                    longer.flow = Flow::Channels(output);
                    Some(longer)
                };
                self.convolutions(chain, *sides, *kernel).into_iter().filter_map(longer).collect()
            }
            ModuleKind::Norm(norm) => {
                let same = matches!(chain.flow, Flow::Features(n) if n == norm.channels);
                self.extended(chain, same, norm.channels, |link| {
                    let free = link.norm.is_none() && link.slope.is_none();
                    link.last = &module.name;
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
                let add = |link: &mut Link<'a>| {
                    link.last = &module.name;
                    link.slope.replace(weight).is_none()
                };
                self.extended(chain, same, channels, add)
            }
        }
    }

    /// What weights of shape `[a, b, k, k]` may be behind `chain`: the kind of convolution, its groups, and its numbers of
    /// input and output channels.
    fn convolutions(
        &self,
        chain: &Chain,
        [a, b]: [usize; 2],
        kernel: usize,
    ) -> Vec<(Linear, usize, [usize; 2])> {
        let index = chain.links.len();
        let said = self.settings.convolution.get(index);
        // PyTorch: a transposed one's are [in, out / groups], a plain one's [out, in / groups].
        let transposed =
            |groups| (Linear::Convolution(Direction::Transposed), groups, [a, b * groups]);
        let plain = |groups| (Linear::Convolution(Direction::Plain), groups, [b * groups, a]);
        let groups = match (self.settings.groups.get(index), chain.flow) {
            (Some(groups), _) => [groups, groups],
            (None, Flow::Channels(channels)) if self.grouped && channels > b => {
                // Of a transposed one, only depthwise ones show.
                [if b == 1 { a } else { 1 }, if channels % b == 0 { channels / b } else { 1 }]
            }
            _ => [1, 1],
        };
        // On one pixel, a plain convolution would see nothing but borders.
        let latents = matches!(chain.flow, Flow::Latents) && kernel > 1;
        let mut kinds = vec![];
        for groups in if self.grouped { vec![groups, [1, 1]] } else { vec![groups] } {
            let fits = groups.map(|groups| groups > 0 && a % groups == 0);
            if said != Some(Direction::Plain) && fits[0] {
                kinds.push(transposed(groups[0]));
            }
            if said == Some(Direction::Plain) || (said.is_none() && !latents && fits[1]) {
                kinds.push(plain(groups[1]));
            }
        }
        // Weights of as many input as output channels fit both.
        let mut merged: Vec<(Linear, usize, [usize; 2])> = vec![];
        for (linear, groups, sides) in kinds {
            match merged.last_mut() {
                Some((last, same, other)) if (*same, *other) == (groups, sides) => {
                    *last = if *last == linear { linear } else { Linear::Either };
                }
                _ => merged.push((linear, groups, sides)),
            }
        }
        merged
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

    /// `chain` ending in a map of `channels` channels, some of which are the label's.
    fn joined(&self, chain: &Chain<'a>, channels: usize) -> Option<Chain<'a>> {
        let mut chain = chain.clone();
        let beside = self.beside.filter(|_| chain.joined.is_none())?;
        let [link] = &mut chain.links[..] else { return None };
        let own = match (chain.flow, beside) {
            (Flow::Channels(own), Flow::Channels(beside)) => {
                (own + beside == channels).then_some(own)?
            }
            (Flow::Channels(own), Flow::Features(features)) => {
                let [_, height, width] = link.map?;
                ((channels.checked_sub(own)?) * height * width == features).then_some(own)?
            }
            (Flow::Features(own), Flow::Features(features)) => {
                let [_, height, width] = self.map(own + features, channels)?;
                let channels = own / (height * width);
                link.map = Some([channels, height, width]);
                (channels * height * width == own).then_some(channels)?
            }
            _ => return None,
        };
        chain.joined = Some(channels - own);
        chain.flow = Flow::Channels(channels);
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
        let chain = Some(chain).filter(|it| it.joined.is_some() == self.beside.is_some())?;
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
                "the {features} features of {last} become no square map of {channels} channels: pass --map {channels}xHxW, where H \
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
