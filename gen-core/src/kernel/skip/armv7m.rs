//! The loop for ARMv7-M and the ARMv8-M mainline without DSP instructions.
//!
//! *cost*, instructions: 2 per input; 4 per pair of features and input that is not 0; 3 per 4 planes to close the
//! loop.

#![allow(unsafe_code)]

use crate::kernel::tile::Sums;
use crate::weights::Word;
use core::arch::naked_asm;
use core::ops::Range;

/// Arguments: first word of inputs, end of inputs, first word of weights, sums.
type Column = unsafe extern "C" fn(*const Word, *const Word, *const Word, *mut i32);

const COLUMN: [Column; 4] = [column1, column2, column3, column4];

/// Adds the products of all `inputs`. *shapes*: `inputs` `[plane]`, at least one; `weights` begins with
/// `[plane][pair]`.
#[inline(always)]
pub(super) fn column(inputs: &[Word], weights: &[Word], pairs: usize, sums: &mut Sums) {
    let Range { start, end } = inputs.as_ptr_range();
    let (weights, sums) = (weights.as_ptr(), sums.as_mut_ptr());
    // SAFETY: `Skip::column` has checked that there is a plane, that all its weights are there, and that `pairs` is 1
    // to 4, as many as `sums` has. Halfwords are loaded one by one, which needs no alignment; `sums` is aligned.
    unsafe { COLUMN[pairs - 1](start, end, weights, sums) }
}

/// One input: the first (0) or second (2) of the round's plane 0 to 3. r0: next input; r2: weights of plane 0; r3: the
/// input; r4, r5: weights.
macro_rules! input {
    ($plane:literal, $input:literal, $pairs:literal, $(($both:literal, $low:literal, $at:literal)),*) => {
        concat!(
            "ldrsh r3, [r0], #2
             cbz r3, 9f\n",
            $(
                "ldrsh r4, [r2, #(", $plane, " * 4 * ", $pairs, " + 4 * ", $at, " + ", $input, ")]
                 sxtb r5, r4
                 mla ", $both, ", r4, r3, ", $both, "
                 mla ", $low, ", r5, r3, ", $low, "\n",
            )*
            "9:\n",
        )
    };
}

/// Defines the loop for a number of pairs of features: for each pair the registers for the sums of 256·b + a and of
/// a, and its index. If the number of planes is not a multiple of 4, the loop is entered in the middle.
macro_rules! column {
    ($name:ident, $pairs:literal, $(($both:literal, $low:literal, $at:literal)),*) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(_: *const Word, _: *const Word, _: *const Word, _: *mut i32) {
            naked_asm!(
                "push {{r3-r11, lr}}",
                $(
                    concat!("ldr ", $low, ", [r3, #(8 * ", $at, ")]"),
                    concat!("mov ", $both, ", ", $low),
                )*
                "subs r3, r1, r0",
                "ubfx r3, r3, #2, #2",
                "cbz r3, 2f",
                "rsb r4, r3, #4",
                concat!("mov r5, #(4 * ", $pairs, ")"),
                "mls r2, r4, r5, r2",
                "cmp r3, #2",
                "bhi 3f",
                "beq 4f",
                "b 5f",
                "2:",
                input!(0, 0, $pairs, $(($both, $low, $at)),*),
                input!(0, 2, $pairs, $(($both, $low, $at)),*),
                "3:",
                input!(1, 0, $pairs, $(($both, $low, $at)),*),
                input!(1, 2, $pairs, $(($both, $low, $at)),*),
                "4:",
                input!(2, 0, $pairs, $(($both, $low, $at)),*),
                input!(2, 2, $pairs, $(($both, $low, $at)),*),
                "5:",
                input!(3, 0, $pairs, $(($both, $low, $at)),*),
                input!(3, 2, $pairs, $(($both, $low, $at)),*),
                concat!("adds r2, #(16 * ", $pairs, ")"),
                "cmp r0, r1",
                "bne 2b",
                "ldr r3, [sp]",
                $(
                    concat!("ldr r4, [r3, #(8 * ", $at, " + 4)]"),
                    concat!("sub ", $both, ", ", $both, ", ", $low),
                    concat!("add r4, r4, ", $both, ", asr #8"),
                    concat!("strd ", $low, ", r4, [r3, #(8 * ", $at, ")]"),
                )*
                "pop {{r3-r11, pc}}",
            )
        }
    };
}

column!(column1, 1, ("r6", "r7", 0));
column!(column2, 2, ("r6", "r7", 0), ("r8", "r9", 1));
column!(column3, 3, ("r6", "r7", 0), ("r8", "r9", 1), ("r10", "r11", 2));
column!(column4, 4, ("r6", "r7", 0), ("r8", "r9", 1), ("r10", "r11", 2), ("r12", "lr", 3));
