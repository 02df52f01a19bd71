//! RISC-V: reads the processor's own counter of instructions.

use core::arch::asm;

use riscv::register::minstret;

/// Does nothing: the counter always runs.
pub fn start() {}

/// The low 32 bits of the counter's current value.
pub fn count() -> u32 {
    minstret::read() as u32
}

/// Ticks between two readings, fewer than 2³². A tick is an instruction.
pub fn ticks(from: u32, to: u32) -> u32 {
    to.wrapping_sub(from)
}

/// Executes `turns` loops of two instructions each.
pub fn spin(turns: u32) {
    // SAFETY: counts down a register of its own.
    unsafe {
        asm!(
            "2: addi {turns}, {turns}, -1",
            "bnez {turns}, 2b",
            turns = inout(reg) turns => _,
            options(nomem, nostack)
        );
    }
}

/// The caller's stack pointer.
#[inline(always)]
pub fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}
