//! Which layer a BatchNorm or PReLU belongs to by its name.

use crate::checkpoint::part::module::Module;
use std::collections::BTreeMap;

/// The only layer that each BatchNorm and PReLU shares its parent with, whose name its own begins with, or whose number
/// it has.
pub(super) fn partners(modules: &[Module]) -> BTreeMap<usize, usize> {
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
