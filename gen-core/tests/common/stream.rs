//! The picture that the engine computes, row by row.

use gen_core::kernel::{self, Blocked, Kernel};
use gen_core::{Engine, Model};

/// All rows of the picture. Every kernel that runs here must compute the same rows, in dirty working memory of
/// exactly the size that the model asks for.
pub fn stream(file: &[u8], latent: &[i16]) -> Vec<u8> {
    let specified = by::<kernel::Portable>(file, latent, 0);
    let others = [
        ("plain", by::<Blocked<kernel::Plain>>(file, latent, 0)),
        ("that skips zeros", by::<Blocked<kernel::Skip>>(file, latent, 3)),
        ("with DSP instructions", by::<Blocked<kernel::Dsp>>(file, latent, 1)),
        ("with vectors on a Cortex-M", by::<Blocked<kernel::Mve>>(file, latent, 2)),
        ("the target's own", by::<kernel::Best>(file, latent, 2)),
    ];
    for (name, picture) in others {
        assert!(picture == specified, "the kernel {name} differs from the specification");
    }
    specified
}

/// The picture by kernel `K`, in memory that begins `offset` bytes after an aligned address.
fn by<K: Kernel>(file: &[u8], latent: &[i16], offset: usize) -> Vec<u8> {
    let model = Model::parse(file).expect("the draft is valid");
    let mut memory = vec![0xa5; offset + model.working_memory()];
    let memory = &mut memory[offset..];
    let mut engine = Engine::new(model, memory).expect("memory is as large as asked for");
    let last = engine.model().layers().len() - 1;
    let mut picture = engine.draw(latent).expect("the latent is valid");
    let mut bytes = Vec::new();
    while let Some(layer) = picture.step_by::<K>() {
        if layer == last {
            bytes.extend(picture.row());
        }
    }
    bytes
}
