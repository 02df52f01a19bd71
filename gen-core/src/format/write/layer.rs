//! A layer: geometry, weights, epilogue.

use super::WriteError;
use super::field::{byte, put, put_section};
use crate::axis::{Axis, Convolution};
use crate::element::{Element, Weight};
use crate::format::{
    BYTE, CLAMP, PLAIN, SLOPES, TABLE, TRANSPOSED, WEIGHT_BYTE, WEIGHT_WIDE, WIDE, WIDE_SIGNED,
    layer,
};

/// A layer whose weights are in the usual order, not yet split into phases.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftLayer {
    /// Transposed or plain.
    pub convolution: Convolution,
    /// Output height, width, channels.
    pub output: [usize; 3],
    /// Kernel rows and columns.
    pub kernel: [usize; 2],
    /// Stride along rows and columns.
    pub stride: [usize; 2],
    /// Padding at the top and at the left.
    pub pad: [usize; 2],
    /// Quantised value that stands for 0 in the input.
    pub zero_point: u8,
    /// Element type of the output.
    pub element: Element,
    /// Type of the weights.
    pub weight: Weight,
    /// `[out][kernel row][kernel column][in]`, within ±[`Weight::max`].
    pub weights: Vec<i16>,
    /// Whether the epilogue has parameters for each feature (output HWC) instead of for each output channel.
    pub per_feature: bool,
    /// `m` of the [`Epilogue`](crate::requant::Epilogue), 32 fractional bits; one per channel or per feature.
    pub multipliers: Vec<i32>,
    /// `C`, 32 fractional bits; one per multiplier.
    pub constants: Vec<i64>,
    /// The activation.
    pub activation: DraftActivation,
}

/// The activation, with the parameters that it needs beside multipliers and constants.
#[derive(Clone, Debug, PartialEq)]
pub enum DraftActivation {
    /// ReLU or none: the clamp to the element's range.
    Clamp,
    /// PReLU and leaky ReLU.
    Slopes {
        /// `m₋`: multipliers for negative `accumulator + bias`, 32 fractional bits.
        negative: Vec<i32>,
        /// `b`: biases, in the accumulator's unit.
        biases: Vec<i32>,
    },
    /// Any function, as a table of output elements.
    Table(Vec<i16>),
}

impl DraftLayer {
    /// The geometry along rows (0) or columns (1), for an input of height, width, channels.
    pub fn axis(&self, input: [usize; 3], along: usize) -> Axis {
        Axis {
            convolution: self.convolution,
            input: input[along],
            output: self.output[along],
            kernel: self.kernel[along],
            stride: self.stride[along],
            pad: self.pad[along],
        }
    }

    /// The record of layer `index`, for an input of height, width, channels. Appends its sections to `file`.
    pub(super) fn record(
        &self,
        index: usize,
        input: [usize; 3],
        file: &mut Vec<u8>,
    ) -> Result<[u8; layer::LEN], WriteError> {
        let mut record = self.sizes()?;
        self.check_weights(index, input)?;
        put_section(file, &self.ordered_weights(input), &mut record, layer::WEIGHTS)?;
        self.put_epilogue(index, file, &mut record)?;
        Ok(record)
    }

    /// A record of types and sizes only.
    fn sizes(&self) -> Result<[u8; layer::LEN], WriteError> {
        let mut record = [0; layer::LEN];
        let [height, width, channels] = self.output;
        record[layer::CONVOLUTION] = match self.convolution {
            Convolution::Transposed => TRANSPOSED,
            Convolution::Plain => PLAIN,
        };
        record[layer::PER_FEATURE] = u8::from(self.per_feature);
        record[layer::ZERO_POINT] = self.zero_point;
        record[layer::ELEMENT] = match self.element {
            Element::Byte => BYTE,
            Element::Wide { signed: false } => WIDE,
            Element::Wide { signed: true } => WIDE_SIGNED,
        };
        record[layer::WEIGHT] = match self.weight {
            Weight::Byte => WEIGHT_BYTE,
            Weight::Wide => WEIGHT_WIDE,
        };
        put(&mut record, layer::HEIGHT, "output height", height)?;
        put(&mut record, layer::WIDTH, "output width", width)?;
        put(&mut record, layer::CHANNELS, "output channels", channels)?;
        record[layer::KERNEL_ROWS] = byte("kernel rows", self.kernel[0])?;
        record[layer::KERNEL_COLUMNS] = byte("kernel columns", self.kernel[1])?;
        record[layer::STRIDE_ROWS] = byte("row stride", self.stride[0])?;
        record[layer::STRIDE_COLUMNS] = byte("column stride", self.stride[1])?;
        record[layer::PAD_TOP] = byte("top padding", self.pad[0])?;
        record[layer::PAD_LEFT] = byte("left padding", self.pad[1])?;
        Ok(record)
    }

    /// Checks the number of weights and their magnitudes.
    fn check_weights(&self, index: usize, input: [usize; 3]) -> Result<(), WriteError> {
        let taps = self.kernel[0] * self.kernel[1];
        let need = self.output[2] * taps * input[2];
        check_count(index, "weights", need, self.weights.len())?;
        let largest = self.weights.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(0);
        if largest > self.weight.max().unsigned_abs() {
            let value = largest.into();
            return Err(WriteError::Field { what: "magnitude of a weight", value });
        }
        Ok(())
    }

    /// Appends the epilogue's section to `file` and writes the activation into the record.
    fn put_epilogue(
        &self,
        index: usize,
        file: &mut Vec<u8>,
        record: &mut [u8],
    ) -> Result<(), WriteError> {
        let [height, width, channels] = self.output;
        let count = channels * if self.per_feature { height * width } else { 1 };
        let check = |what, got| check_count(index, what, count, got);
        check("multipliers", self.multipliers.len())?;
        check("constants", self.constants.len())?;
        let mut section: Vec<u8> = self.constants.iter().flat_map(|c| c.to_le_bytes()).collect();
        section.extend(self.multipliers.iter().flat_map(|m| m.to_le_bytes()));
        record[layer::ACTIVATION] = match &self.activation {
            DraftActivation::Clamp => CLAMP,
            DraftActivation::Slopes { negative, biases } => {
                check("negative multipliers", negative.len())?;
                check("biases", biases.len())?;
                section.extend(negative.iter().chain(biases).flat_map(|m| m.to_le_bytes()));
                SLOPES
            }
            DraftActivation::Table(table) => {
                put(record, layer::TABLE_LEN, "length of a table", table.len())?;
                let possible = self.element.low()..=self.element.high();
                if let Some(entry) = table.iter().find(|entry| !possible.contains(entry)) {
                    let value = entry.unsigned_abs().into();
                    return Err(WriteError::Field { what: "entry of a table", value });
                }
                for entry in table {
                    section.extend(&entry.to_le_bytes()[..self.element.bytes()]);
                }
                TABLE
            }
        };
        put_section(file, &section, record, layer::EPILOGUE)
    }
}

/// Compares the length of a layer's list with what its sizes ask for.
fn check_count(
    layer: usize,
    what: &'static str,
    need: usize,
    got: usize,
) -> Result<(), WriteError> {
    if need == got { Ok(()) } else { Err(WriteError::Count { layer, what, need, got }) }
}
