//! The programs that emulate boards.

/// What emulates a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulator {
    /// QEMU, whose machine has the board's name.
    Qemu {
        /// QEMU's pixels for one of the panel's, along each side. 0: no screen.
        magnified: u32,
    },
    /// rp2040js, with the board's screen and buttons from `emulator/pico`.
    Rp2040js,
}
