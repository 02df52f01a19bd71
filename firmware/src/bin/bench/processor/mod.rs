//! What a processor offers for measuring: a counter and the stack pointer.

#[cfg_attr(target_arch = "arm", path = "arm.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv.rs")]
mod own;

pub use own::*;
