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
    /// As [`Board::cpu`].
    cpu: Option<&'static str>,
}

/// All, in the order of the table's columns.
///
/// QEMU has no board with a Cortex-M0+ and PSRAM. A Cortex-M3 runs the code of ARMv6-M as it is, and
/// instructions are all that is counted.
pub const CORES: [Core; 7] = [
    Core { name: "M0+", machine: "mps2-an385", target: "thumbv6m-none-eabi", cpu: None },
    Core { name: "M3", machine: "mps2-an385", target: "thumbv7m-none-eabi", cpu: None },
    Core { name: "M4", machine: "mps2-an386", target: "thumbv7em-none-eabihf", cpu: None },
    Core { name: "M7", machine: "mps2-an500", target: "thumbv7em-none-eabihf", cpu: None },
    Core { name: "M33", machine: "mps2-an505", target: "thumbv8m.main-none-eabihf", cpu: None },
    Core {
        name: "M55",
        machine: "mps3-an547",
        target: "thumbv8m.main-none-eabihf",
        cpu: Some("cortex-m55"),
    },
    Core { name: "RV32IMC", machine: "virt", target: "riscv32imc-unknown-none-elf", cpu: None },
];

impl Core {
    /// The core as a board that runs `program`.
    pub const fn board(&self, program: &'static str) -> Board {
        let board = Board::emulated(self.machine, self.target, program, BARE);
        match self.cpu {
            Some(cpu) => board.on(cpu),
            None => board,
        }
    }
}
