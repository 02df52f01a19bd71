//! Sums of a tile: 2 positions, 3 features.
//!
//! *cost*: 12 instructions for 96 products.

use core::arch::naked_asm;

pub(crate) const POSITIONS: usize = 2;
pub(crate) const FEATURES: usize = 3;

/// `[feature][position]`
pub(crate) type Sums = [[i32; POSITIONS]; FEATURES];

/// Σ w·(x − 128).
///
/// *shapes*: `inputs` `[position][channel]`, each x − 128, since vectors multiply bytes of one sign
/// only; `weights` `[feature][channel]`.
#[inline(never)]
pub(crate) fn sums(inputs: &[i8], weights: &[i8], channels: usize) -> Sums {
    assert!(channels > 0, "the loop runs at least once");
    assert!(inputs.len() == POSITIONS * channels && weights.len() == FEATURES * channels);
    let mut sums = Sums::default();
    // SAFETY: the lengths are what the loop reads, and vectors are masked behind the last channel;
    // bytes need no alignment.
    unsafe {
        tile(weights.as_ptr(), inputs.as_ptr(), channels, sums.as_flattened_mut().as_mut_ptr())
    }
    sums
}

/// Makes Σ w·(x − zero-point) of it: once a row for all positions, since it does not depend on them.
pub(crate) fn take_off(sums: &mut Sums, zero_point: u8, weights: &[i8], channels: usize) {
    for (sums, weights) in sums.iter_mut().zip(weights.chunks_exact(channels)) {
        let all: i32 = weights.iter().map(|&w| i32::from(w)).sum();
        for sum in sums {
            *sum += (128 - i32::from(zero_point)) * all;
        }
    }
}

/// The same in plain Rust.
pub(crate) fn plain(inputs: &[i8], zero_point: u8, weights: &[i8], channels: usize) -> Sums {
    let x = |position, i| 128 + i32::from(inputs[position * channels + i]) - i32::from(zero_point);
    let w = |feature, i| i32::from(weights[feature * channels + i]);
    core::array::from_fn(|feature| {
        core::array::from_fn(|p| (0..channels).map(|i| x(p, i) * w(feature, i)).sum())
    })
}

/// Weights, inputs, channels; the sums.
///
/// Only even registers take sums.
#[unsafe(naked)]
unsafe extern "C" fn tile(_: *const i8, _: *const i8, _: usize, _: *mut i32) {
    naked_asm!(
        ".cpu cortex-m55",
        "push {{r3-r11, lr}}",
        "mov r5, r0",
        "adds r7, r5, r2",
        "add r9, r7, r2",
        "adds r3, r1, r2",
        "mov r11, r2",
        "movs r0, #0",
        "movs r2, #0",
        "movs r4, #0",
        "movs r6, #0",
        "mov r8, #0",
        "mov r10, #0",
        "dlstp.8 lr, r11",
        "2:",
        "vldrb.u8 q0, [r1], #16",
        "vldrb.u8 q1, [r3], #16",
        "vldrb.u8 q2, [r5], #16",
        "vmladava.s8 r0, q0, q2",
        "vmladava.s8 r2, q1, q2",
        "vldrb.u8 q3, [r7], #16",
        "vmladava.s8 r4, q0, q3",
        "vmladava.s8 r6, q1, q3",
        "vldrb.u8 q2, [r9], #16",
        "vmladava.s8 r8, q0, q2",
        "vmladava.s8 r10, q1, q2",
        "letp lr, 2b",
        "pop {{r3}}",
        "strd r0, r2, [r3]",
        "strd r4, r6, [r3, #8]",
        "strd r8, r10, [r3, #16]",
        "pop {{r4-r11, pc}}",
    )
}
