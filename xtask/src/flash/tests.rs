use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use boards::Board;
use emulator::image::Image;
use tempfile::TempDir;

use super::{INFO, Ways, flash};

/// Content longer than a pipe's buffer.
fn uf2() -> Vec<u8> {
    b"the UF2 file".repeat(10_000)
}

/// A directory with an image, mount points and a fake probe-rs.
struct Desk {
    directory: TempDir,
    image: Image,
    ways: Ways,
}

impl Desk {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::write(place("pico.uf2"), uf2()).unwrap();
        let image = Image { elf: place("pico.elf"), uf2: Some(place("pico.uf2")) };
        let mounts = ["media", "mnt"].map(|name| {
            fs::create_dir(place(name)).unwrap();
            place(name)
        });
        let ways = Ways { probe_rs: place("probe-rs").into(), mounts: mounts.into() };
        Self { directory, image, ways }
    }

    /// Creates a mounted boot drive.
    fn drive(&self, place: &str, id: &str) -> PathBuf {
        let drive = self.directory.path().join(place);
        fs::create_dir_all(&drive).unwrap();
        let info = format!("UF2 Bootloader v3.0\r\nModel: Raspberry Pi\r\nBoard-ID: {id}\r\n");
        fs::write(drive.join(INFO), info).unwrap();
        drive
    }

    /// Installs a fake probe-rs that logs its arguments and prints `list`.
    fn probe_rs(&self, list: &str) {
        let log = self.directory.path().join("asked");
        let script = format!("#!/bin/sh\necho \"$*\" >>'{}'\necho '{list}'\n", log.display());
        let text = self.directory.path().join("script");
        fs::write(&text, script).unwrap();
        // Another process writes the script: a child of another thread could inherit this process's open file
        // and make execution fail.
        let mut install = Command::new("install");
        install.args(["-m", "755"]).arg(text).arg(&self.ways.probe_rs);
        assert!(install.status().unwrap().success());
    }

    fn asked(&self) -> String {
        fs::read_to_string(self.directory.path().join("asked")).unwrap()
    }

    fn flash(&self, board: &str) -> Result<String, String> {
        let told = flash(Board::named(board).unwrap(), &self.image, &self.ways);
        told.map_err(|error| format!("{error:#}"))
    }
}

#[test]
fn the_file_is_copied_to_the_drive_of_its_chip() {
    for place in ["media/RPI-RP2", "media/me/RPI-RP2", "mnt/pico"] {
        let desk = Desk::new();
        desk.drive("media/me/RP2350", "RP2350");
        fs::create_dir_all(desk.directory.path().join("media/stick/music")).unwrap();
        let drive = desk.drive(place, "RPI-RP2");
        let told = desk.flash("pico").unwrap();
        assert!(told.contains(&*drive.to_string_lossy()), "{told}");
        assert_eq!(fs::read(drive.join("pico.uf2")).unwrap(), uf2());
    }
}

#[test]
fn the_drive_of_another_chip_is_refused_by_name() {
    for (id, board, expected) in [
        ("RP2350", "pico", "is of RP2350, a pico2, not of a pico"),
        ("RPI-RP2", "pico2", "is of RPI-RP2, a pico, not of a pico2"),
        ("SAMD21", "pico", "is of SAMD21, not of a pico"),
    ] {
        let desk = Desk::new();
        let drive = desk.drive("media/drive", id);
        let error = desk.flash(board).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&*drive.to_string_lossy()), "{error}");
        assert!(!drive.join("pico.uf2").exists());
    }
}

#[test]
fn of_two_drives_none_is_guessed() {
    let desk = Desk::new();
    desk.drive("media/a", "RPI-RP2");
    desk.drive("mnt/b", "RPI-RP2");
    assert!(desk.flash("pico").unwrap_err().ends_with("unplug one"));
    // A probe does not replace the choice either: it may be connected to another board.
    desk.probe_rs("[0]: STLink V2 -- 0483:3748");
    assert!(desk.flash("pico").unwrap_err().ends_with("unplug one"));
}

#[test]
fn without_board_it_says_what_to_do() {
    let desk = Desk::new();
    let error = desk.flash("pico").unwrap_err();
    assert!(error.contains("hold BOOTSEL") && error.contains("install probe-rs"), "{error}");
    assert_eq!(error.lines().count(), 1);
    let error = desk.flash("lm3s6965evb").unwrap_err();
    assert_eq!(error, "lm3s6965evb's image is for an emulator: type cargo xtask qemu lm3s6965evb");
}

#[test]
fn a_probe_is_used_where_there_is_no_drive_of_the_chip() {
    let desk = Desk::new();
    let drive = desk.drive("media/drive", "RPI-RP2");
    desk.probe_rs(
        "The following debug probes were found:\n[0]: Debugprobe (CMSIS-DAP) -- 2e8a:000c",
    );
    desk.flash("pico2").unwrap();
    let elf = desk.image.elf.display();
    let expected = format!("list\ndownload --chip RP235x {elf}\nreset --chip RP235x\n");
    assert_eq!(desk.asked(), expected);
    assert!(!drive.join("pico.uf2").exists());
}

#[test]
fn a_drive_comes_before_a_probe() {
    let desk = Desk::new();
    let drive = desk.drive("media/drive", "RPI-RP2");
    desk.probe_rs("[0]: STLink V2 -- 0483:3748");
    desk.flash("pico").unwrap();
    assert!(drive.join("pico.uf2").exists());
}

#[test]
fn probe_rs_without_a_probe_is_no_way() {
    let desk = Desk::new();
    desk.probe_rs("No debug probes were found.");
    assert!(desk.flash("pico").unwrap_err().contains("hold BOOTSEL"));
    assert_eq!(desk.asked(), "list\n");
}

/// A pipe in place of the file cannot be synchronised. If the drive is still there, that is an error; if the
/// drive has disappeared, the chip has received everything and has restarted.
#[test]
fn a_drive_that_vanishes_is_no_error() {
    for vanishes in [false, true] {
        let desk = Desk::new();
        let drive = desk.drive("media/drive", "RPI-RP2");
        let pipe = drive.join("pico.uf2");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let chip = thread::spawn(move || {
            let mut file = fs::File::open(pipe).unwrap();
            if vanishes {
                fs::remove_file(drive.join(INFO)).unwrap();
            }
            let mut received = Vec::new();
            file.read_to_end(&mut received).unwrap();
            received
        });
        // Checked before joining the thread, which only ends if the file was opened.
        match desk.flash("pico") {
            Err(error) => assert!(!vanishes && error.starts_with("cannot write "), "{error}"),
            Ok(told) => assert!(vanishes, "{told}"),
        }
        assert_eq!(chip.join().unwrap(), uf2());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_drive_is_an_error() {
    let desk = Desk::new();
    let drive = desk.drive("media/drive", "RPI-RP2");
    std::os::unix::fs::symlink("/dev/full", drive.join("pico.uf2")).unwrap();
    assert!(desk.flash("pico").unwrap_err().starts_with("cannot write "));
}
