//! The files built from a program: ELF and UF2.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use boards::Board;
use output::file;

use crate::uf2::Uf2;

/// Name of the table of the program's memory, written beside its image.
pub const SIZE: &str = "size.txt";

/// The files of a program, for emulators, debug probes and boot drives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// ELF file with debug information and the log's format strings.
    pub elf: PathBuf,
    /// UF2 file, if the chip has a boot drive.
    pub uf2: Option<PathBuf>,
}

impl Image {
    /// Writes the files into a directory; each file is replaced completely or not at all.
    ///
    /// # Errors
    ///
    /// If the program does not fit the board's chip, or a file cannot be written.
    pub fn write(directory: &Path, board: &Board, elf: &[u8]) -> Result<Self> {
        let uf2 = board.drive.map(|drive| Uf2::from_elf(elf, &drive)).transpose();
        let uf2 = uf2.with_context(|| format!("the program for {}", board.name))?;
        let place = |kind: &str| directory.join(format!("{}.{kind}", board.name));
        let image = Self { elf: place("elf"), uf2: uf2.is_some().then(|| place("uf2")) };
        file::directory(directory)?;
        file::replace(&image.elf, elf)?;
        if let (Some(place), Some(uf2)) = (&image.uf2, uf2) {
            file::replace(place, &uf2.to_bytes())?;
        }
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use boards::{Board, BootDrive};

    use super::Image;
    use crate::uf2::{Uf2, tests::elf};

    #[test]
    fn every_board_has_the_files_it_takes() {
        let directory = tempfile::tempdir().unwrap();
        for data in [b"old", b"new"] {
            let program = elf(&[(0x1000_0000, data)]);
            let write = |board| {
                Image::write(&directory.path().join(board), Board::named(board).unwrap(), &program)
            };
            let pico = write("pico").unwrap();
            assert_eq!(fs::read(&pico.elf).unwrap(), program);
            let uf2 =
                Uf2::parse(&fs::read(pico.uf2.unwrap()).unwrap(), &BootDrive::RP2040).unwrap();
            assert_eq!(uf2.flash(0x1000_0000..0x1000_0003).as_deref(), Some(&data[..]));
            assert_eq!(fs::read_dir(directory.path().join("pico")).unwrap().count(), 2);
            let emulated = write("mps2-an385").unwrap();
            assert_eq!((fs::read(emulated.elf).unwrap(), emulated.uf2), (program, None));
        }
    }

    #[test]
    fn a_program_for_elsewhere_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let pico = Board::named("pico").unwrap();
        let error = Image::write(directory.path(), pico, &elf(&[(0, b"abc")])).unwrap_err();
        let expected = "the program for pico: 0x00000000..0x00000003 is not in flash";
        assert_eq!(format!("{error:#}"), expected);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
