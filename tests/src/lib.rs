//! What the tests of several crates share: a board's image, the checksum of a picture, patience.

use std::time::Duration;

use anyhow::{Context, Result};
use boards::Board;
use crc::{CRC_32_ISO_HDLC, Crc};
use emulator::image::Image;
use emulator::program;
use gen_core::Engine;

/// Time allowed for a line of an emulated board's log. A picture takes well under a second, but other tests
/// may keep the machine busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The checksum that boards log.
pub const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The board called `name` and its default program, built with `models/faces.gen`.
///
/// # Errors
///
/// If there is no such board, or the build fails.
pub fn built(name: &str) -> Result<(&'static Board, Image)> {
    let board = Board::named(name).with_context(|| format!("there is no board {name}"))?;
    Ok((board, program::image(board, None)?))
}

/// [`CRC`] of the picture that `engine` draws for a quantised latent.
///
/// # Errors
///
/// If the latent has the wrong length.
pub fn picture_checksum(engine: &mut Engine<'_, '_>, latent: &[i16]) -> Result<u32> {
    let mut picture = engine.draw(latent)?;
    let mut digest = CRC.digest();
    while let Some(row) = picture.next_row() {
        digest.update(row);
    }
    Ok(digest.finalize())
}
