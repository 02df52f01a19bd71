//! Writes a program to a board, by boot drive or debug probe.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use boards::{BOARDS, Board};
use emulator::image::Image;
use setup::step;

/// File on a boot drive that describes the board, in lines of `Name: value`.
const INFO: &str = "INFO_UF2.TXT";

/// Where to look for a board.
#[derive(Clone, Debug)]
pub struct Ways {
    /// Program that finds and uses debug probes.
    pub probe_rs: OsString,
    /// Directories in which drives are mounted, directly or one level below: some systems have a directory
    /// per user there.
    pub mounts: Vec<PathBuf>,
}

impl Default for Ways {
    fn default() -> Self {
        let mounts = ["/run/media", "/media", "/mnt", "/Volumes"];
        Self { probe_rs: "probe-rs".into(), mounts: mounts.map(PathBuf::from).into() }
    }
}

/// probe-rs's name for a board's chip.
///
/// # Errors
///
/// If the board exists in an emulator only.
pub fn chip(board: &Board) -> Result<&'static str> {
    let name = board.name;
    board
        .probe
        .with_context(|| format!("{name}'s image is for an emulator: type cargo xtask qemu {name}"))
}

/// Writes an image to a board: to its boot drive if that is mounted, which only happens when the user has
/// held BOOTSEL, or else by a debug probe. Returns a sentence that says how.
///
/// # Errors
///
/// If there is neither (the message says what to do), if several drives of the board's chip are mounted, or
/// if writing fails.
pub fn flash(board: &Board, image: &Image, ways: &Ways) -> Result<String> {
    let (chip, name) = (chip(board)?, board.name);
    let drives = drives(&ways.mounts);
    if let Some(drive) = mounted(board, &drives)? {
        copy(image.uf2.as_ref().context("the image has no UF2 file")?, drive)?;
        let drive = drive.display();
        return Ok(format!("written to {drive}: the drive disappears and {name} starts"));
    }
    ensure!(sees_probe(&ways.probe_rs), "{}", missing(board, &drives));
    let probe_rs = |verb| {
        let mut command = Command::new(&ways.probe_rs);
        command.args([verb, "--chip", chip]);
        command
    };
    let hint = match board.drive {
        Some(_) => "hold BOOTSEL while you plug the board in, and try again with its drive",
        None => "check the probe's wires and the board's power, and try again",
    };
    let mut download = probe_rs("download");
    step::run("probe-rs download", download.arg(&image.elf)).context(hint)?;
    // Without a reset the processor stays halted.
    step::run("probe-rs reset", &mut probe_rs("reset"))?;
    Ok(format!("{name} runs, written by probe-rs"))
}

/// Whether probe-rs runs and lists a probe. Its exit status does not tell: it also succeeds without a probe.
fn sees_probe(probe_rs: &OsString) -> bool {
    let output = Command::new(probe_rs).arg("list").output();
    // «[0]: Debugprobe on Pico (CMSIS-DAP) …»
    let is_probe = |line: &str| line.starts_with('[') && line.contains("]: ");
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).lines().any(is_probe))
}

/// Mount point of the board's drive among the mounted `drives`; `None` if it is not mounted.
///
/// # Errors
///
/// If several drives belong to the board's chip.
fn mounted<'d>(board: &Board, drives: &'d [(PathBuf, String)]) -> Result<Option<&'d Path>> {
    let is_ours = |id: &str| board.drive.is_some_and(|boot| boot.name == id);
    let mut ours = drives.iter().filter(|(_, id)| is_ours(id));
    let Some((drive, id)) = ours.next() else { return Ok(None) };
    if let Some((other, _)) = ours.next() {
        let (drive, other) = (drive.display(), other.display());
        bail!("{drive} and {other} are both drives of a {id}: unplug one");
    }
    Ok(Some(drive))
}

/// What to do where neither a drive of the board nor a probe is connected. `drives`: those of other chips.
fn missing(board: &Board, drives: &[(PathBuf, String)]) -> String {
    let name = board.name;
    let Some(boot) = board.drive else {
        return format!("no debug probe: install probe-rs and connect a probe to the {name}");
    };
    let Some((drive, id)) = drives.first() else {
        return format!(
            "no boot drive and no debug probe: hold BOOTSEL while you plug the {name} in and mount its \
             drive {}, or install probe-rs and connect a probe",
            boot.name
        );
    };
    let drive = drive.display();
    let owner = BOARDS.iter().find(|board| board.drive.is_some_and(|drive| drive.name == id));
    let owner = owner.map_or(String::new(), |owner| format!(", a {}", owner.name));
    format!("the drive {drive} is of {id}{owner}, not of a {name}: connect the board that is meant")
}

/// Mounted boot drives, each with its Board-ID.
fn drives(mounts: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let below = |directory: &PathBuf| -> Vec<PathBuf> {
        // A directory that cannot be read belongs to another user.
        let entries = fs::read_dir(directory).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
    };
    let first: Vec<PathBuf> = mounts.iter().flat_map(below).collect();
    let second: Vec<PathBuf> = first.iter().flat_map(below).collect();
    let identified = |drive: PathBuf| {
        let info = fs::read_to_string(drive.join(INFO)).ok()?;
        let id = info.lines().find_map(|line| line.strip_prefix("Board-ID:"))?;
        Some((drive, id.trim().to_owned()))
    };
    first.into_iter().chain(second).filter_map(identified).collect()
}

/// Copies a file to a drive that disappears as soon as the chip has received all of it.
fn copy(uf2: &Path, drive: &Path) -> Result<()> {
    let content = fs::read(uf2).with_context(|| format!("{}", uf2.display()))?;
    let place = drive.join(uf2.file_name().unwrap_or_default());
    let failed = || format!("cannot write {}", place.display());
    let mut file = File::create(&place).with_context(failed)?;
    file.write_all(&content).with_context(failed)?;
    match file.sync_all() {
        Err(error) if drive.join(INFO).exists() => Err(error).with_context(failed),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
