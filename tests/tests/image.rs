//! The images of the boards with a boot drive meet the requirements of their boot ROMs.

use anyhow::{Context, Result, ensure};
use boards::BOARDS;
use emulator::uf2::Uf2;
use pocket_tests::built;
use std::fs;

const FLASH: u32 = 0x1000_0000;

/// The boot ROM looks for an image definition in this many bytes: RP2350 data sheet, section 5.9.5.
const DEFINITION_WITHIN: usize = 4096;

/// First word of a block, its last word, and the item of a secure executable for Arm: section 5.9.
const BLOCK_START: [u8; 4] = 0xffff_ded3_u32.to_le_bytes();
const BLOCK_END: [u8; 4] = 0xab12_3579_u32.to_le_bytes();
const SECURE_ARM_RP2350: [u8; 4] = 0x1021_0142_u32.to_le_bytes();

/// Contents of flash after the board's UF2 has been copied to its drive.
fn flash(board: &str) -> Result<Vec<u8>> {
    let (board, image) = built(board)?;
    let file = fs::read(image.uf2.context("a board with a boot drive takes UF2")?)?;
    let drive = board.drive.context("no boot drive")?;
    // A block of 512 bytes contains a page of 256.
    let end = FLASH + file.len() as u32 / 2;
    Uf2::parse(&file, &drive)?.flash(FLASH..end).context("the image has a gap")
}

#[test]
fn an_image_holds_its_model() -> Result<()> {
    let sold: Vec<_> = BOARDS.iter().filter(|board| board.drive.is_some()).collect();
    assert_eq!(sold.len(), 2);
    for board in sold {
        let flash = flash(board.name)?;
        let model = host_sim::BUILT_IN;
        let there = flash.windows(model.len()).any(|bytes| bytes == model);
        ensure!(there, "{}: the model is not in the image", board.name);
    }
    Ok(())
}

/// The RP2350 does not start a program without an image definition. No emulator here checks that.
#[test]
fn a_pico2_finds_its_image_definition() -> Result<()> {
    let flash = flash("pico2")?;
    let head = &flash[..DEFINITION_WITHIN];
    let find = |word: [u8; 4], from: usize| {
        let words = head[from..].chunks_exact(4);
        words.clone().position(|bytes| bytes == word).map(|at| from + at * 4)
    };
    let start = find(BLOCK_START, 0).context("no block starts in the first 4 KB")?;
    assert_eq!(head[start + 4..][..4], SECURE_ARM_RP2350);
    find(BLOCK_END, start).context("the block has no end")?;
    // The vector table comes first: the end of the stack, in RAM, then the entry point, an odd address in
    // flash.
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    assert_eq!(word(0), 0x2000_0000 + 520 * 1024);
    ensure!(word(4) & 0xf000_0001 == FLASH | 1, "reset to {:#010x}", word(4));
    Ok(())
}
