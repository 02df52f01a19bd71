//! A board: one row of the table, with its emulator and its boot drive.

use crate::{BOARDS, Core, Memory, Screen};

/// A board that the firmware runs on. Its name is also the name of its Cargo feature and of its memory map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its name.
    pub name: &'static str,
    /// The chip, or the machine that an emulator models.
    pub chip: &'static str,
    /// The core that runs the program.
    pub core: Core,
    /// Clock of the core in MHz, as the firmware sets it. `None`: an emulator that counts no cycles.
    pub clock_mhz: Option<u32>,
    /// The memory map: text of the linker script.
    pub map: &'static str,
    /// The screen that the application draws on.
    pub screen: Option<Screen>,
    /// The board's buttons, described in words.
    pub buttons: Option<&'static str>,
    /// The emulator of the board, if there is one.
    pub emulator: Option<Emulator>,
    /// probe-rs's name for the chip, by which a debug probe writes the program. `None`: its image logs by
    /// semihosting and is only for an emulator.
    pub probe: Option<&'static str>,
    /// The boot drive that takes its program, if the chip has one.
    pub drive: Option<BootDrive>,
    /// The cores whose code the bench measures on this board; such a board has memory for any model.
    pub measures: &'static [Core],
}

impl Board {
    /// The board called `name`, if there is one.
    pub fn named(name: &str) -> Option<&'static Self> {
        BOARDS.iter().find(|board| board.name == name)
    }

    /// Flash and RAM, as in the memory map.
    ///
    /// # Panics
    ///
    /// If the map lacks one of them; a test excludes that.
    pub fn memory(&self) -> Memory {
        Memory::of(self.map).expect(
            "give FLASH and RAM a LENGTH each: a number such as 256, 0x100, 64K or 2M, or a difference of \
             numbers",
        )
    }

    /// Whether the board's image can be written to a physical board; others are only for an emulator.
    pub const fn can_be_flashed(&self) -> bool {
        self.probe.is_some()
    }

    /// The program built for the board by default: the application if it has a screen, else the checksums of
    /// pictures.
    pub const fn program(&self) -> &'static str {
        if self.screen.is_some() { "pocket-dcgan" } else { "digest" }
    }
}

/// The program that emulates a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulator {
    /// QEMU. Its machine has the board's name.
    Qemu,
    /// rp2040js, with the board's screen and buttons from `emulator/pico`.
    Rp2040js,
}

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
