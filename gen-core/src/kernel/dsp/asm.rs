//! The loops in assembly: a whole one each, because the compiler leaves too few registers for the
//! tile (it keeps r6 and r7 to itself) and does not load several words at once.
//!
//! *cost*, instructions per product: [`across`] 19/24 at 3 positions and 13/16 at 2, [`column`]
//! 18/16 at 8 features, each + 3 per 4 planes (2) for the loop.

#![allow(unsafe_code)]

use crate::kernel::tile::Sums;
use crate::weights::Word;
use core::arch::naked_asm;

/// What [`across`] works on. The assembly names its fields by their offsets.
#[repr(C)]
struct Across<const N: usize> {
    /// Next word of the first tap (0) and of the second (4).
    weights: [*const Word; 2],
    /// Next words of inputs (8).
    inputs: *const Word,
    /// Bytes to those of the next plane (12).
    plane: usize,
    /// Where the weights of the first tap end (16).
    end: *const Word,
    /// Planes modulo 4 (20).
    rest: usize,
    /// (24)
    sums: [Sums; N],
}

/// What [`column`] works on. The assembly names its fields by their offsets.
#[repr(C)]
struct Column<const PAIRS: usize> {
    /// Next word of weights (0).
    weights: *const Word,
    /// Next word of inputs (4).
    inputs: *const Word,
    /// Bytes to that of the next plane (8).
    plane: usize,
    /// Where the weights end (12).
    end: *const Word,
    /// Planes modulo 2 (16).
    rest: usize,
    /// (20)
    sums: [Sums; PAIRS],
}

pub(super) fn across<const PAIRS: usize, const N: usize>(
    inputs: &[Word],
    planes: usize,
    plane: usize,
    weights: &[Word],
    tap: usize,
    sums: &mut [Sums; N],
) {
    let first = weights.as_ptr();
    let mut work = Across {
        weights: [first, first.wrapping_add(tap)],
        inputs: inputs.as_ptr(),
        plane: 4 * plane,
        end: first.wrapping_add(planes * PAIRS),
        rest: planes % 4,
        sums: *sums,
    };
    let work_ptr = &raw mut work;
    // SAFETY: `Dsp::across` has checked that the last plane's words lie within both slices and that
    // there is a plane. The scratch, and so `inputs`, is aligned to words, as LDM wants it
    // (`Engine::draw`); weights are loaded one by one, which needs no alignment.
    unsafe {
        match N {
            2 => across2::<PAIRS>(work_ptr.cast()),
            _ => across3::<PAIRS>(work_ptr.cast()),
        }
    }
    *sums = work.sums;
}

