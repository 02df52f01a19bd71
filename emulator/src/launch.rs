//! Starts the emulator of a board.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use boards::{Board, Core, Emulator};
use setup::{npm, workspace};

use crate::image::Image;

/// QEMU's program for RISC-V.
const RISCV: &str = "qemu-system-riscv32";

/// QEMU's program for a core.
pub fn qemu(core: Core) -> &'static str {
    if core.target.starts_with("riscv32") { RISCV } else { "qemu-system-arm" }
}

/// QEMU's name for a display in a window.
pub const WINDOW: &str = if cfg!(target_os = "macos") { "cocoa" } else { "gtk" };

/// Directory in which rp2040js is installed.
///
/// # Errors
///
/// If cargo cannot report its target directory.
pub fn rp2040js() -> Result<PathBuf> {
    Ok(workspace::target_directory()?.join("rp2040"))
}

/// Options of one run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o> {
    /// Show QEMU's own display.
    pub window: bool,
    /// Seed of the random bits that an emulated RP2040's ring oscillator returns.
    pub entropy: Option<u32>,
    /// Keys of an emulated RP2040 that are held from the start.
    pub down: &'o [&'o str],
    /// More arguments for QEMU.
    pub arguments: &'o [&'o str],
}

/// Checks that the board has an emulator that supports the options.
///
/// # Errors
///
/// If not; the message says what is not supported.
pub fn check(board: &Board, options: Options<'_>) -> Result<()> {
    let name = board.name;
    match board.emulator {
        Some(Emulator::Qemu) => {
            let plain = options.entropy.is_none() && options.down.is_empty();
            ensure!(
                plain,
                "QEMU supports neither a seed for entropy nor keys held from the start ({name})"
            );
        }
        Some(Emulator::Rp2040js) => {
            ensure!(options.arguments.is_empty(), "the emulated {name} is not QEMU");
            ensure!(!options.window, "the emulated {name} has no window: try --picture FILE.png");
        }
        None => bail!(
            "nothing here emulates {name}: type cargo xtask flash {name} to run it on the board"
        ),
    }
    Ok(())
}

/// The command that starts a board's emulator, halted before the first instruction. The emulator writes the
/// log to standard output and listens on `socket`.
///
/// # Errors
///
/// Those of [`check`], or if rp2040js is not installed.
pub fn command(
    board: &Board,
    image: &Image,
    socket: &Path,
    options: Options<'_>,
) -> Result<Command> {
    check(board, options)?;
    match board.emulator {
        Some(Emulator::Rp2040js) => rp2040(board, image, socket, options),
        _ => Ok(qemu_command(board, image, socket, options)),
    }
}

fn qemu_command(board: &Board, image: &Image, socket: &Path, options: Options<'_>) -> Command {
    let program = qemu(board.core);
    let mut qemu = Command::new(program);
    if program == RISCV {
        // By default QEMU loads firmware of its own at the program's address.
        qemu.args(["-bios", "none"]);
    }
    qemu.args(["-machine", board.name, "-serial", "null", "-monitor", "none"]);
    qemu.args(["-semihosting-config", "enable=on,target=native"]);
    qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", socket.display()));
    qemu.arg("-kernel").arg(&image.elf);
    // Explicit, because by default QEMU silently runs without a window where it cannot open one.
    qemu.args(["-display", if options.window { WINDOW } else { "none" }]);
    qemu.arg("-S").args(options.arguments);
    qemu
}

/// Directory of the emulated Pico, built on rp2040js: its JavaScript, its tests and its lock file.
pub fn pico() -> PathBuf {
    workspace::root().join("emulator/pico")
}

fn rp2040(board: &Board, image: &Image, socket: &Path, options: Options<'_>) -> Result<Command> {
    let uf2 = image.uf2.as_ref();
    let uf2 = uf2.with_context(|| format!("the image for {} has no UF2 file", board.name))?;
    let installed = rp2040js()?;
    let there = installed.join("node_modules").is_dir();
    ensure!(there, "rp2040js is not installed: type cargo xtask qemu {}", board.name);
    let mut node = npm::node();
    node.arg(pico().join("main.mjs"));
    node.arg("--rp2040js").arg(installed).arg("--image").arg(uf2).arg("--qmp").arg(socket);
    if let Some(entropy) = options.entropy {
        node.arg("--entropy").arg(entropy.to_string());
    }
    for key in options.down {
        node.arg("--down").arg(key);
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use boards::Board;

    use super::{Options, command};
    use crate::image::Image;

    fn refusal(board: &str, options: Options<'_>) -> String {
        let image = Image { elf: "board.elf".into(), uf2: Some("board.uf2".into()) };
        let board = Board::named(board).unwrap();
        let command = command(board, &image, Path::new("socket"), options);
        format!("{:#}", command.unwrap_err())
    }

    #[test]
    fn what_an_emulator_cannot_do_is_refused() {
        let window = Options { window: true, ..Options::default() };
        let entropy = Options { entropy: Some(1), ..Options::default() };
        let down = Options { down: &["a"], ..Options::default() };
        assert!(refusal("pico", window).contains("has no window"));
        assert!(refusal("lm3s6965evb", entropy).contains("neither a seed for entropy"));
        assert!(refusal("lm3s6965evb", down).contains("neither a seed for entropy"));
        assert!(refusal("pico2", Options::default()).contains("cargo xtask flash pico2"));
    }
}
