//! A viewer that writes down what he sees.

use std::path::PathBuf;

use anyhow::{Context, Result};
use firmware::{Event, Presses};

use crate::{Picture, Script, Viewer};

/// Writes `frame-0000.png` and so on into a directory.
pub struct Recorder {
    directory: PathBuf,
    zoom: u32,
    script: Script,
    /// Frames yet to come.
    left: u32,
    written: u32,
    result: Result<()>,
}

impl Recorder {
    /// Records `frames` frames, `zoom` times as large, while pressing what `script` says.
    ///
    /// # Errors
    ///
    /// If the directory cannot be made.
    pub fn new(directory: PathBuf, frames: u32, zoom: u32, script: Script) -> Result<Self> {
        std::fs::create_dir_all(&directory).with_context(|| {
            format!("cannot create {}: choose another with --out", directory.display())
        })?;
        Ok(Self { directory, zoom, script, left: frames, written: 0, result: Ok(()) })
    }

    /// How many frames were written: fewer than asked for if the script holds the picture.
    ///
    /// # Errors
    ///
    /// If a file could not be written.
    pub fn finish(self) -> Result<u32> {
        self.result.map(|()| self.written)
    }
}

impl Viewer for Recorder {
    fn see(&mut self, event: Event<'_>, picture: &Picture) {
        self.script.see(event);
        let Event::Shown { frame, .. } = event else { return };
        let path = self.directory.join(format!("frame-{frame:04}.png"));
        self.result = picture.magnified(self.zoom).save_png(&path);
        self.written += u32::from(self.result.is_ok());
        self.left = self.left.saturating_sub(1);
    }

    fn wait(&mut self, _: u32, presses: &mut Presses) {
        self.script.wait(presses);
    }

    fn leaves(&self) -> bool {
        self.left == 0 || self.script.stuck() || self.result.is_err()
    }
}
