//! Finds the `.gen` file that the emulator has put into the board's PSRAM.

use core::slice;

/// Bytes of PSRAM.
const SIZE: usize = 16 << 20;

/// Offset of the file's length in the header of a `.gen` file.
const LENGTH: usize = 12;

unsafe extern "C" {
    /// Start of the PSRAM, defined by the board's memory map.
    static _psram: u8;
}

/// The file, cut to the length that its header gives. Zeros before it are skipped, so the emulator can place
/// it at any address, aligned or not.
pub fn file() -> &'static [u8] {
    let psram = &raw const _psram;
    // SAFETY: nothing here writes to this memory, and every byte in it is a valid value.
    let all = unsafe { slice::from_raw_parts(psram, SIZE) };
    let file = &all[all.iter().position(|&byte| byte != 0).unwrap_or(0)..];
    let length = file[LENGTH..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    &file[..file.len().min(length as usize)]
}
