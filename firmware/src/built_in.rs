//! The model that is part of the program. `build.rs` copied and checked it.

/// Sections of the file are aligned to 16 bytes from its start.
#[repr(C, align(16))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.gen")));

/// The `.gen` file, in flash.
pub static MODEL: &[u8] = &FILE.0;

/// Bytes of working memory that the model needs.
pub const WORKING_MEMORY: usize = gen_core::working_memory(MODEL).expect("a .gen file");

/// Elements of the model's latent.
pub const LATENT: usize = gen_core::latent_len(MODEL).expect("a .gen file");
