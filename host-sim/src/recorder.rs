//! A viewer that writes down what it sees.

use std::path::PathBuf;

use anyhow::{Context, Result};
use firmware::{Event, Presses};

use crate::{Film, Picture, Script, Viewer};

/// Writes `frame-0000.png` and so on into a directory, and if wanted a GIF of them.
pub struct Recorder {
    directory: PathBuf,
    zoom: u32,
    script: Script,
    /// Frames yet to come.
    left: u32,
    written: u32,
    result: Result<()>,
    /// The moving picture and where it goes.
    film: Option<(PathBuf, Film)>,
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
        Ok(Self { directory, zoom, script, left: frames, written: 0, result: Ok(()), film: None })
    }

    /// Also writes a GIF, in the end.
    #[must_use]
    pub fn with_gif(self, path: Option<PathBuf>) -> Self {
        Self { film: path.map(|path| (path, Film::default())), ..self }
    }

    /// How many frames were written: fewer than asked for if the script holds the picture.
    ///
    /// # Errors
    ///
    /// If a file could not be written.
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
