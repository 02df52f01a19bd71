//! Finds the order of the modules, and whether 4-D weights belong to a transposed or a plain convolution.
//!
//! Evidence of the order, the strongest first: the file, if its format keeps the order of the model's modules; numbers in
//! names; numbers of channels. Every module has to have its place, unless a person gives the order and leaves some out.

use crate::checkpoint::order::chain::{Chain, Flow};
use crate::checkpoint::order::partner::partners;
use crate::checkpoint::part::module::Module;
use crate::checkpoint::part::numbering;
use crate::checkpoint::settings::Settings;
use anyhow::{Context, Result, bail, ensure};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Maximum number of modules that are searched: far more than the layers of a `.gen` file.
const MODULE_LIMIT: usize = 128;
/// Maximum number of trials, in each of which one module is appended: many more than a network needs, even if its names
/// say little.
const TRIALS: usize = 20_000;
/// Maximum number of chains that are found. If there are so many, there may be more.
pub(crate) const CHAINS: usize = 7;

/// What the order of a chain follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// A person has said it.
    Given,
    /// The file's order fits without a change.
    File,
    /// Layers stand in the order of the file or of their numbers, and BatchNorms behind the layers that they belong to by
    /// their names.
    Names,
    /// Layers stand in the order of the file or of their numbers; BatchNorms were fitted in by their channels.
    Layers,
    /// Channels alone.
    Channels,
}

/// The chains that `modules` may be, with what a label gives `beside` the first layer, and what their order follows from.
/// If there are several, the evidence does not tell which is right.
///
/// # Errors
/// If no order fits; the message describes the longest chain that was found.
pub(crate) fn chains<'a>(
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
pub(crate) fn branch<'a>(modules: &'a [Module<'a>], flow: Flow) -> Result<Chain<'a>> {
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

/// A depth-first search for the order.
pub(super) struct Search<'a, 's> {
    pub(super) modules: &'a [Module<'a>],
    pub(super) settings: &'s Settings,
    /// The order, if a person has given it.
    pub(super) given: Option<Vec<usize>>,
    /// Whether the modules are in the file's order.
    filed: bool,
    /// The layer that a BatchNorm or PReLU belongs to by its name, if names tell.
    partners: BTreeMap<usize, usize>,
    evidence: Evidence,
    /// Whether convolutions may have groups.
    pub(super) grouped: bool,
    /// Whether it need not end in pictures.
    is_branch: bool,
    /// What a label gives beside the first layer.
    pub(super) beside: Option<Flow>,
    trials: usize,
    found: Vec<Chain<'a>>,
    pub(super) longest: Chain<'a>,
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
}
