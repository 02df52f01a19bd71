//! `log.csv`: one line for every [`super::LOG_STEPS`] steps.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use output::file;
use serde::{Deserialize, Serialize};

use crate::trainer::Progress;

const HEADER: &str = "step,discriminator_loss,generator_loss,real,drawn,batch_diversity,\
                      steps_per_second,frechet,floors,diversity\n";

/// The log file and the sums over the steps since its last line.
pub(super) struct Log {
    path: PathBuf,
    sums: Sums,
}

/// Sums over the steps since the last line.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sums {
    progress: Progress,
    steps: u32,
    time: Duration,
}

/// Means over the steps since the last line.
pub(super) struct Mean {
    pub(super) progress: Progress,
    steps_per_second: f64,
}

/// Quality of the pictures, as measured by the judge.
pub(super) struct Quality {
    pub(super) frechet: f64,
    /// The Fréchet distance as a multiple of the floor.
    pub(super) floors: f64,
    pub(super) diversity: f64,
}

impl Log {
    /// Opens the log at `path` and drops the lines after step `step`; creates it if it does not exist.
    pub(super) fn open(path: &Path, step: u64, sums: Sums) -> Result<Self> {
        let text = if path.exists() {
            let text = fs::read_to_string(path);
            text.with_context(|| format!("{}: cannot be read", path.display()))?
        } else {
            String::new()
        };
        let columns = HEADER.split(',').count();
        let is_kept = |line: &&str| {
            let cells: Vec<&str> = line.split(',').collect();
            // If the disk was full, the last line may be incomplete.
            let is_whole = line.ends_with('\n') && cells.len() == columns;
            is_whole && cells[0].parse().is_ok_and(|number: u64| number <= step)
        };
        let kept: String = text.split_inclusive('\n').filter(is_kept).collect();
        file::write(&[(path.to_owned(), format!("{HEADER}{kept}").as_bytes())])?;
        Ok(Self { path: path.to_owned(), sums })
    }

    pub(super) fn sums(&self) -> &Sums {
        &self.sums
    }

    pub(super) fn add(&mut self, progress: &Progress, time: Duration) {
        let Progress { discriminator, generator, real, drawn, diversity } = *progress;
        let sum = &mut self.sums.progress;
        sum.discriminator += discriminator;
        sum.generator += generator;
        sum.real += real;
        sum.drawn += drawn;
        sum.diversity += diversity;
        self.sums.steps += 1;
        self.sums.time += time;
    }

    pub(super) fn mean(&self) -> Mean {
        let steps = self.sums.steps.max(1) as f32;
        let Progress { discriminator, generator, real, drawn, diversity } = self.sums.progress;
        let progress = Progress {
            discriminator: discriminator / steps,
            generator: generator / steps,
            real: real / steps,
            drawn: drawn / steps,
            diversity: diversity / steps,
        };
        let seconds = self.sums.time.as_secs_f64().max(1e-9);
        Mean { progress, steps_per_second: f64::from(self.sums.steps) / seconds }
    }

    /// Writes the line of `step` and resets the sums.
    pub(super) fn write(&mut self, step: u64, quality: Option<Quality>) -> Result<()> {
        let Mean { progress: p, steps_per_second } = self.mean();
        let quality = quality.map_or(",,".to_owned(), |quality| {
            let Quality { frechet, floors, diversity } = quality;
            format!("{frechet:.4},{floors:.4},{diversity:.4}")
        });
        let line = format!(
            "{step},{:.5},{:.5},{:.4},{:.4},{:.4},{steps_per_second:.2},{quality}\n",
            p.discriminator, p.generator, p.real, p.drawn, p.diversity
        );
        let append =
            || OpenOptions::new().append(true).open(&self.path)?.write_all(line.as_bytes());
        append().with_context(|| format!("{}: cannot be written", self.path.display()))?;
        self.sums = Sums::default();
        Ok(())
    }
}

impl Mean {
    /// Text for the progress bar; `batch`: pictures per step.
    pub(super) fn text(&self, batch: usize) -> String {
        let p = &self.progress;
        format!(
            "D {:.2}  G {:.2}  D(x) {:.2}  D(G(z)) {:.2}  diversity {:.2}  {:.0} images/s",
            p.discriminator,
            p.generator,
            p.real,
            p.drawn,
            p.diversity,
            self.steps_per_second * batch as f64
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_later_or_was_cut_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.csv");
        let line = |step: u64| format!("{step},1,2,3,4,5,6,7,8,9\n");
        let all = [line(50), line(100), line(150)].concat();
        fs::write(&path, format!("{HEADER}{all}12")).unwrap();
        let kept = |step| {
            Log::open(&path, step, Sums::default()).unwrap();
            fs::read_to_string(&path).unwrap()
        };
        assert_eq!(kept(150), format!("{HEADER}{all}"));
        assert_eq!(kept(149), format!("{HEADER}{}{}", line(50), line(100)));
        fs::remove_file(&path).unwrap();
        assert_eq!(kept(0), HEADER);
    }
}
