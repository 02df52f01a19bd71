//! The picture that the engine streams.

use gen_core::{Engine, Model};

/// All rows, drawn with dirty working memory of just the size it asks for.
pub fn stream(file: &[u8], latent: &[i16]) -> Vec<u8> {
    let model = Model::parse(file).expect("the draft is valid");
    let mut memory = vec![0xa5; model.working_memory()];
    let mut engine = Engine::new(model, &mut memory).expect("memory is as large as asked for");
    let mut picture = engine.draw(latent).expect("the latent is valid");
    let mut bytes = Vec::new();
    while let Some(row) = picture.next_row() {
        bytes.extend(row);
    }
    bytes
}
