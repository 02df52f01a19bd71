//! The loop in assembly, because stable Rust has no MVE.
//!
//! *cost*, instructions per product: 6/16 at 1 pair of features, 10/32 at 2 and at 4 (which are 2 and 2), 14/48 at 3.
//! One instruction closes the loop; it also masks the end of the last vector.

#![allow(unsafe_code)]

use crate::kernel::plain::Plain;
use crate::kernel::tile::{Sums, Tile};
use crate::weights::Word;
use core::arch::naked_asm;

/// Adds the products of all `inputs`. *shapes*: `inputs` `[plane]`, at least one; `weights` begins with
/// `[plane][pair]`. With a file that is not aligned to words it is correct, but slow.
#[inline(always)]
pub(super) fn column(inputs: &[Word], weights: &[Word], pairs: usize, sums: &mut Sums) {
    let planes = inputs.len();
    if !(inputs.as_ptr().addr() | weights.as_ptr().addr()).is_multiple_of(4) {
        // The processor loads vectors of aligned words only.
        return Plain::column(inputs, 1, planes, weights, pairs, sums);
    }
    let (inputs, first) = (inputs.as_ptr(), weights.as_ptr());
    let sums = sums.as_mut_ptr();
    // SAFETY: `Mve::column` has checked that there is a plane, that all its weights are there, and that `pairs` is 1
    // to 4, as many as `sums` has. All are aligned to words. Vectors are masked after the last plane.
    unsafe {
        match pairs {
            1 => column1::<1>(first, inputs, planes, sums),
            2 => column2::<2>(first, inputs, planes, sums),
            3 => column3::<3>(first, inputs, planes, sums),
            _ => {
                // Eight sums need more registers than there are.
                column2::<4>(first, inputs, planes, sums);
                column2::<4>(first.wrapping_add(2), inputs, planes, sums.wrapping_add(4));
            }
        }
    }
}

/// Defines the loop for a number of pairs of features, of `PAIRS` in a plane. Arguments: first word of weights, first
/// word of inputs, number of planes, sums.
///
/// For each pair: the vector for its weights on 8 inputs, the operand that loads it, the registers for the sums of
/// 256·b + a and of a, and the offsets of the sums of a and b. q0 has the addresses of the first pair's words on 4
/// planes, q1 the 8 inputs.
macro_rules! column {
    ($name:ident, $(($w:literal, $at:literal, $both:literal, $low:literal, $a:literal, $b:literal)),*) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name<const PAIRS: usize>(
            _: *const Word,
            _: *const Word,
            _: usize,
            _: *mut i32,
        ) {
            naked_asm!(
                // Module-level assembly does not see `target-cpu`.
                ".cpu cortex-m55",
                "push {{r4-r10, lr}}",
                "movs r4, #0",
                "vidup.u32 q0, r4, #1",
                "movs r5, #{step}",
                "vmul.i32 q0, q0, r5",
                "subs r0, #4 * {step}",
                "vadd.i32 q0, q0, r0",
                $(
                    concat!("ldr ", $low, ", [r3, #", $a, "]"),
                    concat!("mov ", $both, ", ", $low),
                )*
                "dlstp.32 lr, r2",
                "2:",
                "vldrw.u32 q1, [r1], #16",
                // Alternating, so that a load and a multiplication can overlap.
                $(
                    concat!("vldrw.u32 ", $w, ", ", $at),
                    concat!("vmladava.s16 ", $both, ", ", $w, ", q1"),
                    concat!("vmovlb.s8 ", $w, ", ", $w),
                    concat!("vmladava.s16 ", $low, ", ", $w, ", q1"),
                )*
                "letp lr, 2b",
                $(
                    concat!("sub ", $both, ", ", $both, ", ", $low),
                    concat!("ldr r5, [r3, #", $b, "]"),
                    concat!("add r5, r5, ", $both, ", asr #8"),
                    concat!("str ", $low, ", [r3, #", $a, "]"),
                    concat!("str r5, [r3, #", $b, "]"),
                )*
                "pop {{r4-r10, pc}}",
                step = const 4 * PAIRS,
            )
        }
    };
}

// Only even registers take sums; q4 to q7 would have to be saved. The first pair's load advances to the next planes.
column!(column1, ("q2", "[q0, #4 * {step}]!", "r4", "r6", "0", "4"));
column!(
    column2,
    ("q2", "[q0, #4 * {step}]!", "r4", "r6", "0", "4"),
    ("q3", "[q0, #4]", "r8", "r10", "8", "12")
);
column!(
    column3,
    ("q2", "[q0, #4 * {step}]!", "r4", "r6", "0", "4"),
    ("q3", "[q0, #4]", "r8", "r10", "8", "12"),
    ("q2", "[q0, #8]", "r0", "r12", "16", "20")
);
