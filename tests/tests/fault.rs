//! A program that faults logs the address and ends at once, rather than hang.

use anyhow::{Context, Result};
use emulator::image::Image;
use emulator::launch::Options;
use emulator::machine::Machine;
use object::{Object, ObjectSection, ObjectSymbol};
use pocket_tests::{PATIENCE, built};
use std::fs;

/// An instruction that is permanently undefined, and the text that the log has before its address.
type Undefined = (u16, &'static str);

/// UDF #0.
const CORTEX_M: Undefined = (0xDE00, "HardFault");
const RISC_V: Undefined = (0, "exception 2");

/// Replaces the first instruction of a function in the board's program, runs it, and checks the log and the
/// exit status.
fn breaks(board: &str, function: &str, (instruction, said): Undefined) -> Result<()> {
    let (board, image) = built(board)?;
    let mut program = fs::read(&image.elf)?;
    let file = object::File::parse(&*program)?;
    let symbol = file.symbol_by_name(function).context("the program has such a function")?;
    let address = symbol.address() & !1;
    let text = file.section_by_name(".text").context("a program has code")?;
    let (offset, _) = text.file_range().context("code is in the file")?;
    let at = (offset + address - text.address()) as usize;
    program[at..at + 2].copy_from_slice(&instruction.to_le_bytes());
    let broken = Image::write(&image.elf.with_file_name("broken"), board, &program)?;

    let mut machine = Machine::start(board, &broken, Options::default())?;
    let line = loop {
        let line = machine.line(PATIENCE)?.context("a fault is logged")?;
        if line.level != "info" {
            break line;
        }
    };
    assert_eq!((&*line.level, line.message), ("error", format!("{said} at {address:#010x}")));
    assert_eq!(machine.line(PATIENCE)?, None);
    assert_eq!(machine.wait()?.code(), Some(101));
    Ok(())
}

#[test]
fn an_emulated_board_ends() -> Result<()> {
    breaks("mps2-an385", "main", CORTEX_M)
}

#[test]
fn an_emulated_risc_v_ends() -> Result<()> {
    breaks("virt", "main", RISC_V)
}

/// The watchdog already runs: the fault is in the first tick.
#[test]
fn the_pico_starts_again() -> Result<()> {
    breaks("pico", "SysTick", CORTEX_M)
}
