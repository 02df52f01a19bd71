//! Faces of pixels, drawn from seeds by the recipe in `dcgan/recipes/faces`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use super::labels;
use crate::{step, tools, workspace};

const FACES: usize = 10_000;

/// What [`digest`] is to find, in the recipe's directory.
const DIGEST: &str = "sha256.txt";

fn recipe() -> PathBuf {
    workspace::root().join("dcgan/recipes/faces")
}

/// Makes sure that what draws the faces is installed. Gives the directory it is installed in.
fn packages() -> Result<PathBuf> {
    let packages = workspace::target_directory()?.join("faces");
    tools::npm_of("DiceBear", &packages, &recipe())?;
    Ok(packages)
}

/// Node.js, in the recipe's directory.
fn node() -> Command {
    let mut node = emulator::launch::node();
    node.current_dir(recipe());
    node
}

/// Tests the recipe.
///
/// # Errors
///
/// If what draws the faces cannot be installed, or a test fails.
pub fn test() -> Result<()> {
    let packages = packages()?;
    let mut node = node();
    step::run("tests of the faces", node.arg("--test").env("FACES_PACKAGES", packages))
}

/// Draws all faces.
///
/// # Errors
///
/// If what draws them cannot be installed, or fails.
pub(super) fn make(new: &Path) -> Result<()> {
    let packages = packages()?;
    let mut node = node();
    node.args(["make.mjs", "--faces", &FACES.to_string()]);
    node.arg("--modules").arg(packages).arg("--out").arg(new);
    step::run(&format!("draw {FACES} faces"), &mut node)
}

/// Says what is in a directory that has all faces, byte for byte.
///
/// # Errors
///
/// If one is missing or is another.
pub(super) fn check(directory: &Path) -> Result<String> {
    let table = directory.join("labels.csv");
    let table = fs::read_to_string(&table).with_context(|| format!("{}", table.display()))?;
    let summary = labels::check(&table, FACES)?;
    let wanted = recipe().join(DIGEST);
    let wanted = fs::read_to_string(&wanted).with_context(|| format!("{}", wanted.display()))?;
    let found = digest(directory, FACES)?;
    ensure!(
        found == wanted.trim(),
        "the faces are not those of dcgan/recipes/faces/{DIGEST}: their SHA-256 is {found}, \
         which belongs there if the recipe was changed"
    );
    Ok(summary)
}

/// The SHA-256 of the labels and then of all pictures in their order.
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
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{DIGEST, digest, recipe};

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
        assert_eq!(more, "images/ has more than 1 files");
        assert_ne!(digest(directory.path(), 2).unwrap(), abc);
    }

    #[test]
    fn the_recipe_has_its_files_and_its_lock_names_no_registry() {
        let read = |name| fs::read_to_string(recipe().join(name)).unwrap();
        assert_eq!(read(DIGEST).trim().len(), 64);
        let lock: serde_json::Value = serde_json::from_str(&read("package-lock.json")).unwrap();
        let package: serde_json::Value = serde_json::from_str(&read("package.json")).unwrap();
        assert_eq!(lock["packages"][""]["dependencies"], package["dependencies"]);
        for (name, part) in lock["packages"].as_object().unwrap() {
            assert!(part["resolved"].is_null(), "{name}");
            assert!(name.is_empty() || part["integrity"].is_string(), "{name}");
        }
    }
}
