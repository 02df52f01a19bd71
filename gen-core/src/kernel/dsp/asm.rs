//! The loops in assembly: a whole one each, because the compiler leaves too few registers for the
//! tile (it keeps r6 and r7 to itself) and does not load several words at once.
//!
//! *cost*, instructions per product: [`across`] 19/24 at 3 positions and 14/16 at 2, [`column`]
//! 18/16 at 8 features; besides, 3 for every 4 planes, or 2 for every 2, to close the loop.

#![allow(unsafe_code)]

use crate::kernel::tile::{POSITIONS, Sums, Taps};
use crate::weights::Word;
use core::arch::naked_asm;

/// Module-level assembly does not know `target-cpu`: told to it here, with what all ARMv8-M processors
/// that have DSP instructions have in common. It holds for all that follows in the same module.
#[cfg(gen_core_armv8m)]
macro_rules! processor {
    () => {
        ".cpu cortex-m33\n"
    };
}
#[cfg(not(gen_core_armv8m))]
macro_rules! processor {
    () => {
        ""
    };
}

/// Next word of the first tap and of the second, next words of inputs, bytes to those of the next
/// plane; number of planes; the sums of the pair at the first position.
type Across = unsafe extern "C" fn(*const Word, *const Word, *const Word, usize, usize, *mut i32);

/// Next word of weights, next word of inputs, bytes to that of the next plane, number of planes; the
/// sums.
type Column = unsafe extern "C" fn(*const Word, *const Word, usize, usize, *mut i32);

const ACROSS: [[Across; 4]; 2] = [
    [across2::<1>, across2::<2>, across2::<3>, across2::<4>],
    [across3::<1>, across3::<2>, across3::<3>, across3::<4>],
];

const COLUMN: [Column; 4] = [column1, column2, column3, column4];

/// *cost*: 12 instructions for four inputs.
pub(super) fn expand(row: &[u8], channels: usize, zero_point: u8, words: &mut [Word]) {
    let width = row.len() / channels;
    let both = u32::from(zero_point) * 0x0001_0001;
    // SAFETY: `Dsp::expand` has checked that the row is whole pixels of whole fours of channels, one at
    // least, and that the words are enough for it. Everything is loaded and stored word by word, which
    // needs no alignment.
    unsafe { expand_fours(row.as_ptr(), words.as_mut_ptr(), 4 * width, channels / 4, width, both) }
}

/// Next inputs; next words of the first plane; bytes to those of the next; fours of channels; columns;
/// the zero-point, twice.
#[unsafe(naked)]
unsafe extern "C" fn expand_fours(
    _: *const u8,
    _: *mut Word,
    _: usize,
    _: usize,
    _: usize,
    _: u32,
) {
    naked_asm!(
        processor!(),
        "push {{r4-r10, lr}}",
        "ldrd r9, r10, [sp, #32]",
        "2:",
        "mov r4, r1",
        "mov r5, r3",
        "3:",
        "ldr r6, [r0], #4",
        "subs r5, #1",
        "uxtb16 r7, r6",
        "uxtb16 r8, r6, ror #8",
        "pkhbt r6, r7, r8, lsl #16",
        "pkhtb r7, r8, r7, asr #16",
        "ssub16 r6, r6, r10",
        "ssub16 r7, r7, r10",
        "str r6, [r4]",
        "str r7, [r4, r2]",
        "add r4, r4, r2, lsl #1",
        "bne 3b",
        "adds r1, #4",
        "subs r9, #1",
        "bne 2b",
        "pop {{r4-r10, pc}}",
    )
}

