//! The engine as a desktop application uses it: it draws row after row into a picture.

use anyhow::Result;
use gen_core::Model;

/// A model with its working memory and the picture that it draws into.
pub struct Engine<'a> {
    model: Model<'a>,
    memory: Vec<u8>,
    steps: Vec<i16>,
    picture: Vec<u8>,
}

impl<'a> Engine<'a> {
    /// Prepares the engine for `file`, a `.gen`.
    pub fn new(file: &'a [u8]) -> Result<Self> {
        let model = Model::parse(file)?;
        let memory = vec![0; model.working_memory()];
        let steps = vec![0; model.latent().len()];
        Ok(Self { model, memory, steps, picture: Vec::new() })
    }

    /// The picture of latent `z`, `[row][column][channel]`.
    pub fn draw(&mut self, z: &[f32]) -> Result<&[u8]> {
        self.model.latent().quantize(z, &mut self.steps)?;
        let mut engine = gen_core::Engine::new(self.model.clone(), &mut self.memory)?;
        let mut rows = engine.draw(&self.steps)?;
        self.picture.clear();
        while let Some(row) = rows.next_row() {
            self.picture.extend_from_slice(row);
        }
        Ok(&self.picture)
    }
}
