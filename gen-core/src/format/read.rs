//! Reading: everything is checked here, once; afterwards nothing can fail.

use super::{
    ALIGNMENT, BYTE, CLAMP, DIMENSION_LIMIT, FormatError, MAGIC, NORMAL, ONE_HOT, PLAIN, SLOPES,
    TABLE, TABLE_LIMIT, TRANSPOSED, UNIFORM, VERSION, WEIGHT_BYTE, WEIGHT_WIDE, WIDE, WIDE_SIGNED,
    checksum, direction, header, layer, part,
};
use crate::axis::{Axis, Convolution};
use crate::element::{Element, Weight};
use crate::latent::{Distribution, Latent, MAX_PARTS, Part};
use crate::layer::{Layer, MAX_LAYERS};
use crate::model::{Direction, MAX_DIRECTIONS, Model};
use crate::plan::Plan;
use crate::requant::{Activation, CONSTANT_LIMIT, Epilogue};
use crate::shape::Shape;
use crate::weights::Order;
use core::ops::Range;
use heapless::Vec;

/// Parses and validates a whole file.
///
/// By itself, since a caller that is compiled for speed would otherwise take it in as code for speed.
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
    let parts_begin = header::LEN + count * layer::LEN;
    let (parts, directions) =
        file[parts_begin..tables_end].split_at(usize::from(file[header::PARTS]) * part::LEN);
    let latent = read_latent(parts)?;
    let latent_len = u16_at(file, header::LATENT_LEN);
    if latent_len != latent.len() || latent_len > DIMENSION_LIMIT {
        return Err(FormatError::Latent);
    }
    let (records, _) = file[header::LEN..].as_chunks::<{ layer::LEN }>();
    // Pixels are bytes.
    let got = records[count - 1][layer::ELEMENT];
    if got != BYTE {
        return Err(FormatError::Code { layer: count - 1, got });
    }
    let mut layers = Vec::<Layer<'_>, MAX_LAYERS>::new();
    let mut input = Shape { height: 1, width: 1, channels: latent_len };
    // Latents are as wide tensors are.
    let mut element = Element::Wide { signed: true };
    for (index, record) in records[..count].iter().enumerate() {
        let layer = read_layer(&sections, record, index, (input, element))?;
        (input, element) = (layer.output(), layer.element);
        // `count` is at most the capacity.
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

    let directions = read_directions(&sections, directions, latent_len)?;
    let source = &file[header::SOURCE].as_chunks().0[0];
    Ok(Model { name, source, latent, layers, directions, plan })
}

/// Magic, version, length, checksum.
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

/// Where the tables end.
fn tables_end(file: &[u8]) -> usize {
    header::LEN
        + usize::from(file[header::LAYERS]) * layer::LEN
        + usize::from(file[header::PARTS]) * part::LEN
        + usize::from(file[header::DIRECTIONS]) * direction::LEN
}

fn read_latent(records: &[u8]) -> Result<Latent<'_>, FormatError> {
    let (records, _) = records.as_chunks::<{ part::LEN }>();
    if !(1..=MAX_PARTS).contains(&records.len()) {
        return Err(FormatError::Parts { got: records.len() });
    }
    let mut parts = Vec::<_, MAX_PARTS>::new();
    for (index, record) in records.iter().enumerate() {
        let malformed = FormatError::Part { index };
        let distribution = match record[part::DISTRIBUTION] {
            NORMAL => Distribution::Normal,
            UNIFORM => Distribution::Uniform,
            ONE_HOT => Distribution::OneHot,
            _ => return Err(malformed),
        };
        let len = u16_at(record, part::LENGTH);
        let scale = f32::from_bits(u32_at(record, part::SCALE) as u32);
        let possible = len > 0 && scale.is_normal() && scale > 0.0;
        if !possible || record[part::RESERVED] != 0 {
            return Err(malformed);
        }
        let name = text(&record[part::NAME]).ok_or(malformed)?;
        // Their number is at most the capacity.
        let _ = parts.push(Part { name, len, distribution, scale });
    }
    Ok(Latent::new(parts))
}

