//! Detects signs that a training fails.

use crate::trainer::Progress;

/// A batch counts as collapsed if its diversity is below this fraction of the data's.
const COLLAPSED: f32 = 0.5;
/// The discriminator counts as saturated if its mean probability is above this for real pictures and below 1
/// minus this for generated ones.
const SATURATED: f32 = 0.98;

/// No warning of collapse before this step: early pictures are not varied yet.
const YOUNG: u64 = 500;

/// A warning about the state at `step`, if there is a reason. `mean`: means since the last line of the log,
/// with diversity as a fraction of the data's.
pub(super) fn warning(step: u64, mean: &Progress) -> Option<String> {
    if mean.diversity < COLLAPSED && step > YOUNG {
        let percent = mean.diversity * 100.0;
        Some(format!(
            "a batch is {percent:.0} % as varied as the data: the generator may be collapsing \
             (try another --seed or a larger --r1)"
        ))
    } else if mean.real > SATURATED && mean.drawn < 1.0 - SATURATED {
        let hint = "the discriminator is always right: the generator learns little (try a \
                    larger --r1 or a lower --rate-ratio)";
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
