//! Finds the modules through which a label enters: `nn.Embedding`, and layers behind it.

use crate::checkpoint::order::chain::{Chain, Flow, Link};
use crate::checkpoint::order::search;
use crate::checkpoint::part::module::{Module, ModuleKind};
use crate::checkpoint::settings::{Labels, Place, Settings};
use crate::checkpoint::tensor::Tensor;
use anyhow::{Result, bail, ensure};

/// Pieces of names of modules that take a label.
const WORDS: [&str; 4] = ["emb", "label", "class", "onehot"];

/// The modules of a generator: those on the way of the noise, and those that only the label goes through.
pub(crate) struct Modules<'a> {
    pub(crate) main: Vec<Module<'a>>,
    pub(crate) label: Vec<Module<'a>>,
    /// Whether the label has a first layer like the noise's, whose maps are joined. Which of the two layers is the
    /// label's is not certain: another division has it the other way round.
    pub(crate) joins_maps: bool,
}

/// A label's way to the noise.
#[derive(Clone)]
pub(crate) struct Label<'a> {
    /// Number of labels.
    pub(crate) count: usize,
    /// Embedding of the labels, `[count, width]`; none for one-hot labels.
    pub(crate) table: Option<&'a Tensor>,
    /// Layers behind that.
    pub(crate) links: Vec<Link<'a>>,
    /// Number of elements that meet the noise, or of channels that meet its first map.
    pub(crate) width: usize,
    /// What it ends in.
    pub(crate) flow: Flow,
}

impl<'a> Modules<'a> {
    /// The ways to divide `modules`, the most probable first: by name; else each matrix without a bias may be the
    /// embedding.
    pub(crate) fn divisions(modules: Vec<Module<'a>>) -> Vec<Self> {
        let divided = |is_label: &dyn Fn(&Module) -> bool| {
            let (label, main) = modules.iter().cloned().partition(|module| is_label(module));
            Self { main, label, joins_maps: false }
        };
        let named = |module: &Module| {
            let name = module.name.to_lowercase();
            WORDS.iter().any(|word| name.contains(word))
        };
        let mut divisions = vec![divided(&named)];
        if !divisions[0].label.is_empty() {
            divisions.push(divided(&|_| false));
        }
        for module in modules.iter().filter(|module| module.is_table() && !named(module)) {
            divisions.push(divided(&|other| other.name == module.name));
        }
        // Two first layers: that of fewer inputs is the label's, most probably.
        let mut firsts: Vec<_> = modules.iter().enumerate().collect();
        firsts.sort_by_key(|(_, module)| module.first_layer().map(|(_, inputs, _)| inputs));
        for (at, own) in firsts {
            let is_first = |other: &Module| {
                other.first_layer().zip(own.first_layer()).is_some_and(
                    |((kernel, inputs, outputs), own)| {
                        (kernel, outputs) == (own.0, own.2) && inputs > own.1
                    },
                )
            };
            if modules.iter().any(is_first) {
                let rest = modules
                    .iter()
                    .skip(at + 1)
                    .take_while(|it| !it.is_linear() && it.place.is_some());
                let names: Vec<&str> =
                    std::iter::once(own).chain(rest).map(|it| it.name.as_str()).collect();
                let division = divided(&|module| names.contains(&module.name.as_str()));
                divisions.push(Self { joins_maps: true, ..division });
            }
        }
        divisions.retain(|division| !division.main.is_empty());
        divisions
    }

