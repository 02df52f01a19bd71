//! Reads and writes UF2, the file format of boot drives.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use boards::BootDrive;
use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

/// Bytes of a block.
const BLOCK: usize = 512;

/// Bytes of payload in a block: a page, the smallest unit that can be written to flash.
const PAGE: usize = 256;

const MAGIC: [u32; 3] = [0x0a32_4655, 0x9e5d_5157, 0x0ab1_6f30];

/// Flags of a block: the family is given, and nothing else is set.
const FLAGS: u32 = 0x2000;

/// Address range of flash on both chips, at most 16 MB.
const FLASH: Range<u32> = 0x1000_0000..0x1100_0000;

/// Bytes of a sector: pages that are erased together.
const SECTOR: u32 = 4096;

/// A program as a boot ROM writes it to flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uf2 {
    family: u32,
    /// Pages by address.
    pages: BTreeMap<u32, [u8; PAGE]>,
}

impl Uf2 {
    /// Collects the data that a program's ELF file loads, at load addresses: initial values of variables are
    /// in flash.
    ///
    /// Follows picotool: bytes that no segment fills are 0, and a sector that contains data is written from
    /// its first page on, without gaps. The boot ROM counts blocks to find the sectors that it has yet to
    /// erase: after a gap it would erase what it has just written.
    ///
    /// The block that picotool adds to RP2350 files with `--abs-block` is omitted: only a flash with a
    /// partition table needs it (erratum RP2350-E10).
    ///
    /// # Errors
    ///
    /// If the file is not an ELF file for a 32-bit Arm, or loads data outside flash.
    pub fn from_elf(elf: &[u8], drive: &BootDrive) -> Result<Self> {
        let header = FileHeader32::<Endianness>::parse(elf).context("not a 32-bit ELF file")?;
        let endian = header.endian()?;
        let mut pages = BTreeMap::new();
        for segment in header.program_headers(endian, elf)? {
            let data = segment.data(endian, elf).ok().context("a segment is cut short")?;
            if segment.p_type(endian) == PT_LOAD && !data.is_empty() {
                let start = segment.p_paddr(endian);
                let end = u64::from(start) + data.len() as u64;
                let inside = FLASH.contains(&start) && end <= FLASH.end.into();
                ensure!(inside, "{start:#010x}..{end:#010x} is not in flash");
                fill(&mut pages, start, data);
            }
        }
        let last = pages.last_key_value().map(|(&address, _)| address);
        let last = last.context("the program loads nothing")?;
        for page in pages.keys().copied().collect::<Vec<u32>>() {
            let sector = page - page % SECTOR;
            for address in (sector..sector + SECTOR).step_by(PAGE).take_while(|&at| at < last) {
                pages.entry(address).or_insert([0; PAGE]);
            }
        }
        Ok(Self { family: drive.family, pages })
    }

    /// Parses a file with the rules of the chip's boot ROM.
    ///
    /// # Errors
    ///
    /// If the boot ROM would skip a block, wait for a missing one, or erase what it has written.
    pub fn parse(bytes: &[u8], drive: &BootDrive) -> Result<Self> {
        let count = bytes.len().div_ceil(BLOCK);
        let mut pages = BTreeMap::new();
        for (index, bytes) in bytes.chunks(BLOCK).enumerate() {
            let page = || -> Result<_> {
                let Block { address, number, count: of, family, page } = Block::parse(bytes)?;
                let BootDrive { family: expected, name } = drive;
                ensure!(
                    family == *expected,
                    "family {family:#010x} is not {name}'s {expected:#010x}"
                );
                ensure!(
                    (number as usize, of as usize) == (index, count),
                    "is numbered {number} of {of}, with {count} blocks in the file"
                );
                ensure!(FLASH.contains(&address), "{address:#010x} is not in flash");
                // Checks both alignment and gaps within a sector that is not the last.
                let expected = number * PAGE as u32 % SECTOR;
                ensure!(
                    address % SECTOR == expected,
                    "{address:#010x} is not the expected page of its sector"
                );
                let last = pages.last_key_value().map(|(&last, _)| last);
                let follows = last.is_none_or(|last| match expected {
                    0 => address > last,
                    _ => address == last + PAGE as u32,
                });
                ensure!(follows, "{address:#010x} does not follow the page before");
                Ok((address, page))
            };
            let (address, page) = page().with_context(|| format!("block {index}"))?;
            pages.insert(address, page);
        }
        ensure!(!pages.is_empty(), "the file is empty");
        Ok(Self { family: drive.family, pages })
    }

    /// Encodes the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let count = self.pages.len() as u32;
        let blocks = (0..).zip(&self.pages).flat_map(|(number, (&address, &page))| {
            Block { address, number, count, family: self.family, page }.to_bytes()
        });
        blocks.collect()
    }

    /// Contents of flash after the file has been written; `None` if the file lacks some of the addresses.
    pub fn flash(&self, addresses: Range<u32>) -> Option<Vec<u8>> {
        let byte = |address: u32| {
            let offset = address % PAGE as u32;
            Some(self.pages.get(&(address - offset))?[offset as usize])
        };
        addresses.map(byte).collect()
    }
}

/// Copies `data` into the pages that it covers.
fn fill(pages: &mut BTreeMap<u32, [u8; PAGE]>, start: u32, data: &[u8]) {
    for (address, &byte) in (start..).zip(data) {
        let offset = address % PAGE as u32;
        let page = pages.entry(address - offset).or_insert([0; PAGE]);
        page[offset as usize] = byte;
    }
}

/// A block of a file: 512 bytes that contain their own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    address: u32,
    /// Number of the block, counted from 0.
    number: u32,
    /// Number of blocks in the file.
    count: u32,
    family: u32,
    page: [u8; PAGE],
}

impl Block {
    fn to_bytes(self) -> [u8; BLOCK] {
        let Self { address, number, count, family, page } = self;
        let header = [MAGIC[0], MAGIC[1], FLAGS, address, PAGE as u32, number, count, family];
        let mut bytes = [0; BLOCK];
        for (word, value) in bytes.chunks_exact_mut(4).zip(header) {
            word.copy_from_slice(&value.to_le_bytes());
        }
        bytes[32..32 + PAGE].copy_from_slice(&page);
        bytes[BLOCK - 4..].copy_from_slice(&MAGIC[2].to_le_bytes());
        bytes
    }

    /// Parses a block; accepts only blocks that a boot ROM would not skip.
    fn parse(bytes: &[u8]) -> Result<Self> {
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
