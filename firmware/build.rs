//! Prepares what a program on a chip is linked from: the board's memory map and the model.
//!
//! For a desktop there is nothing to do: the library is plain Rust.

use std::path::{Path, PathBuf};
use std::{env, fs};

use gen_core::Model;

/// RAM that is neither working memory nor grows with the latent: stack, the model's table, what a
/// display driver remembers. 12,076 bytes on lm3s6965evb. `tests/tests/screen.rs` measures it and
/// fails if it is more.
const RESERVED: usize = 16 * 1024;

/// Bytes for each element of the latent: three `f32`, the ends of a walk and between, and an `i16`,
/// twice, since the application is moved when it is made. Measured as above, latents of 100 to 1000
/// elements: 26.
const LATENT_ELEMENT: usize = 28;

/// Flash that is not the model: 67,996 bytes on lm3s6965evb, measured by the same test.
const CODE: usize = 70 * 1024;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=memory");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    if let Err(sentence) = chip() {
        println!("cargo::error={sentence}");
    }
}

fn chip() -> Result<(), String> {
    let board = &the_board()?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);

    let map = format!("memory/{board}.x");
    let map = fs::read_to_string(&map).map_err(|e| format!("{map}: {e}"))?;
    let reserved = built_in(&out, board, length(&map, "FLASH")?, length(&map, "RAM")?)?;
    // For those who measure a program.
    let symbols = format!(
        "_flash_size = LENGTH(FLASH);\n_flash_reserved = {CODE};\n\
         _ram_size = LENGTH(RAM);\n_ram_reserved = {reserved};\n"
    );
    write(&out.join("memory.x"), (map + &symbols).as_bytes())?;

    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
    // defmt's own default would drop the events.
    println!("cargo::rerun-if-env-changed=DEFMT_LOG");
    let level = env::var("DEFMT_LOG").unwrap_or_else(|_| "info".into());
    println!("cargo::rustc-env=DEFMT_LOG={level}");
    // Page alignment would cost flash and confuse the loader.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    Ok(())
}

/// The one board that the features name: each has a memory map of its name.
fn the_board() -> Result<String, String> {
    let maps = fs::read_dir("memory").map_err(|e| format!("memory: {e}"))?;
    let name = |map: PathBuf| Some(map.file_stem()?.to_str()?.to_owned());
    let mut boards: Vec<String> = maps.filter_map(|map| name(map.ok()?.path())).collect();
    boards.sort();
    let chosen = |board: &&String| {
        let feature = board.to_uppercase().replace('-', "_");
        env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
    };
    match boards.iter().filter(chosen).map(String::as_str).collect::<Vec<_>>()[..] {
        [board] => Ok(board.into()),
        [] => Err(format!("choose a board: --features with one of {}", boards.join(", "))),
        ref several => Err(format!(
            "choose one board, not {}: a program runs on one chip",
            several.join(" and ")
        )),
    }
}

/// Copies a model that fits, passes the seed on, and gives the RAM that was kept for other things.
fn built_in(out: &Path, board: &str, flash: usize, ram: usize) -> Result<usize, String> {
    println!("cargo::rerun-if-env-changed=GEN_MODEL");
    println!("cargo::rerun-if-env-changed=GEN_SEED");
    let path = env::var("GEN_MODEL").unwrap_or_else(|_| "../models/pixel-faces32.gen".into());
    println!("cargo::rerun-if-changed={path}");
    let seed = env::var("GEN_SEED").unwrap_or_else(|_| "1".into());
    let seed: u64 = seed.parse().map_err(|_| format!("GEN_SEED={seed}: give a whole number"))?;

    let file = fs::read(&path).map_err(|e| format!("{path}: {e}; set GEN_MODEL to a .gen file"))?;
    let model = Model::parse(&file)
        .map_err(|e| format!("{path}: {e}; convert it again with export quantize"))?;
    let latent = model.latent().len * LATENT_ELEMENT;
    let (need, left) = (model.working_memory() + latent, ram.saturating_sub(RESERVED));
    if need > left {
        return Err(format!(
            "{path} needs {need} bytes of RAM, {board} has {left} to spare: \
             choose a smaller model"
        ));
    }
    let (need, left) = (file.len(), flash.saturating_sub(CODE));
    if need > left {
        return Err(format!(
            "{path} has {need} bytes, the flash of {board} has room for {left}: \
             choose a smaller model"
        ));
    }
    println!("cargo::rustc-env=GEN_SEED={seed}");
    write(&out.join("model.gen"), &file)?;
    Ok(RESERVED + latent)
}

/// The LENGTH of a region in a memory map, in bytes.
fn length(map: &str, region: &str) -> Result<usize, String> {
    let line = map.lines().find(|line| line.trim_start().starts_with(region));
    let length = line.and_then(|line| line.split("LENGTH =").nth(1)).map(str::trim);
    length
        .and_then(|length| length.strip_suffix('K')?.parse::<usize>().ok())
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| format!("the memory map names no LENGTH of {region} in K"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
