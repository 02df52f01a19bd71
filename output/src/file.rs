//! Writes files completely or not at all.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Writes one file under a temporary name in the same directory, then renames it, so that a reader sees
/// either the old content or all of the new.
///
/// # Errors
///
/// If the file cannot be written; the message names it. No temporary file is left.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    write(&[(path.to_owned(), bytes)])
}

/// Writes all `files`, each like [`replace`], or none if one cannot be written. The result is mixed only if
/// the system refuses a rename after [`check`] has passed.
///
/// # Errors
///
/// If a file cannot be written; the message names it. No temporary file is left.
pub fn write(files: &[(PathBuf, &[u8])]) -> Result<()> {
    let paths: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
    check(&paths)?;
    let attempt = || {
        for (path, bytes) in files {
            put(path, bytes)?;
        }
        for (path, _) in files {
            let renamed = fs::rename(beside(path), path);
            renamed.with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    };
    attempt().inspect_err(|_| clear(&paths))
}

/// Checks that files can be written at `paths`. Call it before work that takes long.
///
/// # Errors
///
/// If a path is a directory, is given twice, or cannot be written; the message names it.
pub fn check(paths: &[&Path]) -> Result<()> {
    let attempt = || {
        let mut places = HashSet::new();
        for path in paths {
            let name = path.file_name().filter(|_| !path.is_dir());
            let name = name
                .with_context(|| format!("cannot write {}: it is a directory", path.display()))?;
            put(path, &[])?;
            // The temporary file exists now, so its directory has a canonical path.
            let place = beside(path).canonicalize()?.with_file_name(name);
            ensure!(places.insert(place), "{}: given for two outputs", path.display());
        }
        Ok(())
    };
    let result = attempt();
    clear(paths);
    result
}

/// Creates the directory `path` and its parents, unless it exists.
///
/// # Errors
///
/// If the directory cannot be created; the message names it.
pub fn directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("{}: cannot be made", path.display()))
}

/// Temporary path for `path`. It contains the process id, so that processes do not collide.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(beside(path), bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn clear(paths: &[&Path]) {
    for path in paths {
        // Most are already renamed or were never written.
        let _ = fs::remove_file(beside(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(files: &[PathBuf], expected: &str) {
        let files: Vec<_> = files.iter().map(|path| (path.clone(), &b"new"[..])).collect();
        let error = format!("{:#}", write(&files).unwrap_err());
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn all_files_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        replace(&place("a"), b"1").unwrap();
        write(&[(place("a"), b"2"), (place("b"), b"2")]).unwrap();
        fs::create_dir(place("directory")).unwrap();

        refused(&[place("a"), place("missing/b")], "missing/b: No such file");
        refused(&[place("a"), place("directory")], "directory: it is a directory");
        refused(&[place("a"), place("..")], "..: it is a directory");
        refused(&[place("a"), place("directory/../a")], "a: given for two outputs");
        let read = |name| fs::read(place(name)).unwrap();
        assert_eq!([read("a"), read("b")], [b"2", b"2"]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing half written is left");
    }
}
