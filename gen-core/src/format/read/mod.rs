//! Reads a file. Everything is checked here, once; afterwards nothing can fail.

mod directions;
mod field;
mod layer;
mod parts;
mod section;

use super::{
    BYTE, FormatError, MAGIC, VERSION, checksum, direction, header, layer as record, part,
};
use crate::element::Element;
use crate::latent::MAX_LEN;
use crate::layer::{Layer, MAX_LAYERS};
use crate::model::{MAX_DIRECTIONS, Model};
use crate::plan::Plan;
use crate::shape::Shape;
use field::{text, u16_at, u32_at};
use heapless::Vec;
use section::Sections;

/// Parses and checks a whole file.
///
/// Never inlined: a speed-optimised caller would otherwise compile the parser for speed instead of size.
#[inline(never)]
pub(crate) fn parse(file: &[u8]) -> Result<Model<'_>, FormatError> {
    check_envelope(file)?;
    let tables_end = tables_end(file);
    if file.len() < tables_end {
        return Err(FormatError::TooShort { need: tables_end, got: file.len() });
    }
    let name = text(&file[header::NAME]).ok_or(FormatError::Name)?;
    if file[header::RESERVED] != [0; 4] {
        return Err(FormatError::Reserved { offset: header::RESERVED.start });
    }

    let count = usize::from(file[header::LAYERS]);
    if !(1..=MAX_LAYERS).contains(&count) {
        return Err(FormatError::Layers { got: count });
    }
    let directions = usize::from(file[header::DIRECTIONS]);
    if directions > MAX_DIRECTIONS {
        return Err(FormatError::Directions { got: directions });
    }
    let sections = Sections { file, begin: tables_end };
    let parts_begin = header::LEN + count * record::LEN;
    let (parts, directions) =
        file[parts_begin..tables_end].split_at(usize::from(file[header::PARTS]) * part::LEN);
    let latent = parts::read_latent(parts)?;
    let latent_len = u16_at(file, header::LATENT_LEN);
    if latent_len != latent.len() || latent_len > MAX_LEN {
        return Err(FormatError::Latent);
    }
    let (records, _) = file[header::LEN..].as_chunks::<{ record::LEN }>();
    let got = records[count - 1][record::ELEMENT];
    if got != BYTE {
        return Err(FormatError::Pixels { layer: count - 1, got });
    }
    let mut layers = Vec::<Layer<'_>, MAX_LAYERS>::new();
    let mut input = Shape { height: 1, width: 1, channels: latent_len };
    // A quantised latent has the elements of a wide tensor.
    let mut element = Element::Wide { signed: true };
    for (index, record) in records[..count].iter().enumerate() {
        let layer = layer::read_layer(&sections, record, index, (input, element))?;
        (input, element) = (layer.output(), layer.element);
        // Cannot fail: `count` is at most the capacity.
        let _ = layers.push(layer);
    }
    if input.channels != 1 && input.channels != 3 {
        return Err(FormatError::Image { channels: input.channels });
    }
    let whole = usize::from(file[header::WHOLE]);
    if whole >= count {
        return Err(FormatError::Whole { got: whole });
    }
    let plan = Plan::new(&layers, whole);
    let stored = u32_at(file, header::MEMORY);
    if stored != plan.bytes() {
        return Err(FormatError::Memory { stored, need: plan.bytes() });
    }

    let directions = directions::read_directions(&sections, directions, latent_len)?;
    let source = &file[header::SOURCE].as_chunks().0[0];
    Ok(Model { name, source, latent, layers, directions, plan })
}

/// Checks magic, version, length and checksum.
fn check_envelope(file: &[u8]) -> Result<(), FormatError> {
    if file.len() < header::LEN {
        return Err(FormatError::TooShort { need: header::LEN, got: file.len() });
    }
    if file[header::MAGIC] != MAGIC {
        return Err(FormatError::Magic);
    }
    let version = u16_at(file, header::VERSION) as u16;
    if version != VERSION {
        return Err(FormatError::Version { got: version });
    }
    let length = u32_at(file, header::LENGTH);
    if length != file.len() {
        return Err(FormatError::Length { stored: length, got: file.len() });
    }
    let (stored, computed) = (u32_at(file, header::CHECKSUM) as u32, checksum(file));
    if stored != computed {
        return Err(FormatError::Checksum { stored, computed });
    }
    Ok(())
}

/// Offset of the first byte after header and tables.
fn tables_end(file: &[u8]) -> usize {
    header::LEN
        + usize::from(file[header::LAYERS]) * record::LEN
        + usize::from(file[header::PARTS]) * part::LEN
        + usize::from(file[header::DIRECTIONS]) * direction::LEN
}
