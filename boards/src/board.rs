//! What is known of a board.

use crate::{BOARDS, BootDrive, Core, Emulator, MemoryMap, Screen};

/// A board that the firmware runs on. Its name is also the name of its Cargo feature and of its memory map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its name.
    pub name: &'static str,
    /// The chip, or what stands for one.
    pub chip: &'static str,
    /// The core that runs the program.
    pub core: Core,
    /// The core's clock in MHz, as the firmware sets it. `None`: an emulator that counts no cycles.
    pub clock_mhz: Option<u32>,
    /// Flash and RAM, as the linker gets them.
    pub map: MemoryMap,
    /// What the application draws on.
    pub screen: Option<Screen>,
    /// What somebody can press, in words.
    pub buttons: Option<&'static str>,
    /// What runs it without the hardware.
    pub emulator: Option<Emulator>,
    /// What takes its program, if one can buy it.
    pub drive: Option<BootDrive>,
    /// The cores whose code the bench measures on this board, which has memory for any model.
    pub measures: &'static [Core],
}

impl Board {
    /// The board called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        BOARDS.iter().find(|board| board.name == name)
    }

    /// The program that makes sense on the board: with a screen the application, otherwise the checksums of pictures.
    pub const fn program(&self) -> &'static str {
        match self.screen {
            Some(_) => "pocket-dcgan",
            None => "digest",
        }
    }
}
