//! A layer: geometry, types, weights, epilogue.

use super::field::{u16_at, u32_at};
use super::section::Sections;
use crate::axis::{Axis, Convolution};
use crate::element::{Element, Weight};
use crate::format::{
    BYTE, CLAMP, DIMENSION_LIMIT, FormatError, PLAIN, SLOPES, TABLE, TABLE_LIMIT, TRANSPOSED,
    WEIGHT_BYTE, WEIGHT_WIDE, WIDE, WIDE_SIGNED, layer,
};
use crate::layer::Layer;
use crate::requant::{Activation, CONSTANT_LIMIT, Epilogue};
use crate::shape::Shape;
use crate::weights::Order;

/// The bytes of a layer's record.
type Record = [u8; layer::LEN];

/// Reads layer `index`, whose input has the given size and element type.
pub(super) fn read_layer<'a>(
    sections: &Sections<'a>,
    record: &Record,
    index: usize,
    (input, input_element): (Shape, Element),
) -> Result<Layer<'a>, FormatError> {
    let (rows, columns) = read_axes(record, index, input)?;
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
        got => return Err(FormatError::Element { layer: index, got }),
    };
    let weight = match record[layer::WEIGHT] {
        WEIGHT_BYTE => Weight::Byte,
        WEIGHT_WIDE => Weight::Wide,
        got => return Err(FormatError::Weight { layer: index, got }),
    };
    let zero_point = record[layer::ZERO_POINT];
    if input_element.is_wide() && zero_point != 0 {
        return Err(FormatError::ZeroPoint { layer: index, got: zero_point });
    }
    let per_feature = match record[layer::PER_FEATURE] {
        0 => false,
        1 => true,
        got => return Err(FormatError::PerFeature { layer: index, got }),
    };

    let channels_in = input.channels;
    let order = Order { rows, columns, channels_in, channels_out, weight };
    let weights = sections.get(u32_at(record, layer::WEIGHTS), 4 * order.words())?;
    let (weights, _) = weights.as_chunks::<4>();
    let features = rows.output as u64 * columns.output as u64;
    let count = channels_out as u64 * if per_feature { features } else { 1 };
    let epilogue = read_epilogue(sections, record, index, (count, element))?;
    let products = rows.window() as u64 * columns.window() as u64 * channels_in as u64;
    let largest = products * largest_weight(weight) * input_element.high() as u64;
    if largest + largest_bias(&epilogue) > i32::MAX as u64 {
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

/// Reads the geometry along rows and columns. Sizes are not yet checked.
fn read_axes(record: &Record, index: usize, input: Shape) -> Result<(Axis, Axis), FormatError> {
    let convolution = match record[layer::CONVOLUTION] {
        TRANSPOSED => Convolution::Transposed,
        PLAIN => Convolution::Plain,
        got => return Err(FormatError::Convolution { layer: index, got }),
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
    Ok((rows, columns))
}

/// Reads the epilogue of `count` channels or features and of the given output element.
fn read_epilogue<'a>(
    sections: &Sections<'a>,
    record: &Record,
    index: usize,
    (count, element): (u64, Element),
) -> Result<Epilogue<'a>, FormatError> {
    let table_len = u16_at(record, layer::TABLE_LEN);
    let bytes_each = match record[layer::ACTIVATION] {
        CLAMP | TABLE => 12,
        SLOPES => 20,
        got => return Err(FormatError::Activation { layer: index, got }),
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

/// The largest magnitude that a weight can have in the file, whatever bits are there; 0 for 12-bit weights, whose sums
/// are modulo 2³² and cannot overflow.
const fn largest_weight(weight: Weight) -> u64 {
    match weight {
        Weight::Byte => 128,
        Weight::Wide => 0,
    }
}

/// The largest magnitude of a bias. Always inlined: in its only caller it takes less code than the call.
#[inline(always)]
fn largest_bias(epilogue: &Epilogue<'_>) -> u64 {
    let Activation::Slopes { biases, .. } = epilogue.activation else { return 0 };
    let magnitudes = biases.iter().map(|&b| u64::from(i32::from_le_bytes(b).unsigned_abs()));
    magnitudes.max().unwrap_or(0)
}
