//! A viewer that writes what it sees into files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use firmware::{Event, Presses};

use crate::{Film, Picture, Script, Viewer};

/// Writes frames as `frame-0000.png` and so on into a directory, and optionally a GIF of them.
pub struct Recorder {
    directory: PathBuf,
    zoom: u32,
    script: Script,
    /// Number of frames still to record.
    left: u32,
    written: u32,
    result: Result<()>,
    /// Path of the GIF and its pictures, if one is wanted.
    film: Option<(PathBuf, Film)>,
}

impl Recorder {
    /// Prepares to record `frames` frames, magnified `zoom` times, while pressing buttons as `script` says.
    ///
    /// # Errors
    ///
    /// If the directory cannot be created.
    pub fn new(directory: PathBuf, frames: u32, zoom: u32, script: Script) -> Result<Self> {
        std::fs::create_dir_all(&directory).with_context(|| {
            format!("cannot create {}: choose another with --out", directory.display())
        })?;
        Ok(Self { directory, zoom, script, left: frames, written: 0, result: Ok(()), film: None })
    }

    /// Also writes a GIF, at [`Self::finish`].
    #[must_use]
    pub fn with_gif(self, path: Option<PathBuf>) -> Self {
        Self { film: path.map(|path| (path, Film::default())), ..self }
    }

    /// Writes the GIF. Returns the number of frames written: fewer than requested if the script holds the
    /// picture.
    ///
    /// # Errors
    ///
    /// If a file could not be written, now or before.
    pub fn finish(self) -> Result<u32> {
        self.result?;
        if let Some((path, film)) = self.film {
            film.save_gif(&path)?;
        }
        Ok(self.written)
    }
}

impl Viewer for Recorder {
    fn see(&mut self, event: Event<'_>, picture: &Picture) {
        self.script.see(event);
        let Event::Shown { frame, .. } = event else { return };
        let path = self.directory.join(format!("frame-{frame:04}.png"));
        let picture = picture.magnified(self.zoom);
        self.result = picture.save_png(&path);
        self.written += u32::from(self.result.is_ok());
        self.left = self.left.saturating_sub(1);
        if let Some((_, film)) = &mut self.film {
            film.add(picture);
        }
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        if let Some((_, film)) = &mut self.film {
            film.look(milliseconds);
        }
        self.script.wait(presses);
    }

    fn leaves(&self) -> bool {
        self.left == 0 || self.script.stuck() || self.result.is_err()
    }
}
