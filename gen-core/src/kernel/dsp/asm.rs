//! The loops in assembly. Each is written whole, because the compiler leaves too few registers for the tile (inline
//! assembly cannot have r6 and r7) and does not load several words at once.
//!
//! *cost*, instructions per product: [`tile`] 19/24, [`column`] 18/16 at 8 features; and 3 for every 4 planes, or 2
//! for every 2, to close the loop.

#![allow(unsafe_code)]

use crate::kernel::tile::{POSITIONS, Sums, TapPair};
use crate::weights::Word;
use core::arch::naked_asm;

/// Names the processor. Module-level assembly does not see `target-cpu`; Cortex-M33 has what all ARMv8-M processors
/// with DSP instructions have. The directive holds for the rest of the module.
#[cfg(gen_core_armv8m_dsp)]
macro_rules! processor {
    () => {
        ".cpu cortex-m33\n"
    };
}
#[cfg(not(gen_core_armv8m_dsp))]
macro_rules! processor {
    () => {
        ""
    };
}

/// Arguments: first word of the first tap, first word of the second tap, first word of inputs, bytes to the next
/// plane, number of planes, sums.
type Across = unsafe extern "C" fn(*const Word, *const Word, *const Word, usize, usize, *mut i32);

/// Arguments: first word of weights, first word of inputs, bytes to the next plane, number of planes, sums.
type Column = unsafe extern "C" fn(*const Word, *const Word, usize, usize, *mut i32);

const ACROSS: [Across; 4] = [tile::<1>, tile::<2>, tile::<3>, tile::<4>];

const COLUMN: [Column; 4] = [column1, column2, column3, column4];

/// [`Tile::expand`](crate::kernel::tile::Tile::expand), four channels at a time. *cost*: 10 instructions for four
/// inputs.
pub(super) fn expand(row: &[u8], channels: usize, zero_point: u8, words: &mut [Word]) {
    let width = row.len() / channels;
    // Added to both lanes of a word.
    let both = u32::from(u16::from(zero_point).wrapping_neg()) * 0x0001_0001;
    // SAFETY: `Dsp::expand` has checked that the row is at least one whole pixel, that channels are a multiple of 4,
    // and that there are enough words. Words are loaded and stored one by one, which needs no alignment.
    unsafe { expand_fours(row.as_ptr(), words.as_mut_ptr(), 4 * width, channels / 4, width, both) }
}

/// Arguments: inputs, words of the first plane, bytes to the next plane, channels / 4, columns, the number to add to
/// two inputs.
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
        "uxtab16 r7, r10, r6",
        "uxtab16 r8, r10, r6, ror #8",
        "pkhbt r6, r7, r8, lsl #16",
        "pkhtb r7, r8, r7, asr #16",
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

/// [`Tile::across`](crate::kernel::tile::Tile::across).
#[inline(always)]
pub(super) fn across(
    inputs: &[Word],
    plane: usize,
    planes: usize,
    weights: TapPair<'_>,
    sums: &mut [Sums; POSITIONS],
) {
    let TapPair { words, tap, pairs } = weights;
    let (first, sums) = (words.as_ptr(), sums.as_mut_ptr().cast::<i32>());
    let second = first.wrapping_add(tap);
    // SAFETY: `Dsp::across` has checked that the last plane's words lie within both slices, that there is a plane,
    // and that `pairs` is 1 to 4; `sums` has all positions. `Engine::draw` aligns the scratch, and so `inputs`, to
    // words, which LDM needs. Weights are loaded one by one, which needs no alignment.
    unsafe { ACROSS[pairs - 1](first, second, inputs.as_ptr(), 4 * plane, planes, sums) }
}

/// [`Tile::column`](crate::kernel::tile::Tile::column).
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
    // SAFETY: `Dsp::column` has checked that the last plane's words lie within both slices, that there is a plane,
    // and that `pairs` is 1 to 4, as many as `sums` has.
    unsafe { COLUMN[pairs - 1](weights, inputs.as_ptr(), 4 * plane, planes, sums) }
}

/// One plane: two taps, 24 products. r0, r1: weights; r2: inputs; r3: bytes to the next plane; r8 to r10: sums of
/// 256·b + a; r11, r12, lr: sums of a.
macro_rules! plane {
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

/// Pair by pair: all planes, four at a time. If their number is not a multiple of 4, the loop is entered in the
/// middle. On the stack: the pair's first weights and inputs, the end of its weights, the end of the first tap's
/// pairs; then, as passed, the number of planes and the pair's sums.
#[unsafe(naked)]
unsafe extern "C" fn tile<const PAIRS: usize>(
    _: *const Word,
    _: *const Word,
    _: *const Word,
    _: usize,
    _: usize,
    _: *mut i32,
) {
    naked_asm!(
        concat!(
            processor!(),
            "push {{r4-r11, lr}}
             ldr r5, [sp, #36]
             mov r6, #{step}
             add r4, r0, r6
             push {{r0-r4}}
             mla r6, r5, r6, r0
             str r6, [sp, #12]
             1:
             ldrd r4, r5, [sp, #56]
             ldr r11, [r5]
             ldr r12, [r5, #32]
             ldr lr, [r5, #64]
             mov r8, r11
             mov r9, r12
             mov r10, lr
             ands r4, r4, #3
             beq 2f
             cmp r4, #2
             bhi 3f
             beq 4f
             b 5f
             2:\n",
            plane!(),
            "3:\n",
            plane!(),
            "4:\n",
            plane!(),
            "5:\n",
            plane!(),
            "ldr r4, [sp, #12]
             cmp r0, r4
             bne 2b
             ldr r7, [sp, #60]
             sub r8, r8, r11
             sub r9, r9, r12
             sub r10, r10, lr
             ldr r4, [r7, #4]
             ldr r5, [r7, #36]
             ldr r6, [r7, #68]
             add r4, r4, r8, asr #8
             add r5, r5, r9, asr #8
             add r6, r6, r10, asr #8
             strd r12, r5, [r7, #32]
             strd lr, r6, [r7, #64]
             strd r11, r4, [r7], #8
             str r7, [sp, #60]
             ldm sp, {{r0, r1, r2, r4, r5}}
             adds r0, #4
             adds r1, #4
             adds r4, #4
             stm sp, {{r0, r1, r2, r4}}
             cmp r0, r5
             bne 1b
             add sp, #20
             pop {{r4-r11, pc}}",
        ),
        step = const 4 * PAIRS,
    )
}

/// Defines the loop for a number of pairs of features. For each pair: the registers for the sums of 256·b + a and of
/// a, and the offsets of the sums of a and b.
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
                // The end of the weights.
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