pub(super) fn column<const PAIRS: usize>(
    inputs: &[Word],
    plane: usize,
    weights: &[Word],
    planes: usize,
    sums: &mut [Sums; PAIRS],
) {
    let weights = weights.as_ptr();
    let mut work = Column {
        weights,
        inputs: inputs.as_ptr(),
        plane: 4 * plane,
        end: weights.wrapping_add(planes * PAIRS),
        rest: planes % 2,
        sums: *sums,
    };
    let work_ptr = &raw mut work;
    // SAFETY: `Dsp::column` has checked that the last plane's words lie within both slices and that
    // there is a plane.
    unsafe {
        match PAIRS {
            1 => column1(work_ptr.cast()),
            2 => column2(work_ptr.cast()),
            3 => column3(work_ptr.cast()),
            _ => column4(work_ptr.cast()),
        }
    }
    *sums = work.sums;
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
/// `start` loads the sums, `finish` stores them.
macro_rules! across {
    ($plane:ident, $start:literal, $finish:literal) => {
        concat!(
            "push {{r4-r11, lr}}
             ldr r4, [r0, #16]
             push {{r0, r4}}\n",
            $start,
            "ldr r4, [r0, #20]
             ldr r1, [r0, #4]
             ldr r2, [r0, #8]
             ldr r3, [r0, #12]
             ldr r0, [r0]
             cmp r4, #2
             beq 4f
             bhi 3f
             cmp r4, #1
             beq 5f
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
             ldr r0, [sp]\n",
            $finish,
            "add sp, #8
             pop {{r4-r11, pc}}\n",
        )
    };
}

#[unsafe(naked)]
unsafe extern "C" fn across3<const PAIRS: usize>(_: *mut Across<3>) {
    naked_asm!(
        across!(
            plane3,
            "ldr r11, [r0, #24]
             ldr r12, [r0, #32]
             ldr lr, [r0, #40]
             mov r8, r11
             mov r9, r12
             mov r10, lr\n",
            "sub r8, r8, r11
             sub r9, r9, r12
             sub r10, r10, lr
             ldr r4, [r0, #28]
             ldr r5, [r0, #36]
             ldr r6, [r0, #44]
             add r4, r4, r8, asr #8
             add r5, r5, r9, asr #8
             add r6, r6, r10, asr #8
             strd r11, r4, [r0, #24]
             strd r12, r5, [r0, #32]
             strd lr, r6, [r0, #40]\n"
        ),
        step = const 4 * PAIRS,
    )
}

#[unsafe(naked)]
unsafe extern "C" fn across2<const PAIRS: usize>(_: *mut Across<2>) {
    naked_asm!(
        across!(
            plane2,
            "ldr r11, [r0, #24]
             ldr r12, [r0, #32]
             mov r8, r11
             mov r9, r12\n",
            "sub r8, r8, r11
             sub r9, r9, r12
             ldr r4, [r0, #28]
             ldr r5, [r0, #36]
             add r4, r4, r8, asr #8
             add r5, r5, r9, asr #8
             strd r11, r4, [r0, #24]
             strd r12, r5, [r0, #32]\n"
        ),
        step = const 4 * PAIRS,
    )
}

/// A function for a column of so many pairs of features: the sums of 256·b + a, of a, and the
/// offsets of both in [`Column`].
macro_rules! column {
    ($name:ident, $pairs:literal, $(($both:literal, $low:literal, $a:literal, $b:literal)),*) => {
        #[unsafe(naked)]
        unsafe extern "C" fn $name(_: *mut Column<$pairs>) {
            naked_asm!(
                "push {{r0, r4-r11, lr}}",
                $(concat!("ldr ", $low, ", [r0, #", $a, "]"),)*
                $(concat!("mov ", $both, ", ", $low),)*
                "ldr r1, [r0, #12]",
                "ldr r2, [r0, #4]",
                "ldr r3, [r0, #8]",
                "ldr r4, [r0, #16]",
                "ldr r0, [r0]",
                "cmp r4, #1",
                "beq 3f",
                "2:",
                "ldr r4, [r2]",
                "add r2, r3",
                $(
                    "ldr r7, [r0], #4",
                    concat!("smlad ", $both, ", r4, r7, ", $both),
                    "sxtb16 r7, r7",
                    concat!("smlad ", $low, ", r4, r7, ", $low),
                )*
                "3:",
                "ldr r4, [r2]",
                "add r2, r3",
                $(
                    "ldr r7, [r0], #4",
                    concat!("smlad ", $both, ", r4, r7, ", $both),
                    "sxtb16 r7, r7",
                    concat!("smlad ", $low, ", r4, r7, ", $low),
                )*
                "cmp r0, r1",
                "bne 2b",
                "ldr r0, [sp]",
                $(
                    concat!("sub ", $both, ", ", $both, ", ", $low),
                    concat!("ldr r4, [r0, #", $b, "]"),
                    concat!("add r4, r4, ", $both, ", asr #8"),
                    concat!("str ", $low, ", [r0, #", $a, "]"),
                    concat!("str r4, [r0, #", $b, "]"),
                )*
                "pop {{r0, r4-r11, pc}}",
            )
        }
    };
}

column!(column1, 1, ("r8", "r11", "20", "24"));
column!(column2, 2, ("r8", "r11", "20", "24"), ("r9", "r12", "28", "32"));
column!(
    column3,
    3,
    ("r8", "r11", "20", "24"),
    ("r9", "r12", "28", "32"),
    ("r10", "lr", "36", "40")
);
column!(
    column4,
    4,
    ("r8", "r11", "20", "24"),
    ("r9", "r12", "28", "32"),
    ("r10", "lr", "36", "40"),
    ("r5", "r6", "44", "48")
);
