//! Runs a `.gen` in gen-core, as the device does.

use crate::picture::Picture;
use anyhow::{Result, ensure};
use gen_core::{Engine, Model};

/// A `.gen` ready to run.
pub struct Device<'a> {
    model: Model<'a>,
    memory: Vec<u8>,
}

impl<'a> Device<'a> {
    /// Parses `file` and allocates its working memory.
    ///
    /// # Errors
    /// If gen-core refuses the file.
    pub fn new(file: &'a [u8]) -> Result<Self> {
        let model = Model::parse(file)?;
        let memory = vec![0; model.working_memory()];
        Ok(Self { model, memory })
    }

    /// The model.
    pub fn model(&self) -> &Model<'a> {
        &self.model
    }

    /// The picture of latent `z`.
    ///
    /// # Errors
    /// If `z` has the wrong length.
    pub fn run(&mut self, z: &[f32]) -> Result<Picture> {
        let need = self.model.latent().len();
        ensure!(z.len() == need, "latent of {} elements, the model takes {need}", z.len());
        let mut steps = vec![0; z.len()];
        self.model.latent().quantize(z, &mut steps)?;
        let mut engine = Engine::new(self.model.clone(), &mut self.memory)?;
        let mut drawing = engine.draw(&steps)?;
        let shape = drawing.shape();
        let mut interleaved = Vec::with_capacity(shape.height * shape.row());
        while let Some(row) = drawing.next_row() {
            interleaved.extend_from_slice(row);
        }
        Ok(Picture::from_interleaved(shape.channels, shape.height, shape.width, &interleaved))
    }
}
