//! RISC-V: the processor counts its instructions itself.

use core::arch::asm;

use riscv::register::minstret;

/// Starts the counter: it always runs.
pub fn start() {}

/// What the counter says, its low 32 bits.
pub fn count() -> u32 {
    minstret::read() as u32
}

/// Ticks from one count to a later one, fewer than 2³². Each is an instruction.
pub fn ticks(from: u32, to: u32) -> u32 {
    to.wrapping_sub(from)
}

/// Executes so many turns of two instructions.
pub fn spin(turns: u32) {
    // SAFETY: counts a register of its own down.
    unsafe {
        asm!(
            "2: addi {turns}, {turns}, -1",
            "bnez {turns}, 2b",
            turns = inout(reg) turns => _,
            options(nomem, nostack)
        );
    }
}

/// The end of the stack of whoever calls.
#[inline(always)]
pub fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}
