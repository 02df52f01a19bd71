//! Draws with a `.gen` in gen-core, as the device does.

use crate::picture::Planes;
use anyhow::{Result, ensure};
use gen_core::{Engine, Model};

/// The picture that `model` draws of latent `z`.
///
/// # Errors
///
/// If `z` has the wrong length.
pub fn draw(model: &Model, z: &[f32]) -> Result<Planes> {
    let need = model.latent().len();
    ensure!(z.len() == need, "latent of {} elements, the model takes {need}", z.len());
    let (mut steps, mut memory) = (vec![0; need], vec![0; model.working_memory()]);
    model.latent().quantize(z, &mut steps)?;
    let mut engine = Engine::new(model.clone(), &mut memory)?;
    let mut drawing = engine.draw(&steps)?;
    let shape = drawing.shape();
    let mut interleaved = Vec::with_capacity(shape.height * shape.row());
    while let Some(row) = drawing.next_row() {
        interleaved.extend_from_slice(row);
    }
    Ok(Planes::from_interleaved(shape.channels, shape.height, shape.width, &interleaved))
}
