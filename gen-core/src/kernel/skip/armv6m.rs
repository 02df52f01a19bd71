//! The loop for ARMv6-M and the ARMv8-M baseline, which multiply in r0 to r7 only but add in any register.
//!
//! *cost*, instructions: 3.5 per input; 6.5 per pair of features and input that is not 0; 2 or 3 per 2 planes to close
//! the loop.

#![allow(unsafe_code)]

use crate::kernel::plain::Plain;
use crate::kernel::tile::{Sums, Tile};
use crate::weights::Word;
use core::arch::naked_asm;
use core::ops::Range;

/// Arguments: first word of inputs, end of inputs, first word of weights, sums.
type Column = unsafe extern "C" fn(*const Word, *const Word, *const Word, *mut i32);

const COLUMN: [Column; 4] = [column1, column2, column3, column4];

/// Adds the products of all `inputs`. *shapes*: `inputs` `[plane]`, at least one; `weights` begins with
/// `[plane][pair]`. With a file that is not aligned to words it is correct, but slow.
#[inline(always)]
pub(super) fn column(inputs: &[Word], weights: &[Word], pairs: usize, sums: &mut Sums) {
    let Range { start, end } = inputs.as_ptr_range();
    if !(start.addr() | weights.as_ptr().addr()).is_multiple_of(4) {
        // The processor loads aligned words only.
        return Plain::column(inputs, 1, inputs.len(), weights, pairs, sums);
    }
    let (weights, sums) = (weights.as_ptr(), sums.as_mut_ptr());
    // SAFETY: `Skip::column` has checked that there is a plane, that all its weights are there, and that `pairs` is 1
    // to 4, as many as `sums` has. All three are aligned to words.
    unsafe { COLUMN[pairs - 1](start, end, weights, sums) }
}

/// Adds the products of the input in r2 with the next weights, at r1; r5 is for a. `$first` and `$last`, around a
/// word, extract the input's lane from it. As many words are loaded at once as there are registers.
macro_rules! products {
    ($first:literal, $last:literal, $($words:literal: $(($word:literal, $both:literal, $low:literal)),*);*) => {
        concat!($(
            "ldm r1!, ", $words, "\n",
            $(
                $first, $word, ", ", $word, $last, "
                 sxtb r5, ", $word, "
                 muls ", $word, ", r2, ", $word, "
                 muls r5, r2, r5
                 add ", $both, ", ", $word, "
                 add ", $low, ", r5\n",
            )*
        )*)
    };
}

/// Both inputs of the plane at r0.
macro_rules! plane {
    ($pairs:literal, $($words:tt)*) => {
        concat!(
            "ldr r2, [r0]
             lsls r2, r2, #16
             beq 7f
             asrs r2, r2, #16\n",
            products!("sxth ", "", $($words)*),
            "subs r1, #(4 * ", $pairs, ")
             7:
             ldm r0!, {{r2}}
             asrs r2, r2, #16
             bne 8f
             adds r1, #(4 * ", $pairs, ")
             b 9f
             8:\n",
            products!("asrs ", ", #16", $($words)*),
            "9:\n",
        )
    };
}

/// Defines the loop for a number of pairs of features: the register with the end of inputs, the instructions that
/// load it before the loop or in each round; the words that are loaded at once, each with the registers for the sums
/// of 256·b + a and of a. With an odd number of planes, the loop is entered in the middle.
macro_rules! column {
    (
        $name:ident, $pairs:literal, $end:literal, $before:literal, $each:literal,
        $($words:literal: $(($word:literal, $both:literal, $low:literal, $at:literal)),*);*
    ) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(_: *const Word, _: *const Word, _: *const Word, _: *mut i32) {
            naked_asm!(
                "push {{r4-r7, lr}}
                 mov r4, r8
                 mov r5, r9
                 mov r6, r10
                 mov r7, r11
                 push {{r1, r3-r7}}",
                $($(
                    concat!("ldr r4, [r3, #(8 * ", $at, ")]"),
                    concat!("mov ", $low, ", r4"),
                    concat!("mov ", $both, ", r4"),
                )*)*
                "subs r5, r1, r0
                 mov r1, r2",
                $before,
                "lsls r5, r5, #29
                 bmi 3f
                 2:",
                plane!($pairs, $($words: $(($word, $both, $low)),*);*),
                "3:",
                plane!($pairs, $($words: $(($word, $both, $low)),*);*),
                $each,
                concat!("cmp r0, ", $end),
                "bne 2b
                 ldr r0, [sp, #4]",
                $($(
                    concat!("mov r1, ", $both),
                    concat!("mov r2, ", $low),
                    "subs r1, r1, r2
                     asrs r1, r1, #8",
                    concat!("ldr r3, [r0, #(8 * ", $at, " + 4)]"),
                    "adds r3, r3, r1",
                    concat!("str r2, [r0, #(8 * ", $at, ")]"),
                    concat!("str r3, [r0, #(8 * ", $at, " + 4)]"),
                )*)*
                "add sp, #8
                 pop {{r4-r7}}
                 mov r8, r4
                 mov r9, r5
                 mov r10, r6
                 mov r11, r7
                 pop {{r4-r7, pc}}",
            )
        }
    };
}

column!(column1, 1, "r7", "ldr r7, [sp]", "", "{{r3}}": ("r3", "r8", "r9", 0));
column!(
    column2, 2, "r7", "ldr r7, [sp]", "",
    "{{r3, r4}}": ("r3", "r8", "r9", 0), ("r4", "r10", "r11", 1)
);
column!(
    column3, 3, "r7", "ldr r7, [sp]", "",
    "{{r3, r4, r6}}": ("r3", "r8", "r9", 0), ("r4", "r10", "r11", 1), ("r6", "r12", "lr", 2)
);
column!(
    column4, 4, "r2", "", "ldr r2, [sp]",
    "{{r3, r4}}": ("r3", "r8", "r9", 0), ("r4", "r10", "r11", 1);
    "{{r3, r4}}": ("r3", "r12", "lr", 2), ("r4", "r6", "r7", 3)
);
