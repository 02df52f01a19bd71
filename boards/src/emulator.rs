//! The programs that emulate boards.

/// The emulator of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emulator {
    /// QEMU. Its machine has the board's name.
    Qemu {
        /// QEMU's pixels per pixel of the panel, along each side. 0: no screen.
        magnified: u32,
    },
    /// rp2040js, with the board's screen and buttons from `emulator/pico`.
    Rp2040js,
}