fn read_layer<'a>(
    sections: &Sections<'a>,
    record: &[u8; layer::LEN],
    index: usize,
    (input, input_element): (Shape, Element),
) -> Result<Layer<'a>, FormatError> {
    let convolution = match record[layer::CONVOLUTION] {
        TRANSPOSED => Convolution::Transposed,
        PLAIN => Convolution::Plain,
        got => return Err(FormatError::Code { layer: index, got }),
    };
    let axis = |input, output, kernel: usize, stride: usize, pad: usize| Axis {
        convolution,
        input,
        output: u16_at(record, output),
        kernel: usize::from(record[kernel]),
        stride: usize::from(record[stride]),
        pad: usize::from(record[pad]),
    };
    let rows =
        axis(input.height, layer::HEIGHT, layer::KERNEL_ROWS, layer::STRIDE_ROWS, layer::PAD_TOP);
    let columns = axis(
        input.width,
        layer::WIDTH,
        layer::KERNEL_COLUMNS,
        layer::STRIDE_COLUMNS,
        layer::PAD_LEFT,
    );
    let channels_out = u16_at(record, layer::CHANNELS);
    let sides = [rows.output, columns.output, channels_out];
    let sizes = [rows.kernel, columns.kernel, rows.stride, columns.stride];
    if sizes.contains(&0) || sides.iter().any(|side| !(1..=DIMENSION_LIMIT).contains(side)) {
        return Err(FormatError::Dimension { layer: index });
    }
    let element = match record[layer::ELEMENT] {
        BYTE => Element::Byte,
        WIDE => Element::Wide { signed: false },
        WIDE_SIGNED => Element::Wide { signed: true },
        got => return Err(FormatError::Code { layer: index, got }),
    };
    let weight = match record[layer::WEIGHT] {
        WEIGHT_BYTE => Weight::Byte,
        WEIGHT_WIDE => Weight::Wide,
        got => return Err(FormatError::Code { layer: index, got }),
    };
    let zero_point = record[layer::ZERO_POINT];
    if input_element.is_wide() && zero_point != 0 {
        return Err(FormatError::ZeroPoint { layer: index, got: zero_point });
    }
    let per_feature = match record[layer::PER_FEATURE] {
        0 => false,
        1 => true,
        got => return Err(FormatError::Code { layer: index, got }),
    };

    let channels_in = input.channels;
    let order = Order { rows, columns, channels_in, channels_out, weight };
    let weights = sections.get(u32_at(record, layer::WEIGHTS), 4 * order.words())?;
    let (weights, _) = weights.as_chunks::<4>();
    let features = rows.output as u64 * columns.output as u64;
    let count = channels_out as u64 * if per_feature { features } else { 1 };
    let epilogue = read_epilogue(sections, record, index, (count, element))?;

    // The most products that land in one output, and the largest of two weights that may be whatever 16 bits
    // are. Sums of 12-bit weights are modulo 2³² and can't overflow.
    let products = rows.window() as u64 * columns.window() as u64 * input.channels as u64;
    let largest_weight = match weight {
        Weight::Byte => 128,
        Weight::Wide => 0,
    };
    let largest_input = input_element.high() as u64;
    let largest_bias = match epilogue.activation {
        Activation::Slopes { biases, .. } => {
            biases.iter().map(|&b| u64::from(i32::from_le_bytes(b).unsigned_abs())).max()
        }
        _ => None,
    };
    if products * largest_weight * largest_input + largest_bias.unwrap_or(0) > i32::MAX as u64 {
        return Err(FormatError::Accumulator { layer: index });
    }
    Ok(Layer {
        rows,
        columns,
        channels_in,
        channels_out,
        zero_point,
        element,
        weight,
        weights,
        epilogue,
        per_feature,
    })
}

