//! Pixel-art faces, drawn from seeds by the scripts in `dcgan/recipes/faces`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use output::number::hexadecimal;
use setup::{npm, step, workspace};
use sha2::{Digest, Sha256};

use crate::{Set, files, labels};

const FACES: usize = 10_000;

/// File in the scripts' directory with the expected [`digest`].
const DIGEST: &str = "sha256.txt";

/// Installs the packages that draw the faces, unless they are there. Returns their directory.
fn packages() -> Result<PathBuf> {
    let packages = workspace::target_directory()?.join("faces");
    npm::install_from(&files(Set::Faces), "DiceBear", &packages)?;
    Ok(packages)
}

/// A command that runs Node.js in the scripts' directory.
fn node() -> Command {
    let mut node = npm::node();
    node.current_dir(files(Set::Faces));
    node
}

/// A command that tests the scripts. Installs their packages first.
///
/// # Errors
///
/// If the packages cannot be installed.
pub fn tests() -> Result<Command> {
    let mut node = node();
    node.arg("--test").env("FACES_PACKAGES", packages()?);
    Ok(node)
}

/// Draws all faces into the directory `new`.
///
/// # Errors
///
/// If the packages cannot be installed, or the drawing fails.
pub(crate) fn make(new: &Path) -> Result<()> {
    let packages = packages()?;
    let mut node = node();
    node.args(["make.mjs", "--faces", &FACES.to_string()]);
    node.arg("--modules").arg(packages).arg("--out").arg(new);
    step::run(&format!("draw {FACES} faces"), &mut node)
}

/// Checks that a directory holds all faces, byte for byte. Returns a summary in one line.
///
/// # Errors
///
/// If a file is missing or differs.
pub(crate) fn check(directory: &Path) -> Result<String> {
    let table = directory.join("labels.csv");
    let table = fs::read_to_string(&table).with_context(|| format!("{}", table.display()))?;
    let summary = labels::check(&table, FACES)?;
    let wanted = files(Set::Faces).join(DIGEST);
    let wanted = fs::read_to_string(&wanted).with_context(|| format!("{}", wanted.display()))?;
    let found = digest(directory, FACES)?;
    ensure!(
        found == wanted.trim(),
        "the faces differ from dcgan/recipes/faces/{DIGEST}; their SHA-256 is {found}. \
         If you changed the recipe on purpose, write it into that file."
    );
    Ok(summary)
}

/// SHA-256 of the labels followed by all pictures in order, in hexadecimal.
fn digest(directory: &Path, faces: usize) -> Result<String> {
    let mut hash = Sha256::new();
    let pictures = (0..faces).map(|index| Path::new("images").join(labels::file(index)));
    for file in [PathBuf::from("labels.csv")].into_iter().chain(pictures) {
        let path = directory.join(file);
        hash.update(fs::read(&path).with_context(|| format!("{}", path.display()))?);
    }
    let entries = directory.join("images");
    let entries = fs::read_dir(&entries).with_context(|| format!("{}", entries.display()))?;
    ensure!(entries.count() == faces, "images/ has more than {faces} files");
    Ok(hexadecimal(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{DIGEST, Set, digest, files};

    #[test]
    fn every_byte_of_every_file_counts() {
        let directory = tempfile::tempdir().unwrap();
        let images = directory.path().join("images");
        fs::create_dir(&images).unwrap();
        fs::write(directory.path().join("labels.csv"), "ab").unwrap();
        fs::write(images.join("00000.png"), "c").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(directory.path(), 1).unwrap(), abc);
        let expected = fs::read_to_string(files(Set::Faces).join(DIGEST)).unwrap();
        assert_eq!(expected.trim().len(), abc.len());
        let missing = format!("{:#}", digest(directory.path(), 2).unwrap_err());
        assert!(missing.contains("00001.png"), "{missing}");
        fs::write(images.join("00001.png"), "c").unwrap();
        let more = digest(directory.path(), 1).unwrap_err().to_string();
        assert_eq!(more, "images/ has more than 1 files");
        assert_ne!(digest(directory.path(), 2).unwrap(), abc);
    }
}
