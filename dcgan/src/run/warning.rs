//! Signs that a training goes wrong.

use crate::trainer::Progress;

/// Below this part of the data's diversity a batch counts as collapsed.
const COLLAPSED: f32 = 0.5;
/// The discriminator counts as saturated above this mean probability of real pictures, and below
/// 1 minus it of drawn ones.
const SATURATED: f32 = 0.98;

/// Before so many steps a generator isn't varied yet.
const YOUNG: u64 = 500;

/// What is wrong at `step`, by the mean of the steps before it, diversity as a part of the data's.
pub(super) fn warning(step: u64, mean: &Progress) -> Option<String> {
    if mean.diversity < COLLAPSED && step > YOUNG {
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
            assert!(warning(1000, &progress).unwrap().contains(part));
        };
        assert_eq!(warning(1000, &good), None);
        assert_eq!(warning(500, &Progress { diversity: 0.31, ..good }), None);
        told(Progress { diversity: 0.31, ..good }, "31 % as varied");
        told(Progress { real: 0.99, drawn: 0.01, ..good }, "always right");
        assert_eq!(warning(1000, &Progress { real: 0.99, ..good }), None);
    }
}