/// Reads the epilogue of `numbers` channels or features.
fn read_epilogue<'a>(
    sections: &Sections<'a>,
    record: &[u8; layer::LEN],
    index: usize,
    (count, element): (u64, Element),
) -> Result<Epilogue<'a>, FormatError> {
    let table_len = u16_at(record, layer::TABLE_LEN);
    let bytes_each = match record[layer::ACTIVATION] {
        CLAMP | TABLE => 12,
        SLOPES => 20,
        got => return Err(FormatError::Code { layer: index, got }),
    };
    let has_table = record[layer::ACTIVATION] == TABLE;
    if has_table != (table_len > 0) || table_len > TABLE_LIMIT {
        return Err(FormatError::Table { layer: index, got: table_len });
    }
    let offset = u32_at(record, layer::EPILOGUE);
    let section =
        sections.get(offset, count * bytes_each + (table_len * element.bytes()) as u64)?;

    // The section lies within the file, so `count` fits.
    let count = count as usize;
    let (constants, rest) = section.split_at(8 * count);
    let (constants, _) = constants.as_chunks::<8>();
    let out_of_range = |c: &[u8; 8]| i64::from_le_bytes(*c).unsigned_abs() >= CONSTANT_LIMIT as u64;
    if let Some(at) = constants.iter().position(out_of_range) {
        return Err(FormatError::Constant { layer: index, index: at });
    }
    let (multipliers, rest) = rest.split_at(4 * count);
    let (multipliers, _) = multipliers.as_chunks::<4>();
    let activation = match record[layer::ACTIVATION] {
        SLOPES => {
            let (negative, biases) = rest.split_at(4 * count);
            let ((negative, _), (biases, _)) = (negative.as_chunks(), biases.as_chunks());
            Activation::Slopes { negative, biases }
        }
        TABLE => Activation::Table(rest),
        _ => Activation::Clamp,
    };
    Ok(Epilogue { multipliers, constants, activation, element })
}

fn read_directions<'a>(
    sections: &Sections<'a>,
    records: &'a [u8],
    latent_len: usize,
) -> Result<Vec<Direction<'a>, MAX_DIRECTIONS>, FormatError> {
    let (records, _) = records.as_chunks::<{ direction::LEN }>();
    let mut directions = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let offset = u32_at(record, direction::VALUES);
        let (values, _) = sections.get(offset, 4 * latent_len as u64)?.as_chunks::<4>();
        let malformed = FormatError::Direction { index };
        let name = text(&record[direction::NAME]).ok_or(malformed)?;
        if values.iter().any(|&v| !f32::from_le_bytes(v).is_finite()) {
            return Err(malformed);
        }
        // Their number is at most the capacity.
        let _ = directions.push(Direction { name, values });
    }
    Ok(directions)
}

/// The part of the file behind the tables.
struct Sections<'a> {
    file: &'a [u8],
    begin: usize,
}

impl<'a> Sections<'a> {
    fn get(&self, offset: usize, len: u64) -> Result<&'a [u8], FormatError> {
        let error =
            FormatError::Section { offset, len: usize::try_from(len).unwrap_or(usize::MAX) };
        if !offset.is_multiple_of(ALIGNMENT) || offset < self.begin {
            return Err(error);
        }
        let len = usize::try_from(len).map_err(|_| error)?;
        let end = offset.checked_add(len).ok_or(error)?;
        self.file.get(offset..end).ok_or(error)
    }
}

/// UTF-8 up to the first zero; only zeros may follow it, and something must come before it.
fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    let (text, rest) = field.split_at(end);
    let filled = rest.iter().all(|&byte| byte == 0) && !text.is_empty();
    core::str::from_utf8(text).ok().filter(|_| filled)
}

/// A field as a number; `range` lies within `bytes`, as the callers have checked.
fn u16_at(bytes: &[u8], range: Range<usize>) -> usize {
    usize::from(u16::from_le_bytes([bytes[range.start], bytes[range.start + 1]]))
}

fn u32_at(bytes: &[u8], range: Range<usize>) -> usize {
    let at = range.start;
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}
