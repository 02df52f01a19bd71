//! Keeps two processes from training the same run.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Locks the run in `directory` until the result is dropped. On a file system without locks it does nothing.
///
/// # Errors
///
/// If another process has locked the run, or the directory cannot be written.
pub fn lock(directory: &Path) -> Result<File> {
    let path = directory.join("lock");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            bail!("{}: another process is training this run", directory.display())
        }
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}
