//! A board: one row of the table.

use crate::{BOARDS, BootDrive, Core, Emulator, MemoryMap, Screen};

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
    /// Flash and RAM, as in the linker script.
    pub map: MemoryMap,
    /// The screen that the application draws on.
    pub screen: Option<Screen>,
    /// The board's buttons, described in words.
    pub buttons: Option<&'static str>,
    /// The emulator of the board, if there is one.
    pub emulator: Option<Emulator>,
    /// probe-rs's name for the chip, by which a debug probe writes the program; `None`: the board exists in an
    /// emulator only.
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

    /// Whether the board exists outside an emulator.
    pub const fn is_hardware(&self) -> bool {
        self.probe.is_some()
    }

    /// The program built for the board by default: the application if it has a screen, else the checksums of
    /// pictures.
    pub const fn program(&self) -> &'static str {
        match self.screen {
            Some(_) => "pocket-dcgan",
            None => "digest",
        }
    }
}
