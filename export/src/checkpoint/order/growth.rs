//! A chain grows by one module: what fits behind it, and what it gives.

use crate::checkpoint::order::chain::{Chain, Flow, Linear, Link};
use crate::checkpoint::order::search::Search;
use crate::checkpoint::part::module::{Module, ModuleKind};
use crate::checkpoint::settings::Direction;

impl<'a> Search<'a, '_> {
    /// The chains that `module` makes of `chain`: none if it does not fit, two if its weights may be either
    /// convolution's.
    pub(super) fn behind(&self, chain: &Chain<'a>, module: &'a Module<'a>) -> Vec<Chain<'a>> {
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
        let kind = |direction, groups: usize| {
            let more = b.checked_mul(groups).filter(|_| groups > 0 && a.is_multiple_of(groups))?;
            let sides = if direction == Direction::Transposed { [a, more] } else { [more, a] };
            Some((Linear::Convolution(direction), groups, sides))
        };
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
            if said != Some(Direction::Plain) {
                kinds.extend(kind(Direction::Transposed, groups[0]));
            }
            if said == Some(Direction::Plain) || (said.is_none() && !latents) {
                kinds.extend(kind(Direction::Plain, groups[1]));
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
    pub(super) fn on_map(&self, chain: &Chain<'a>, channels: usize) -> Option<Chain<'a>> {
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
}
