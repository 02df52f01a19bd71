//! Writing files: whole or not at all.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes all `files`, or none: each beside its place, then all are renamed.
///
/// # Errors
/// Naming the file that can't be written.
pub fn write(files: &[(PathBuf, &[u8])]) -> Result<()> {
    let beside = |path: &Path| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        path.with_file_name(name)
    };
    let attempt = || {
        for (path, bytes) in files {
            let written = fs::write(beside(path), bytes);
            written.with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        for (path, _) in files {
            let renamed = fs::rename(beside(path), path);
            renamed.with_context(|| format!("{}: cannot be written", path.display()))?;
        }
        Ok(())
    };
    attempt().inspect_err(|_| {
        for (path, _) in files {
            // Most are gone or were never there.
            let _ = fs::remove_file(beside(path));
        }
    })
}

/// Makes the directory `path` where there is none.
///
/// # Errors
/// Naming it.
pub fn directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("{}: cannot be made", path.display()))
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn all_files_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("missing/b"));
        let error = write(&[(a.clone(), b"1"), (b, b"2")]).unwrap_err();
        assert!(format!("{error:#}").contains("missing/b: cannot be written"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

        write(&[(a.clone(), b"1")]).unwrap();
        write(&[(a.clone(), b"2")]).unwrap();
        assert_eq!(std::fs::read(&a).unwrap(), b"2");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
