//! Measures how deep the stack grows.

use core::hint::black_box;
use core::ptr;

use crate::processor;

/// A value that no program is likely to write.
const PAINT: u32 = 0x5ac3_96a5;

unsafe extern "C" {
    /// End of the variables in the linker scripts of cortex-m-rt and riscv-rt. The stack grows down to it.
    static mut __sheap: u32;
}

/// Bytes of stack that `call` uses below its caller's frame.
#[inline(never)]
pub fn used(call: impl FnOnce()) -> usize {
    let bottom = &raw mut __sheap;
    // Starts below the frame of this function, which stands for the caller's.
    let words = (processor::stack_pointer() - bottom as usize) / size_of::<u32>();
    for word in 0..words {
        // SAFETY: nothing lives between the variables and the stack pointer, and interrupts are off.
        unsafe { bottom.add(word).write_volatile(PAINT) };
    }
    apart(call);
    // SAFETY: as for the writing.
    let painted = |word: &usize| unsafe { bottom.add(*word).read_volatile() } == PAINT;
    (words - (0..words).take_while(painted).count()) * size_of::<u32>()
}

/// Calls `call` in a frame of its own, apart from the frame of the measuring function.
#[inline(never)]
fn apart(call: impl FnOnce()) {
    call();
    // Prevents a tail call: the compiler must not move anything, not even the return, before the call.
    black_box(ptr::null::<u8>());
}