    /// The label's way, if there is one.
    ///
    /// # Errors
    /// If its modules are no chain.
    pub(crate) fn label(&'a self) -> Result<Option<Label<'a>>> {
        let Some((first, rest)) = self.label.split_first() else { return Ok(None) };
        let (table, modules) = match first.kind {
            ModuleKind::Linear { weight, bias: None, .. } => (Some(weight), rest),
            _ => (None, &self.label[..]),
        };
        let flow = table.map_or(Flow::Latents, |table| Flow::Features(table.shape[1]));
        let chain = match modules {
            [] => Chain { flow, ..Chain::default() },
            _ => search::branch(modules, flow)?,
        };
        let width = match chain.flow {
            Flow::Features(width) | Flow::Channels(width) => width,
            Flow::Latents => bail!("the label's modules {} have no layer", names(&self.label)),
        };
        let first = chain.links.first().map(|link| link.channels_in);
        let count = table.map(|table| table.shape[0]).or(first).unwrap_or(0);
        Ok(Some(Label { count, table, links: chain.links, width, flow: chain.flow }))
    }
}

/// How a label may enter before a layer of `inputs` elements, or beside its map if `joined`: as `settings` say, or in
/// every way that fits.
///
/// # Errors
/// If it does not fit.
pub(crate) fn entries(
    label: Option<&Label>,
    inputs: usize,
    joined: Option<usize>,
    settings: &Settings,
) -> Result<Vec<Labels>> {
    let possible = |place| match (place, label) {
        (Labels::Joined(_), _) => joined.is_some(),
        (_, Some(_)) if joined.is_some() => false,
        (Labels::None, None) => true,
        (Labels::OneHot(_, count), None) => count < inputs,
        (Labels::Embedded(_), Some(label)) if matches!(label.flow, Flow::Channels(_)) => false,
        (Labels::Embedded(Place::Times), Some(label)) => label.width == inputs,
        (Labels::Embedded(_), Some(label)) => label.width < inputs,
        _ => false,
    };
    if let Some(said) = settings.labels {
        let what = match label {
            Some(label) => format!("the file's embedding has {} outputs", label.width),
            None => "the file has no embedding".to_owned(),
        };
        ensure!(
            possible(said),
            "--labels {said}: {what}, and the first layer takes {inputs} elements"
        );
        return Ok(vec![said]);
    }
    let all = [
        Labels::None,
        Labels::Embedded(Place::Times),
        // The usual order first.
        Labels::Embedded(Place::Behind),
        Labels::Embedded(Place::Before),
        Labels::Joined(Place::Behind),
        Labels::Joined(Place::Before),
    ];
    let entries: Vec<_> = all.into_iter().filter(|&place| possible(place)).collect();
    match (label, entries.is_empty()) {
        (Some(label), true) => bail!(
            "an embedding of {} elements does not fit a first layer of {inputs} inputs",
            label.width
        ),
        _ => Ok(entries),
    }
}

/// The names of `modules`, for messages.
fn names(modules: &[Module]) -> String {
    let names: Vec<_> = modules.iter().map(|module| module.name.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_enters_where_its_width_fits() {
        let label = |width| Label {
            count: 10,
            table: None,
            links: vec![],
            width,
            flow: Flow::Features(width),
        };
        let none = Settings::default();
        let of = |width, joined| entries(Some(&label(width)), 8, joined, &none);
        let [times, behind, before] =
            [Place::Times, Place::Behind, Place::Before].map(Labels::Embedded);
        assert_eq!(of(8, None).unwrap(), [times]);
        assert_eq!(of(5, None).unwrap(), [behind, before]);
        assert!(of(9, None).unwrap_err().to_string().contains("does not fit"));
        let joined = [Place::Behind, Place::Before].map(Labels::Joined);
        assert_eq!(of(5, Some(1)).unwrap(), joined);
        assert_eq!(entries(None, 8, None, &none).unwrap(), [Labels::None]);

        let said = |labels| Settings { labels: Some(labels), ..Settings::default() };
        assert_eq!(entries(Some(&label(5)), 8, None, &said(before)).unwrap(), [before]);
        let error = entries(Some(&label(5)), 8, None, &said(times)).unwrap_err().to_string();
        assert!(error.contains("the file's embedding has 5 outputs"), "{error}");
        let hot = Labels::OneHot(Place::Behind, 8);
        let error = entries(None, 8, None, &said(hot)).unwrap_err().to_string();
        assert!(error.contains("the file has no embedding"), "{error}");
    }
}
