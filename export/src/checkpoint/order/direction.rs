//! Whether weights of as many input as output channels belong to a transposed or a plain convolution.

use crate::checkpoint::order::chain::{Chain, Linear, Link};
use crate::checkpoint::settings::Direction;

/// Pieces of names of transposed convolutions.
const WORDS: [&str; 5] = ["deconv", "convt", "conv_t", "tconv", "trans"];

/// `chain` with a direction for each convolution. There are two if nothing tells: all that are left transposed, or all
/// plain.
pub(crate) fn settled<'a>(chain: &Chain<'a>) -> Vec<Chain<'a>> {
    let told: Vec<Option<Direction>> = chain.links.iter().map(|link| told(link, chain)).collect();
    let with = |other| {
        let mut chain = chain.clone();
        for (link, told) in chain.links.iter_mut().zip(&told) {
            if link.linear == Linear::Either {
                link.linear = Linear::Convolution(told.unwrap_or(other));
                link.either = true;
            }
        }
        chain
    };
    let doubt = chain
        .links
        .iter()
        .zip(&told)
        .any(|(link, told)| link.linear == Linear::Either && told.is_none());
    match doubt {
        true => vec![with(Direction::Transposed), with(Direction::Plain)],
        false => vec![with(Direction::Plain)],
    }
}

/// What the rest of the chain, the kernel and the name tell of `link`.
fn told(link: &Link, chain: &Chain) -> Option<Direction> {
    let same = |other: &&Link| other.kernel == link.kernel && other.groups == link.groups;
    let known: Vec<Direction> = chain
        .links
        .iter()
        .filter(same)
        .filter_map(|other| match other.linear {
            Linear::Convolution(direction) => Some(direction),
            _ => None,
        })
        .collect();
    let name = link.name.to_lowercase();
    if WORDS.iter().any(|word| name.contains(word)) {
        return Some(Direction::Transposed);
    }
    match (link.kernel, &known[..]) {
        (1, _) => Some(Direction::Plain),
        // A plain convolution with an even kernel would move the picture.
        (kernel, _) if kernel % 2 == 0 => Some(Direction::Transposed),
        (_, [first, rest @ ..]) if rest.iter().all(|other| other == first) => Some(*first),
        _ => None,
    }
}
