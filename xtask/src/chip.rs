//! Chips that show a drive for their program while BOOTSEL is held.

/// What tells one chip's files and drive from another's.
#[derive(Debug, PartialEq, Eq)]
pub struct Chip {
    /// probe-rs's name for it.
    pub name: &'static str,
    /// In every block of a UF2 file: the boot ROM passes over blocks of other families.
    pub family: u32,
    /// The Board-ID that its drive's INFO_UF2.TXT gives.
    pub drive: &'static str,
}

/// Raspberry Pi Pico's.
pub const RP2040: Chip = Chip { name: "RP2040", family: 0xe48b_ff56, drive: "RPI-RP2" };

/// Raspberry Pi Pico 2's, with its Arm cores in the secure state that it starts in.
pub const RP2350: Chip = Chip { name: "RP235x", family: 0xe48b_ff59, drive: "RP2350" };
