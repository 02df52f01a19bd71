//! What the numbers in modules' names tell: their order, and what stands between them.
//!
//! PyTorch's `Sequential` calls its modules 0, 1, 2, … Those without weights, such as activations, are counted too, but
//! leave no tensor: a gap in the numbers is evidence of them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The order of the modules `a` and `b` by the first number in which their names differ, such as `conv1` and `conv2`, or
/// `main.0` and `main.3.bn`. None if they differ in more than a number.
pub(crate) fn order(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = a.split('.').zip(b.split('.')).find(|(a, b)| a != b)?;
    // Keras counts layers from none: `conv2d`, `conv2d_1`.
    let next = |first: &str, second: &str| {
        let rest = second.strip_prefix(first).and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    if next(a, b) {
        return Some(Ordering::Less);
    }
    if next(b, a) {
        return Some(Ordering::Greater);
    }
    let (a, b) = (pieces(a), pieces(b));
    let same = a.len() == b.len()
        && a.iter().zip(&b).all(|(a, b)| match (a.parse::<u32>(), b.parse::<u32>()) {
            (Ok(_), Ok(_)) => true,
            _ => a == b,
        });
    let (a, b) = a.iter().zip(&b).find(|(a, b)| a != b).filter(|_| same)?;
    Some(a.parse::<u32>().ok()?.cmp(&b.parse().ok()?))
}

/// The order of the modules `a` and `b` if they are below children of one parent that are numbers and nothing else, as
/// those of `Sequential`.
pub(crate) fn sequence(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = a.split('.').zip(b.split('.')).find(|(a, b)| a != b)?;
    Some(a.parse::<u32>().ok()?.cmp(&b.parse().ok()?))
}

/// `name` cut into runs of digits and of other characters.
fn pieces(name: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let digit = |at: usize| name.as_bytes()[at].is_ascii_digit();
    for at in 1..=name.len() {
        let boundary = at == name.len() || digit(at) != digit(at - 1);
        if boundary && name.is_char_boundary(at) {
            pieces.push(&name[begin..at]);
            begin = at;
        }
    }
    pieces
}

/// The numbered children of each module that has some.
pub(crate) struct Numbering<'a> {
    /// The children's numbers, and whether some of the modules below are linear, by the parent's name.
    children: BTreeMap<&'a str, BTreeSet<(usize, bool)>>,
}

impl<'a> Numbering<'a> {
    /// The numbering of modules, each given by its name and whether it is linear.
    pub(crate) fn new(modules: impl Iterator<Item = (&'a str, bool)>) -> Self {
        let mut children: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        for (name, linear) in modules {
            for (parent, piece) in parents(name) {
                if let Ok(number) = piece.parse() {
                    children.entry(parent).or_default().insert((number, linear));
                }
            }
        }
        Self { children }
    }

    /// How many modules without weights stand between the modules `a` and `b`, `a` first. None if the names do not tell.
    pub(crate) fn gap(&self, a: &str, b: &str) -> Option<usize> {
        let mut pieces = parents(a).zip(parents(b)).skip_while(|((_, a), (_, b))| a == b);
        let ((parent, first), (_, second)) = pieces.next()?;
        // Within `a`, others may follow the last module with weights.
        let is_leaf = parents(a).last()?.0 == parent;
        let mut gap =
            second.parse::<usize>().ok()?.checked_sub(first.parse::<usize>().ok()? + 1)?;
        for (inner, piece) in parents(b).skip_while(|(inner, _)| inner.len() <= parent.len()) {
            gap += piece.parse::<usize>().ok().filter(|_| self.is_sequence(inner))?;
        }
        (is_leaf && self.is_sequence(parent)).then_some(gap)
    }

    /// Whether the children of `parent` are used one after another, as those of `Sequential`. A `ModuleList` has numbers
    /// too, but no gaps, and mostly children of one kind.
    fn is_sequence(&self, parent: &str) -> bool {
        let Some(children) = self.children.get(parent) else { return false };
        let numbers: BTreeSet<_> = children.iter().map(|(number, _)| number).collect();
        let kinds: BTreeSet<_> = children.iter().map(|(_, linear)| linear).collect();
        let gaps = numbers.last().is_some_and(|&&last| last >= numbers.len());
        gaps || kinds.len() > 1
    }
}

/// Each piece of a module's name, and the name of its parent.
fn parents(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut end = 0_usize;
    name.split('.').map(move |piece| {
        let parent = &name[..end.saturating_sub(1)];
        end += piece.len() + 1;
        (parent, piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_give_an_order() {
        let less = [
            ("conv1", "conv2"),
            ("main.3", "main.10"),
            ("main.0.bn", "main.3.conv"),
            ("deconv1_1", "deconv1_2"),
            ("up2x1.c", "up2x3.c"),
            ("conv2d", "conv2d_1"),
        ];
        for (a, b) in less {
            assert_eq!(order(a, b), Some(Ordering::Less), "{a} {b}");
            assert_eq!(order(b, a), Some(Ordering::Greater), "{b} {a}");
        }
        for (a, b) in
            [("conv1", "bn2"), ("fc", "conv"), ("a.conv", "a.bn"), ("é1", "è2"), ("a", "a")]
        {
            assert_eq!(order(a, b), None, "{a} {b}");
        }
    }

    #[test]
    fn gaps_tell_what_stands_between() {
        let names = ["main.0", "main.1", "main.3", "main.5.0", "main.5.2", "main.6.1", "l1", "l2"];
        let numbering = Numbering::new(names.iter().map(|&name| (name, name != "main.1")));
        assert_eq!(numbering.gap("main.0", "main.1"), Some(0));
        assert_eq!(numbering.gap("main.1", "main.3"), Some(1));
        assert_eq!(numbering.gap("main.3", "main.5.0"), Some(1));
        assert_eq!(numbering.gap("main.5.0", "main.5.2"), Some(1));
        // What stands at the end of main.5 leaves no trace.
        assert_eq!(numbering.gap("main.5.2", "main.6.1"), None);
        assert_eq!(numbering.gap("main.3", "main.1"), None);
        assert_eq!(numbering.gap("l1", "l2"), None);
        assert_eq!(numbering.gap("main.3", "l1"), None);
    }

    #[test]
    fn a_list_is_no_sequence() {
        let gap = |names: [(&str, bool); 3]| {
            let [a, b, _] = names.map(|(name, _)| name);
            Numbering::new(names.into_iter()).gap(a, b)
        };
        assert_eq!(gap([("c.0", true), ("c.1", true), ("c.2", true)]), None);
        assert_eq!(gap([("c.0", true), ("c.1", true), ("c.3", true)]), Some(0));
        assert_eq!(gap([("c.0", true), ("c.1", false), ("c.2", true)]), Some(0));
    }
}
