//! Fills a directory completely or not at all.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Whether `place` exists and is not an empty directory.
pub fn is_taken(place: &Path) -> bool {
    let entries = || Some(fs::read_dir(place).ok()?.next().is_some());
    place.symlink_metadata().is_ok() && entries().unwrap_or(true)
}

/// Lets `make` fill a new directory beside `place`, then renames that directory to `place`. `make` gets the
/// new directory and another for intermediate files. If `make` fails, both are removed.
///
/// # Errors
///
/// Those of `make`, or if the directory cannot be written.
pub fn fill<T>(place: &Path, make: impl FnOnce(&Path, &Path) -> Result<T>) -> Result<T> {
    let failed = || format!("cannot write {}: try another directory with --out", place.display());
    // `make` passes these paths to programs that run in other working directories.
    let place = std::path::absolute(place).with_context(failed)?;
    let parent = place.parent().unwrap_or(&place);
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    fs::create_dir_all(parent).with_context(failed)?;
    // Beside `place`, so that it is on the same file system and one rename moves it.
    let beside =
        tempfile::Builder::new().prefix(&format!("{name}.")).suffix(".new").tempdir_in(parent);
    let beside = beside.with_context(failed)?;
    let (new, scratch) = (beside.path().join("new"), beside.path().join("scratch"));
    for directory in [&new, &scratch] {
        fs::create_dir(directory).with_context(failed)?;
    }
    let made = make(&new, &scratch)?;
    // Removes an empty directory in the way. If it has been filled in the meantime, the rename below fails.
    let _ = fs::remove_dir(&place);
    fs::rename(&new, &place).with_context(failed)?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::bail;

    use super::{fill, is_taken};

    #[test]
    fn whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("data/digits");
        let error = fill(&place, |new, _| -> anyhow::Result<()> {
            fs::write(new.join("half"), "")?;
            bail!("no more");
        });
        assert_eq!(error.unwrap_err().to_string(), "no more");
        assert!(!is_taken(&place));
        let made = fill(&place, |new, scratch| {
            fs::write(scratch.join("archive"), "")?;
            fs::write(new.join("all"), "")?;
            Ok(7)
        });
        assert_eq!(made.unwrap(), 7);
        assert!(place.join("all").exists() && is_taken(&place));
        assert_eq!(fs::read_dir(directory.path().join("data")).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_directory_is_filled_and_another_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let (empty, file) = (directory.path().join("empty"), directory.path().join("file"));
        fs::create_dir(&empty).unwrap();
        fs::write(&file, "").unwrap();
        assert!(!is_taken(&empty) && is_taken(&file) && is_taken(directory.path()));
        fill(&empty, |new, _| Ok(fs::write(new.join("all"), "")?)).unwrap();
        assert!(is_taken(&empty));
        let error = fill(&empty, |_, _| Ok(())).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot write"));
        assert!(fill(&file.join("below"), |_, _| Ok(())).is_err());
    }
}
