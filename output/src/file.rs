//! Files that are written completely or not at all.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Writes one file: beside its place first, then renamed, so that a reader finds the old content or all
/// of the new.
///
/// # Errors
///
/// Naming the file that cannot be written. Nothing is left beside it.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    write(&[(path.to_owned(), bytes)])
}

/// Writes all `files`, each as [`replace`] does, and none if one cannot be written. Only if the system
/// refuses a rename after [`check`] has passed can some be new and others old.
///
/// # Errors
///
/// Naming the file that cannot be written. Nothing is left beside them.
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
/// Naming the path that is a directory, is given twice, or cannot be written.
pub fn check(paths: &[&Path]) -> Result<()> {
    let attempt = || {
        let mut places = HashSet::new();
        for path in paths {
            let name = path.file_name().filter(|_| !path.is_dir());
            let name = name
                .with_context(|| format!("cannot write {}: it is a directory", path.display()))?;
            put(path, &[])?;
            // Now that there is a file beside it, its directory has one true name.
            let place = beside(path).canonicalize()?.with_file_name(name);
            ensure!(places.insert(place), "{}: given for two outputs", path.display());
        }
        Ok(())
    };
    let result = attempt();
    clear(paths);
    result
}

/// Makes the directory `path`, with those above it, unless it is there.
///
/// # Errors
///
/// Naming the directory that cannot be made.
pub fn directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("{}: cannot be made", path.display()))
}

/// Where the file for `path` is written first. Another process has another place.
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
        // Most are renamed by now, or were never written.
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
