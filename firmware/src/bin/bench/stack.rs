//! How deep the stack becomes.

use core::hint::black_box;
use core::ptr;

use crate::processor;

/// What no program is likely to write.
const PAINT: u32 = 0x5ac3_96a5;

unsafe extern "C" {
    /// Where the linker scripts of cortex-m-rt and riscv-rt end the variables and, growing down, the stack.
    static mut __sheap: u32;
}

/// Bytes of stack that `call` uses, beyond its caller's.
#[inline(never)]
pub fn used(call: impl FnOnce()) -> usize {
    let bottom = &raw mut __sheap;
    // Below the frame of this function, which is as good as the caller's.
    let words = (processor::stack_pointer() - bottom as usize) / size_of::<u32>();
    for word in 0..words {
        // SAFETY: nothing lives between the variables and the stack pointer, and no interrupt is on.
        unsafe { bottom.add(word).write_volatile(PAINT) };
    }
    apart(call);
    // SAFETY: as above.
    let painted = |word: &usize| unsafe { bottom.add(*word).read_volatile() } == PAINT;
    (words - (0..words).take_while(painted).count()) * size_of::<u32>()
}

/// Keeps the frame of `call` out of that of who measures it.
#[inline(never)]
fn apart(call: impl FnOnce()) {
    call();
    // Nothing may be moved behind the call, not even its return.
    black_box(ptr::null::<u8>());
}
