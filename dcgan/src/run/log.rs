//! `log.csv`: one line for every [`super::LOG_STEPS`] steps.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use output::file;
use serde::{Deserialize, Serialize};

use crate::judge::{Manifold, Verdict};
use crate::trainer::Progress;

const HEADER: &str = "step,discriminator_loss,generator_loss,real,drawn,batch_diversity,\
                      steps_per_second,frechet,floors,diversity,precision,recall,density,coverage\n";

/// The log file and the sums over the steps since its last line.
pub(super) struct Log {
    path: PathBuf,
    pub(super) sums: Sums,
}

/// Sums over the steps since the last line.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sums {
    progress: Progress,
    steps: u32,
    time: Duration,
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

    /// Means over the steps since the last line.
    pub(super) fn mean(&self) -> Progress {
        let steps = self.sums.steps.max(1) as f32;
        let Progress { discriminator, generator, real, drawn, diversity } = self.sums.progress;
        Progress {
            discriminator: discriminator / steps,
            generator: generator / steps,
            real: real / steps,
            drawn: drawn / steps,
            diversity: diversity / steps,
        }
    }

    fn steps_per_second(&self) -> f64 {
        f64::from(self.sums.steps) / self.sums.time.as_secs_f64().max(1e-9)
    }

    /// The means as a text for the progress bar; `batch`: pictures per step.
    pub(super) fn text(&self, batch: usize) -> String {
        let Progress { discriminator, generator, real, drawn, diversity } = self.mean();
        let speed = self.steps_per_second() * batch as f64;
        format!(
            "D {discriminator:.2}  G {generator:.2}  D(x) {real:.2}  D(G(z)) {drawn:.2}  \
             diversity {diversity:.2}  {speed:.0} images/s"
        )
    }

    /// Writes the line of `step` and resets the sums.
    pub(super) fn write(&mut self, step: u64, verdict: Option<Verdict>) -> Result<()> {
        let Progress { discriminator, generator, real, drawn, diversity } = self.mean();
        let quality = verdict.map_or(",,,,,,".to_owned(), |verdict| {
            let Verdict { frechet, floors, diversity, manifold, .. } = verdict;
            let Manifold { precision, recall, density, coverage } = manifold;
            let all = [frechet, floors, diversity, precision, recall, density, coverage];
            all.map(|it| format!("{it:.4}")).join(",")
        });
        let line = format!(
            "{step},{discriminator:.5},{generator:.5},{real:.4},{drawn:.4},{diversity:.4},\
             {:.2},{quality}\n",
            self.steps_per_second()
        );
        let append =
            || OpenOptions::new().append(true).open(&self.path)?.write_all(line.as_bytes());
        append().with_context(|| format!("{}: cannot be written", self.path.display()))?;
        self.sums = Sums::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_later_or_was_cut_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log.csv");
        let line = |step: u64| format!("{step},1,2,3,4,5,6,7,8,9,10,11,12,13\n");
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
