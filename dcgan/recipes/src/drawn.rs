//! Sets that the scripts in `dcgan/recipes/drawn` draw from seeds: faces and heads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use output::number::hexadecimal;
use setup::{npm, step, workspace};
use sha2::{Digest, Sha256};

use crate::{Set, files, labels};

/// The scripts' directory.
pub(crate) const SCRIPTS: &str = "drawn";

/// The parts of a set: a name, the directory in the set's, and the number of pictures.
const PARTS: [(&str, &str, usize); 2] = [("train", "", 10_000), ("test", "test", 2_000)];

/// A set that is drawn.
pub(crate) struct Drawn {
    pub set: Set,
    /// Pixels of a picture's side.
    pub side: usize,
    /// The columns of its tables of labels.
    pub columns: &'static [labels::Column],
}

/// Pixel-art faces.
pub(crate) const FACES: Drawn = Drawn { set: Set::Faces, side: 32, columns: labels::FACES };

/// Cartoon heads.
pub(crate) const TOON: Drawn = Drawn { set: Set::Toon, side: 64, columns: labels::TOON };

/// Installs the packages that draw, unless they are there. Returns their directory.
fn packages() -> Result<PathBuf> {
    let packages = workspace::target_directory()?.join(SCRIPTS);
    npm::install_from(&files(SCRIPTS), "DiceBear", &packages)?;
    Ok(packages)
}

/// A command that runs Node.js in the scripts' directory.
fn node() -> Command {
    let mut node = npm::node();
    node.current_dir(files(SCRIPTS));
    node
}

/// A command that tests the scripts. Installs their packages first.
///
/// # Errors
///
/// If the packages cannot be installed.
pub fn tests() -> Result<Command> {
    let mut node = node();
    node.arg("--test").env("DRAWN_PACKAGES", packages()?);
    Ok(node)
}

impl Drawn {
    /// Draws all pictures into the directory `new`.
    ///
    /// # Errors
    ///
    /// If the packages cannot be installed, or the drawing fails.
    pub fn make(&self, new: &Path) -> Result<()> {
        let packages = packages()?;
        let mut node = node();
        node.args(["make.mjs", "--set", self.set.name()]);
        for (part, _, count) in PARTS {
            node.arg(format!("--{part}")).arg(count.to_string());
        }
        node.arg("--modules").arg(packages).arg("--out").arg(new);
        step::run(&format!("draw {}", self.set.name()), &mut node)
    }

    /// Checks that a directory holds all pictures, byte for byte. Returns a summary in one line.
    ///
    /// # Errors
    ///
    /// If a file is missing or differs.
    pub fn check(&self, directory: &Path) -> Result<String> {
        let mut found = String::new();
        for (part, place, count) in PARTS {
            let place = directory.join(place);
            let table = place.join(labels::FILE);
            let name = || format!("{}", table.display());
            let text = fs::read_to_string(&table).with_context(name)?;
            labels::check(&text, self.columns, count).with_context(name)?;
            found += &format!("{part} {}\n", digest(&place, count)?);
        }
        let wanted = self.digests();
        let text = fs::read_to_string(&wanted).with_context(|| format!("{}", wanted.display()))?;
        ensure!(
            found == text,
            "the pictures differ from those of {}; their SHA-256 is {}. \
             If you changed the recipe on purpose, write it into that file, in two lines.",
            wanted.display(),
            found.trim().replace('\n', ", ")
        );
        let [(_, _, train), (_, _, test)] = PARTS;
        let side = self.side;
        Ok(format!("{train} pictures to train with and {test} to test with, {side} x {side}"))
    }

    /// The file with the expected [`digest`] of each part.
    fn digests(&self) -> PathBuf {
        files(SCRIPTS).join(self.set.name()).join("sha256.txt")
    }
}

/// SHA-256 of a part's labels followed by its pictures in order, in hexadecimal.
fn digest(part: &Path, count: usize) -> Result<String> {
    let mut hash = Sha256::new();
    let pictures = (0..count).map(|index| Path::new("images").join(labels::file(index)));
    for file in [PathBuf::from(labels::FILE)].into_iter().chain(pictures) {
        let path = part.join(file);
        hash.update(fs::read(&path).with_context(|| format!("{}", path.display()))?);
    }
    let entries = part.join("images");
    let name = || format!("{}", entries.display());
    let more = fs::read_dir(&entries).with_context(name)?.count() > count;
    ensure!(!more, "{} has more than {count} files", entries.display());
    Ok(hexadecimal(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FACES, PARTS, TOON, digest};
    use crate::labels;

    #[test]
    fn every_byte_of_every_file_counts() {
        let directory = tempfile::tempdir().unwrap();
        let images = directory.path().join("images");
        fs::create_dir(&images).unwrap();
        fs::write(directory.path().join("labels.csv"), "ab").unwrap();
        fs::write(images.join("00000.png"), "c").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(directory.path(), 1).unwrap(), abc);
        let missing = format!("{:#}", digest(directory.path(), 2).unwrap_err());
        assert!(missing.contains("00001.png"), "{missing}");
        fs::write(images.join("00001.png"), "c").unwrap();
        let more = digest(directory.path(), 1).unwrap_err().to_string();
        assert!(more.ends_with("images has more than 1 files"), "{more}");
        assert_ne!(digest(directory.path(), 2).unwrap(), abc);
    }

    #[test]
    fn each_part_has_its_digest() {
        for drawn in [FACES, TOON] {
            let text = fs::read_to_string(drawn.digests()).unwrap();
            let lines: Vec<Vec<&str>> =
                text.lines().map(|line| line.split(' ').collect()).collect();
            for ((part, ..), line) in PARTS.iter().zip(&lines) {
                assert_eq!((line.len(), line[0], line[1].len()), (2, *part, 64), "{text}");
            }
            assert_eq!(lines.len(), PARTS.len());
        }
    }

    #[test]
    fn both_parts_are_checked() {
        for drawn in [FACES, TOON] {
            let directory = tempfile::tempdir().unwrap();
            let refusal = || format!("{:#}", drawn.check(directory.path()).unwrap_err());
            for (_, place, count) in PARTS {
                let part = directory.path().join(place);
                let table = part.join(labels::FILE);
                let error = refusal();
                assert!(error.starts_with(&table.display().to_string()), "{error}");
                fs::create_dir_all(part.join("images")).unwrap();
                fs::write(&table, labels::table(drawn.columns, count)).unwrap();
                assert!(refusal().contains("00000.png"));
                for index in 0..count {
                    fs::write(part.join("images").join(labels::file(index)), "").unwrap();
                }
            }
            let error = refusal();
            let [name, train, test] = [drawn.set.name(), "SHA-256 is train ", ", test "];
            for word in ["the pictures differ from those of", name, train, test] {
                assert!(error.contains(word), "{error}");
            }
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
