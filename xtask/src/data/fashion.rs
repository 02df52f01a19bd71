//! Fashion-MNIST: clothes, in files like MNIST's.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::mnist::FILES;
use crate::tools;

const PACKAGE: &str = "dataset-fashion-mnist";

/// Takes the files out of Debian's package.
///
/// # Errors
///
/// If it cannot be had.
pub fn make(new: &Path, scratch: &Path) -> Result<()> {
    tools::debian_content(PACKAGE, scratch)?;
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
