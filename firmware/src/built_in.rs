//! The model linked into the program, copied and checked by `build.rs`.

/// Aligns the file to 16 bytes: its sections are aligned relative to its start.
#[repr(C, align(16))]
struct Aligned<T: ?Sized>(T);

static FILE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/model.gen")));

/// The `.gen` file, in flash.
pub static MODEL: &[u8] = &FILE.0;

/// Bytes of working memory that the model needs.
pub const WORKING_MEMORY: usize = gen_core::working_memory(MODEL).expect("a .gen file");

/// Elements of the model's latent.
pub const LATENT: usize = gen_core::latent_len(MODEL).expect("a .gen file");
