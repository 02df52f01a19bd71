//! `log.csv`: a line for every stretch of steps.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use export::output;

use crate::trainer::Progress;

const HEADER: &str = "step,discriminator_loss,generator_loss,real,drawn,diversity,\
                      steps_per_second,frechet\n";

/// The log, and the steps since its last line.
pub(super) struct Log {
    path: PathBuf,
    sum: Progress,
    steps: u32,
    time: Duration,
}

/// Means over the steps since the last line.
pub(super) struct Mean {
    pub(super) progress: Progress,
    pub(super) steps_per_second: f64,
}

const ZERO: Progress =
    Progress { discriminator: 0.0, generator: 0.0, real: 0.0, drawn: 0.0, diversity: 0.0 };

impl Log {
    pub(super) fn new(path: &Path) -> Result<Self> {
        output::write(&[(path.to_owned(), HEADER.as_bytes())])?;
        Ok(Self { path: path.to_owned(), sum: ZERO, steps: 0, time: Duration::ZERO })
    }

    /// The log without what comes after `step`.
    pub(super) fn resume(path: &Path, step: u64) -> Result<Self> {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("{}: cannot be read", path.display()))?;
        let is_kept = |line: &str| {
            let number = line.split(',').next().and_then(|number| number.parse::<u64>().ok());
            number.is_none_or(|number| number <= step)
        };
        let kept: String = text.split_inclusive('\n').filter(|line| is_kept(line)).collect();
        output::write(&[(path.to_owned(), kept.as_bytes())])?;
        Ok(Self { path: path.to_owned(), sum: ZERO, steps: 0, time: Duration::ZERO })
    }

    pub(super) fn add(&mut self, progress: &Progress, time: Duration) {
        let Progress { discriminator, generator, real, drawn, diversity } = *progress;
        self.sum.discriminator += discriminator;
        self.sum.generator += generator;
        self.sum.real += real;
        self.sum.drawn += drawn;
        self.sum.diversity += diversity;
        self.steps += 1;
        self.time += time;
    }

    pub(super) fn mean(&self) -> Mean {
        let steps = self.steps.max(1) as f32;
        let Progress { discriminator, generator, real, drawn, diversity } = self.sum;
        let progress = Progress {
            discriminator: discriminator / steps,
            generator: generator / steps,
            real: real / steps,
            drawn: drawn / steps,
            diversity: diversity / steps,
        };
        let seconds = self.time.as_secs_f64().max(1e-9);
        Mean { progress, steps_per_second: f64::from(self.steps) / seconds }
    }

    /// Writes the line of `step` and begins the next.
    pub(super) fn write(&mut self, step: u64, frechet: Option<f64>) -> Result<()> {
        let Mean { progress: p, steps_per_second } = self.mean();
        let frechet = frechet.map(|frechet| format!("{frechet:.4}")).unwrap_or_default();
        let line = format!(
            "{step},{:.5},{:.5},{:.4},{:.4},{:.4},{steps_per_second:.2},{frechet}\n",
            p.discriminator, p.generator, p.real, p.drawn, p.diversity
        );
        let append =
            || OpenOptions::new().append(true).open(&self.path)?.write_all(line.as_bytes());
        append().with_context(|| format!("{}: cannot be written", self.path.display()))?;
        (self.sum, self.steps, self.time) = (ZERO, 0, Duration::ZERO);
        Ok(())
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = &self.progress;
        write!(
            f,
            "D {:.2}  G {:.2}  D(x) {:.2}  D(G(z)) {:.2}  diversity {:.2}",
            p.discriminator, p.generator, p.real, p.drawn, p.diversity
        )
    }
}
