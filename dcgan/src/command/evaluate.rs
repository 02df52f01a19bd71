//! `dcgan evaluate`: measures a generator's pictures against the data it was trained on.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use dcgan::data::{Dataset, Reading};
use dcgan::judge::{Judge, Manifold, nearest};
use dcgan::random::{self, Purpose};
use dcgan::run::JUDGED_SEED;
use export::draw::{File, Generator};
use export::latent;
use export::latent::wish::Wishes;
use export::network::float::BATCH;
use export::picture::Planes;
use export::picture::sheet;
use gen_core::format::write::DraftPart;
use gen_core::latent::Distribution;
use output::file;

use super::session::{self, bar};

/// Generated pictures whose nearest training picture is searched for.
const SOUGHT: usize = 500;
/// Pairs (generated picture, nearest training picture) on the sheet.
const PAIRS: usize = 32;

#[derive(Args)]
pub(crate) struct Evaluate {
    /// A generator, .onnx or .gen
    file: PathBuf,
    /// The data that the generator was trained on, in any form that `train` accepts
    #[arg(long)]
    data: PathBuf,
    /// Crop pictures of another size to their centre square and resize them
    #[arg(long)]
    resize: bool,
    /// A CSV of labels; the first column is the file name
    #[arg(long, value_name = "LABELS.csv")]
    labels: Option<PathBuf>,
    /// Threads [default: one per logical processor]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write a sheet of generated pictures, each beside its nearest training picture
    #[arg(long, value_name = "SHEET.png")]
    neighbours: Option<PathBuf>,
}

impl Evaluate {
    pub(crate) fn run(&self) -> Result<()> {
        if let Some(path) = &self.neighbours {
            file::check(&[path])?;
        }
        if let Some(threads) = self.threads {
            session::threads(threads.into())?;
        }
        let file = File::load(&self.file)?;
        let generator = Generator::new(&file, &Wishes::default(), None)?;
        let image = generator.image;
        ensure!(
            image.height == image.width,
            "{}: {}×{} pictures: only square ones can be measured",
            self.file.display(),
            image.width,
            image.height
        );
        let reading = Reading {
            size: Some(image.height),
            channels: Some(image.channels),
            resize: self.resize,
            labels: self.labels.clone(),
        };
        let dataset = Dataset::load(&self.data, &reading)?;
        if generator.latent.iter().any(|part| part.distribution == Distribution::OneHot) {
            println!("its classes are drawn equally often, whatever their frequency in the data");
        }
        let judge = session::judge(&dataset, &dcgan::device::device());
        let count = judge.as_ref().map_or(SOUGHT, |judge| judge.scale.count);
        let pictures = draw(&generator, count)?;
        if let Some(judge) = &judge {
            print_verdict(judge, &dataset, &pictures);
        }
        self.neighbours(&dataset, &pictures)
    }

    fn neighbours(&self, dataset: &Dataset, pictures: &[Planes]) -> Result<()> {
        let pictures = &pictures[..pictures.len().min(SOUGHT)];
        let found = nearest(dataset, pictures, &vec![None; pictures.len()]);
        let mut own = random::order(0, Purpose::Order, 0, dataset.len());
        own.truncate(SOUGHT);
        let real: Vec<Planes> = own.iter().map(|&i| dataset.picture(i)).collect();
        let own: Vec<Option<usize>> = own.into_iter().map(Some).collect();
        let usual = nearest(dataset, &real, &own).median();
        println!(
            "nearest training picture: median difference {:.1} grey levels; between training \
             pictures {usual:.1}",
            found.median()
        );
        let Some(path) = &self.neighbours else { return Ok(()) };
        let pairs = pictures.iter().zip(&found.indices).take(PAIRS);
        let pairs: Vec<Planes> =
            pairs.flat_map(|(picture, &i)| [picture.clone(), dataset.picture(i)]).collect();
        file::write(&[(path.clone(), &sheet::encode(&pairs)?)])
    }
}

/// Draws `count` pictures of the seeds that every generator is judged on, from [`JUDGED_SEED`] on.
fn draw(generator: &Generator, count: usize) -> Result<Vec<Planes>> {
    let bar = bar("{msg}  {bar:30} {pos}/{len}  {eta} left", "drawing");
    bar.set_length(count as u64);
    let parts = generator.latent.clone();
    let latent = DraftPart::latent(&parts);
    let mut pictures = Vec::with_capacity(count);
    for first in (0..count).step_by(BATCH) {
        let batch = first..count.min(first + BATCH);
        let latents: Vec<_> = batch.map(|i| latent::shown(JUDGED_SEED, i, &latent)).collect();
        let drawn = generator.draw_all(&latents)?;
        pictures.extend(drawn.into_iter().map(|drawing| generator.pixels(drawing)));
        bar.inc(latents.len() as u64);
    }
    bar.finish_and_clear();
    Ok(pictures)
}

fn print_verdict(judge: &Judge, dataset: &Dataset, pictures: &[Planes]) {
    let verdict = judge.judge(pictures);
    println!(
        "Fréchet distance {:.3}: {:.2} times the floor; diversity {:.3} of the data's",
        verdict.frechet, verdict.floors, verdict.diversity
    );
    let figures = |it: &Manifold| {
        let Manifold { precision, recall, density, coverage } = *it;
        [("precision", precision), ("recall", recall), ("density", density), ("coverage", coverage)]
    };
    let (found, real) = (figures(&verdict.manifold), figures(&judge.scale.manifold));
    for ((name, found), (_, real)) in found.iter().zip(real) {
        println!("{name} {found:.3}; of other real pictures {real:.3}");
    }
    println!("{:<20} {:<16} {:>8} {:>10}", "attribute", "", "data", "generated");
    for (index, attribute) in dataset.attributes.iter().enumerate() {
        for (class, name) in attribute.classes.iter().enumerate() {
            let real = judge.scale.frequencies[index][class] * 100.0;
            let generated = verdict.frequencies[index][class] * 100.0;
            println!("{:<20} {name:<16} {real:>6.1} % {generated:>8.1} %", attribute.name);
        }
    }
}
