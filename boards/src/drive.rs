//! The boot drive of a chip, which takes programs as UF2 files.

/// The drive that a chip shows while BOOTSEL is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootDrive {
    /// Family id in every block of a UF2 file: the boot ROM skips blocks of other families.
    pub family: u32,
    /// The drive's name, which is also the Board-ID in its INFO_UF2.TXT.
    pub name: &'static str,
}

impl BootDrive {
    /// RP2040.
    pub const RP2040: Self = Self { family: 0xe48b_ff56, name: "RPI-RP2" };
    /// RP2350 with its Arm cores in the secure state, in which it starts.
    pub const RP2350: Self = Self { family: 0xe48b_ff59, name: "RP2350" };
}
