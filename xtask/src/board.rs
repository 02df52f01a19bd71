//! The boards.

use anyhow::{Result, anyhow};

use crate::chip::{Chip, RP2040, RP2350};

/// A board that the firmware runs on. Its name is its feature and its memory map's.
#[derive(Debug, PartialEq, Eq)]
pub struct Board {
    /// Name and cargo feature.
    pub name: &'static str,
    /// Rust's name for its processor.
    pub target: &'static str,
    /// The program that makes sense on it.
    pub program: &'static str,
    /// What runs it here.
    pub emulator: Option<Emulator>,
    /// What takes its program, if it is a board that one can buy.
    pub chip: Option<&'static Chip>,
}

/// A program that pretends to be a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulator {
    /// QEMU, whose machine has the board's name.
    Qemu {
        /// How many of QEMU's pixels make one of the panel's, each way. 0: no screen.
        magnified: usize,
    },
    /// rp2040js, with the board's screen and buttons from `xtask/pico`.
    Rp2040,
}

const OLED: Emulator = Emulator::Qemu { magnified: 4 };
pub(crate) const BARE: Emulator = Emulator::Qemu { magnified: 0 };

/// Boards with a screen run the application, the others the checksums.
pub const BOARDS: [Board; 8] = [
    Board::emulated("lm3s6965evb", "thumbv7m-none-eabi", "pocket-dcgan", OLED),
    Board::emulated("mps2-an385", "thumbv7m-none-eabi", "digest", BARE),
    Board::emulated("mps2-an386", "thumbv7em-none-eabihf", "digest", BARE),
    Board::emulated("mps2-an500", "thumbv7em-none-eabihf", "digest", BARE),
    Board::emulated("mps2-an505", "thumbv8m.main-none-eabihf", "digest", BARE),
    Board::emulated("virt", "riscv32imc-unknown-none-elf", "digest", BARE),
    Board::sold("pico", "thumbv6m-none-eabi", &RP2040, Some(Emulator::Rp2040)),
    Board::sold("pico2", "thumbv8m.main-none-eabihf", &RP2350, None),
];

impl Board {
    pub(crate) const fn emulated(
        name: &'static str,
        target: &'static str,
        program: &'static str,
        emulator: Emulator,
    ) -> Self {
        Self { name, target, program, emulator: Some(emulator), chip: None }
    }

    const fn sold(
        name: &'static str,
        target: &'static str,
        chip: &'static Chip,
        emulator: Option<Emulator>,
    ) -> Self {
        Self { name, target, program: "pocket-dcgan", emulator, chip: Some(chip) }
    }

    /// Finds a board by its name.
    ///
    /// # Errors
    ///
    /// If there is none of that name; lists those that there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        BOARDS.iter().find(|board| board.name == name).ok_or_else(|| {
            let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
            anyhow!("there is no board {name}: choose one of {}", names.join(", "))
        })
    }
}