#[inline(always)]
pub(super) fn across(
    inputs: &[Word],
    plane: usize,
    planes: usize,
    weights: Taps<'_>,
    sums: &mut [Sums; POSITIONS],
    positions: usize,
) {
    let Taps { words, tap, pairs } = weights;
    let (first, sums) = (words.as_ptr(), sums.as_mut_ptr().cast::<i32>());
    let across = ACROSS[positions - 2][pairs - 1];
    for pair in 0..pairs {
        let first = first.wrapping_add(pair);
        let sums = sums.wrapping_add(2 * pair);
        // SAFETY: `Dsp::across` has checked that the last plane's words lie within both slices, that
        // there is a plane, and that the pairs are those of a block; `sums` has three positions. The
        // scratch, and so `inputs`, is aligned to words, as LDM wants it (`Engine::draw`); weights are
        // loaded one by one, which needs no alignment.
        unsafe {
            across(first, first.wrapping_add(tap), inputs.as_ptr(), 4 * plane, planes, sums);
        }
    }
}

#[inline(always)]
pub(super) fn column(
    inputs: &[Word],
    plane: usize,
    planes: usize,
    weights: &[Word],
    pairs: usize,
    sums: &mut Sums,
) {
    let (weights, sums) = (weights.as_ptr(), sums.as_mut_ptr());
    // SAFETY: `Dsp::column` has checked that the last plane's words lie within both slices, that there
    // is a plane, and that `sums` has the pairs.
    unsafe { COLUMN[pairs - 1](weights, inputs.as_ptr(), 4 * plane, planes, sums) }
}

