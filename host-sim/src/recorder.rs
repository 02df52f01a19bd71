//! A viewer that writes what it sees into files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use firmware::{Event, Presses};
use image::{DynamicImage, RgbImage};
use output::{Picture, file, gif};

use crate::{Script, Viewer};

/// Writes frames as `frame-0000.png` and so on into a directory, and optionally a GIF of them.
pub struct Recorder {
    directory: PathBuf,
    /// Number of frames to record.
    frames: u32,
    zoom: u32,
    script: Script,
    /// Path of the GIF, if one is wanted.
    gif: Option<PathBuf>,
    /// Pictures of the GIF, each with the milliseconds for which it is shown.
    film: Vec<(Picture, u32)>,
    written: u32,
    result: Result<()>,
}

impl Recorder {
    /// Prepares to record `frames` frames, magnified `zoom` times, while pressing buttons as `script` says.
    /// [`Self::finish`] also writes them as a GIF to the path `gif`.
    ///
    /// # Errors
    ///
    /// If the directory cannot be created.
    pub fn new(
        directory: PathBuf,
        frames: u32,
        zoom: u32,
        script: Script,
        gif: Option<PathBuf>,
    ) -> Result<Self> {
        std::fs::create_dir_all(&directory).with_context(|| {
            format!("cannot create {}: choose another with --out", directory.display())
        })?;
        let film = Vec::new();
        Ok(Self { directory, frames, zoom, script, gif, film, written: 0, result: Ok(()) })
    }

    /// Writes the GIF. Returns the number of frames written: fewer than requested if the script holds the
    /// picture.
    ///
    /// # Errors
    ///
    /// If a file could not be written, now or before.
    pub fn finish(self) -> Result<u32> {
        self.result?;
        if let Some(path) = self.gif {
            let frames = self.film.into_iter().map(|(Picture { width, height, rgb }, time)| {
                let image = RgbImage::from_raw(width, height, rgb);
                Ok((DynamicImage::from(image.context("fewer bytes than pixels")?), time))
            });
            file::replace(&path, &gif::encode(frames)?)?;
        }
        Ok(self.written)
    }
}

impl Viewer for Recorder {
    fn frame_shown(&mut self, event: Event<'_>, picture: &Picture) {
        self.script.frame_shown(event);
        let Event::Shown { frame, .. } = event else { return };
        let path = self.directory.join(format!("frame-{frame:04}.png"));
        let picture = picture.magnified(self.zoom);
        self.result = picture.save_png(&path);
        self.written += u32::from(self.result.is_ok());
        if self.gif.is_some() {
            self.film.push((picture, 0));
        }
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        if let Some((_, time)) = self.film.last_mut() {
            *time += milliseconds;
        }
        self.script.wait(presses);
    }

    fn leaves(&self) -> bool {
        self.written == self.frames || self.script.stuck() || self.result.is_err()
    }
}
