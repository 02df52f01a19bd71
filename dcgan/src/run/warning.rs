//! Signs that a training goes wrong.

use crate::trainer::Progress;

/// Below this part of the data's diversity a batch counts as collapsed.
const COLLAPSED: f32 = 0.5;
/// The discriminator counts as saturated above this mean probability of real pictures, and below
/// 1 minus it of drawn ones.
const SATURATED: f32 = 0.98;

/// What is wrong, by the mean of some steps, diversity as a part of the data's.
pub(super) fn warning(mean: &Progress) -> Option<String> {
    if mean.diversity < COLLAPSED {
        let percent = mean.diversity * 100.0;
        Some(format!(
            "a batch is {percent:.0} % as varied as the data: the generator may be collapsing \
             (try --minibatch-discrimination or another --rate-ratio)"
        ))
    } else if mean.real > SATURATED && mean.drawn < 1.0 - SATURATED {
        let hint = "the discriminator is always right: the generator learns little (try \
                    --smooth 0.1 or a lower --rate-ratio)";
        Some(hint.to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs() {
        let good =
            Progress { discriminator: 1.0, generator: 1.0, real: 0.7, drawn: 0.3, diversity: 0.9 };
        let told = |progress: Progress, part: &str| {
            assert!(warning(&progress).unwrap().contains(part));
        };
        assert_eq!(warning(&good), None);
        told(Progress { diversity: 0.31, ..good }, "31 % as varied");
        told(Progress { real: 0.99, drawn: 0.01, ..good }, "always right");
        assert_eq!(warning(&Progress { real: 0.99, ..good }), None);
    }
}
