//! The boards.

use anyhow::{Result, anyhow};

/// A board that the firmware runs on. Its name is its feature, its memory map's and, with an
/// emulator's options, QEMU's.
#[derive(Debug, PartialEq, Eq)]
pub struct Board {
    /// Name, cargo feature, and QEMU's machine.
    pub name: &'static str,
    /// Rust's name for its processor.
    pub target: &'static str,
    /// The program that makes sense on it.
    pub program: &'static str,
    /// How many of the emulator's screen pixels make one of the panel's, each way. 0: no screen.
    pub magnified: usize,
}

/// Boards with a screen run the application, the others the checksums.
pub const BOARDS: [Board; 5] = [
    Board::new("lm3s6965evb", "thumbv7m-none-eabi", "pocket-dcgan", 4),
    Board::new("mps2-an385", "thumbv7m-none-eabi", "digest", 0),
    Board::new("mps2-an386", "thumbv7em-none-eabihf", "digest", 0),
    Board::new("mps2-an500", "thumbv7em-none-eabihf", "digest", 0),
    Board::new("mps2-an505", "thumbv8m.main-none-eabi", "digest", 0),
];

impl Board {
    const fn new(
        name: &'static str,
        target: &'static str,
        program: &'static str,
        magnified: usize,
    ) -> Self {
        Self { name, target, program, magnified }
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
