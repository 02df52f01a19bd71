//! Fashion-MNIST: photographs of clothes, in files of MNIST's format.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use setup::debian;

use crate::mnist::FILES;

const PACKAGE: &str = "dataset-fashion-mnist";

/// Extracts the files of Debian's package into the directory `new`.
///
/// # Errors
///
/// If the package cannot be fetched.
pub fn make(new: &Path, scratch: &Path) -> Result<()> {
    debian::unpack(PACKAGE, scratch)?;
    let take = |from: String, name: &str| {
        fs::rename(scratch.join(&from), new.join(name))
            .with_context(|| format!("{PACKAGE} has no {from}"))
    };
    for (name, _) in FILES {
        let name = format!("{name}.gz");
        take(format!("usr/share/datasets/fashion-mnist/{name}"), &name)?;
    }
    take(format!("usr/share/doc/{PACKAGE}/copyright"), "copyright")
}
