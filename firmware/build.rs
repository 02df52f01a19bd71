//! Prepares the linking of a program for a chip: writes the board's memory map and copies the model.
//!
//! A desktop build needs neither: there the library is plain Rust.

use std::path::{Path, PathBuf};
use std::{env, fs};

use boards::{BOARDS, Board, CODE, Fit};
use gen_core::Model;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    if let Err(sentence) = chip() {
        println!("cargo::error={sentence}");
    }
}

fn chip() -> Result<(), String> {
    let board = the_board()?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);

    let map = board.map;
    let reserved = built_in(&out, board)?;
    // Symbols for tools that measure the program's size and stack.
    let symbols = format!(
        "_flash_size = LENGTH(FLASH);\n_flash_reserved = {CODE};\n\
         _ram_size = LENGTH(RAM);\n_ram_reserved = {reserved};\n"
    );
    write(&out.join("memory.x"), [map, &symbols].concat().as_bytes())?;

    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
    if map.contains("BOOT2") {
        // Linker script of embassy-rp: places the second-stage boot loader.
        println!("cargo::rustc-link-arg-bins=-Tlink-rp.x");
    }
    // The default level of defmt would drop the events.
    println!("cargo::rerun-if-env-changed=DEFMT_LOG");
    let level = env::var("DEFMT_LOG").unwrap_or_else(|_| "info".into());
    println!("cargo::rustc-env=DEFMT_LOG={level}");
    // Page alignment would waste flash and confuse the loader.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    Ok(())
}

/// The one board that the Cargo features select.
fn the_board() -> Result<&'static Board, String> {
    let chosen = |board: &&Board| {
        let feature = board.name.to_uppercase().replace('-', "_");
        env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
    };
    let names = |boards: &[&Board], and: &str| {
        boards.iter().map(|board| board.name).collect::<Vec<_>>().join(and)
    };
    match BOARDS.iter().filter(chosen).collect::<Vec<_>>()[..] {
        [board] => Ok(board),
        [] => {
            let all = names(&BOARDS.each_ref(), ", ");
            Err(format!("choose a board: --features with one of {all}"))
        }
        ref several => {
            let several = names(several, " and ");
            Err(format!("choose one board, not {several}: a program runs on one chip"))
        }
    }
}

/// Copies the model if it fits. Returns the RAM in bytes that is reserved beside its working memory.
fn built_in(out: &Path, board: &Board) -> Result<usize, String> {
    println!("cargo::rerun-if-env-changed=GEN_MODEL");
    let path = env::var("GEN_MODEL").unwrap_or_else(|_| "../models/faces.gen".into());
    println!("cargo::rerun-if-changed={path}");
    let file = fs::read(&path).map_err(|e| format!("{path}: {e}; set GEN_MODEL to a .gen file"))?;
    let model = Model::parse(&file).map_err(|e| format!("{path}: {e}"))?;
    let fit = Fit::new(&model, file.len(), board.memory());
    if !fit.fits() {
        return Err(format!("{path} does not fit {}: {fit}; choose a smaller model", board.name));
    }
    write(&out.join("model.gen"), &file)?;
    Ok(fit.ram_reserved)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
