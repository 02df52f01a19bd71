//! The `.gen` file that the emulator has put into the board's PSRAM.

use core::slice;

/// Of the PSRAM.
const SIZE: usize = 16 << 20;

/// Where the header of a `.gen` file has the file's length.
const LENGTH: usize = 12;

unsafe extern "C" {
    /// Where the board's memory map has the PSRAM.
    static _psram: u8;
}

/// The file, of the length that it gives itself. Zeros in front of it are skipped: so it begins where the
/// emulator wants it to, aligned or not.
pub fn file() -> &'static [u8] {
    let psram = &raw const _psram;
    // SAFETY: memory that nothing here writes to, in which every byte is a value.
    let all = unsafe { slice::from_raw_parts(psram, SIZE) };
    let file = &all[all.iter().position(|&byte| byte != 0).unwrap_or(0)..];
    let length = file[LENGTH..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    &file[..file.len().min(length as usize)]
}
