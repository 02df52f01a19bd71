//! A block of a UF2 file: 512 bytes that contain their own address.

use anyhow::{Context, Result, ensure};

/// Bytes of a block.
pub(super) const BLOCK: usize = 512;

/// Bytes of payload in a block: a page, the smallest unit that can be written to flash.
pub const PAGE: usize = 256;

const MAGIC: [u32; 3] = [0x0a32_4655, 0x9e5d_5157, 0x0ab1_6f30];

/// Flags of a block: the family is given, and nothing else is set.
const FLAGS: u32 = 0x2000;

/// One block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) address: u32,
    /// Number of the block, counted from 0.
    pub(super) number: u32,
    /// Number of blocks in the file.
    pub(super) count: u32,
    pub(super) family: u32,
    pub(super) page: [u8; PAGE],
}

impl Block {
    pub(super) fn to_bytes(self) -> [u8; BLOCK] {
        let header = [
            MAGIC[0],
            MAGIC[1],
            FLAGS,
            self.address,
            PAGE as u32,
            self.number,
            self.count,
            self.family,
        ];
        let mut bytes = [0; BLOCK];
        for (word, value) in bytes.chunks_exact_mut(4).zip(header) {
            word.copy_from_slice(&value.to_le_bytes());
        }
        bytes[32..32 + PAGE].copy_from_slice(&self.page);
        bytes[BLOCK - 4..].copy_from_slice(&MAGIC[2].to_le_bytes());
        bytes
    }

    /// Parses a block; accepts only blocks that a boot ROM would not skip.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let bytes: &[u8; BLOCK] = bytes.try_into().context("cut short")?;
        let word = |at: usize| (0..4).rev().fold(0, |word, i| word << 8 | u32::from(bytes[at + i]));
        let magic = [word(0), word(4), word(BLOCK - 4)];
        ensure!(magic == MAGIC, "magic numbers {magic:#010x?} are not UF2's");
        ensure!(word(8) == FLAGS, "flags {:#x} where {FLAGS:#x} is expected", word(8));
        ensure!(word(16) == PAGE as u32, "a payload of {} bytes instead of {PAGE}", word(16));
        let mut page = [0; PAGE];
        page.copy_from_slice(&bytes[32..32 + PAGE]);
        let [address, number, count, family] = [word(12), word(20), word(24), word(28)];
        Ok(Self { address, number, count, family, page })
    }
}
