//! `dcgan resume`: continues a run from its last checkpoint.

use std::path::{PathBuf, absolute};

use anyhow::{Result, ensure};
use clap::Args;
use dcgan::data::Dataset;
use dcgan::run::{self, Plan, Run};

use super::session;

#[derive(Args)]
pub(crate) struct Resume {
    /// The run's directory
    run: PathBuf,
    /// The training pictures, if they have moved since the run began
    #[arg(long)]
    data: Option<PathBuf>,
    /// The CSV of labels, if it has moved since the run began
    #[arg(long, value_name = "LABELS.csv")]
    labels: Option<PathBuf>,
    /// Total number of steps [default: the number that the run began with]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
}

impl Resume {
    pub(crate) fn run(&self) -> Result<()> {
        let mut plan = Plan::load(&self.run)?;
        let _lock = run::lock(&self.run)?;
        plan.data = self.data.as_deref().map(absolute).transpose()?.unwrap_or(plan.data);
        plan.labels = self.labels.as_deref().map(absolute).transpose()?.or(plan.labels);
        plan.steps = self.steps.unwrap_or(plan.steps);
        if let Some(steps) = plan.options.annealed {
            let run = self.run.display();
            ensure!(
                plan.steps <= steps,
                "{run}: its learning rates reach 0 at step {steps}: training on would change nothing; train again with \
                 --steps {}, or with --constant-rates",
                plan.steps
            );
        }
        session::threads(plan.threads)?;
        let dataset = Dataset::load(&plan.data, &plan.reading())?;
        plan.check(&dataset)?;
        let device = dcgan::device::device();
        let judge = session::judge(&dataset, &device);
        let run = Run::open(&self.run, plan.clone(), &dataset, judge, &device)?;
        plan.save(&self.run)?;
        session::train(run, &self.run)
    }
}
