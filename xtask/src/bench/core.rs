//! The processor cores that are measured, each in an emulator.

use crate::board::{BARE, Board};

/// A core: a machine that runs code for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core {
    /// Its name in the table.
    pub name: &'static str,
    /// QEMU's machine, and our board.
    machine: &'static str,
    target: &'static str,
}

/// All, in the order of the table's columns.
///
/// QEMU has no board with a Cortex-M0+ and PSRAM. A Cortex-M3 runs the code of ARMv6-M as it is, and
/// instructions are all that is counted.
pub const CORES: [Core; 6] = [
    Core { name: "M0+", machine: "mps2-an385", target: "thumbv6m-none-eabi" },
    Core { name: "M3", machine: "mps2-an385", target: "thumbv7m-none-eabi" },
    Core { name: "M4", machine: "mps2-an386", target: "thumbv7em-none-eabihf" },
    Core { name: "M7", machine: "mps2-an500", target: "thumbv7em-none-eabihf" },
    Core { name: "M33", machine: "mps2-an505", target: "thumbv8m.main-none-eabihf" },
    Core { name: "RV32IMC", machine: "virt", target: "riscv32imc-unknown-none-elf" },
];

impl Core {
    /// The core as a board that runs `program`.
    pub const fn board(&self, program: &'static str) -> Board {
        Board::emulated(self.machine, self.target, program, BARE)
    }
}