/// One plane of [`across3`]: two taps, 24 products. r0, r1 weights; r2 inputs; r3 plane; r8 to r10
/// the sums of 256·b + a, r11, r12, lr those of a.
macro_rules! plane3 {
    () => {
        "ldr r7, [r0], #{step}
         ldm r2, {{r4, r5, r6}}
         smlad r8, r4, r7, r8
         smlad r9, r5, r7, r9
         smlad r10, r6, r7, r10
         sxtb16 r7, r7
         smlad r11, r4, r7, r11
         smlad r12, r5, r7, r12
         smlad lr, r6, r7, lr
         ldr r4, [r2, #12]
         ldr r7, [r1], #{step}
         add r2, r3
         smlad r8, r5, r7, r8
         smlad r9, r6, r7, r9
         smlad r10, r4, r7, r10
         sxtb16 r7, r7
         smlad r11, r5, r7, r11
         smlad r12, r6, r7, r12
         smlad lr, r4, r7, lr\n"
    };
}

/// One plane of [`across2`]: two taps, 16 products.
macro_rules! plane2 {
    () => {
        "ldr r7, [r0], #{step}
         ldm r2, {{r4, r5, r6}}
         smlad r8, r4, r7, r8
         smlad r9, r5, r7, r9
         sxtb16 r7, r7
         smlad r11, r4, r7, r11
         smlad r12, r5, r7, r12
         ldr r7, [r1], #{step}
         add r2, r3
         smlad r8, r5, r7, r8
         smlad r9, r6, r7, r9
         sxtb16 r7, r7
         smlad r11, r5, r7, r11
         smlad r12, r6, r7, r12\n"
    };
}

/// All planes, four at a time: where their number is no multiple of 4, the loop is entered late.
/// `start` loads the sums, `finish` stores them; the next position's are 32 bytes on.
macro_rules! across {
    ($plane:ident, $start:literal, $finish:literal) => {
        concat!(
            processor!(),
            "push {{r4-r11, lr}}
             ldrd r4, r5, [sp, #36]
             mov r6, #{step}
             mla r6, r4, r6, r0
             push {{r5, r6}}\n",
            $start,
            "ands r4, r4, #3
             beq 2f
             cmp r4, #2
             bhi 3f
             beq 4f
             b 5f
             2:\n",
            $plane!(),
            "3:\n",
            $plane!(),
            "4:\n",
            $plane!(),
            "5:\n",
            $plane!(),
            "ldr r4, [sp, #4]
             cmp r0, r4
             bne 2b
             pop {{r0, r1}}\n",
            $finish,
            "pop {{r4-r11, pc}}",
        )
    };
}

#[unsafe(naked)]
unsafe extern "C" fn across3<const PAIRS: usize>(
    _: *const Word,
    _: *const Word,
    _: *const Word,
    _: usize,
    _: usize,
    _: *mut i32,
) {
    naked_asm!(
        across!(
            plane3,
            "ldr r11, [r5]
             ldr r12, [r5, #32]
             ldr lr, [r5, #64]
             mov r8, r11
             mov r9, r12
             mov r10, lr\n",
            "sub r8, r8, r11
             sub r9, r9, r12
             sub r10, r10, lr
             ldr r4, [r0, #4]
             ldr r5, [r0, #36]
             ldr r6, [r0, #68]
             add r4, r4, r8, asr #8
             add r5, r5, r9, asr #8
             add r6, r6, r10, asr #8
             strd r11, r4, [r0]
             strd r12, r5, [r0, #32]
             strd lr, r6, [r0, #64]\n"
        ),
        step = const 4 * PAIRS,
    )
}

#[unsafe(naked)]
unsafe extern "C" fn across2<const PAIRS: usize>(
    _: *const Word,
    _: *const Word,
    _: *const Word,
    _: usize,
    _: usize,
    _: *mut i32,
) {
    naked_asm!(
        across!(
            plane2,
            "ldr r11, [r5]
             ldr r12, [r5, #32]
             mov r8, r11
             mov r9, r12\n",
            "sub r8, r8, r11
             sub r9, r9, r12
             ldr r4, [r0, #4]
             ldr r5, [r0, #36]
             add r4, r4, r8, asr #8
             add r5, r5, r9, asr #8
             strd r11, r4, [r0]
             strd r12, r5, [r0, #32]\n"
        ),
        step = const 4 * PAIRS,
    )
}

/// A function for a column of so many pairs of features. Of each: the sum of 256·b + a, that of a, and
/// the offsets of both sums.
macro_rules! column {
    ($name:ident, $pairs:literal, $(($both:literal, $low:literal, $a:literal, $b:literal)),*) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(
            _: *const Word,
            _: *const Word,
            _: usize,
            _: usize,
            _: *mut i32,
        ) {
            naked_asm!(
                processor!(),
                "push {{r4-r11, lr}}",
                "ldr r4, [sp, #36]",
                $(concat!("ldr ", $low, ", [r4, #", $a, "]"),)*
                $(concat!("mov ", $both, ", ", $low),)*
                "mov r4, #{step}",
                "mla r4, r3, r4, r0",
                "lsrs r3, r3, #1",
                // The end.
                "mov r3, r4",
                "bcs 3f",
                "2:",
                "ldr r4, [r1]",
                "add r1, r2",
                $(
                    "ldr r7, [r0], #4",
                    concat!("smlad ", $both, ", r4, r7, ", $both),
                    "sxtb16 r7, r7",
                    concat!("smlad ", $low, ", r4, r7, ", $low),
                )*
                "3:",
                "ldr r4, [r1]",
                "add r1, r2",
                $(
                    "ldr r7, [r0], #4",
                    concat!("smlad ", $both, ", r4, r7, ", $both),
                    "sxtb16 r7, r7",
                    concat!("smlad ", $low, ", r4, r7, ", $low),
                )*
                "cmp r0, r3",
                "bne 2b",
                "ldr r0, [sp, #36]",
                $(
                    concat!("sub ", $both, ", ", $both, ", ", $low),
                    concat!("ldr r4, [r0, #", $b, "]"),
                    concat!("add r4, r4, ", $both, ", asr #8"),
                    concat!("str ", $low, ", [r0, #", $a, "]"),
                    concat!("str r4, [r0, #", $b, "]"),
                )*
                "pop {{r4-r11, pc}}",
                step = const 4 * $pairs,
            )
        }
    };
}

column!(column1, 1, ("r8", "r11", "0", "4"));
column!(column2, 2, ("r8", "r11", "0", "4"), ("r9", "r12", "8", "12"));
column!(column3, 3, ("r8", "r11", "0", "4"), ("r9", "r12", "8", "12"), ("r10", "lr", "16", "20"));
column!(
    column4,
    4,
    ("r8", "r11", "0", "4"),
    ("r9", "r12", "8", "12"),
    ("r10", "lr", "16", "20"),
    ("r5", "r6", "24", "28")
);
