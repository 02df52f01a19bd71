//! Writing a `.gen` file (feature `writer`, needs std).

use super::{
    ALIGNMENT, BYTE, CLAMP, MAGIC, NORMAL, ONE_HOT, PLAIN, SLOPES, TABLE, TRANSPOSED, UNIFORM,
    VERSION, WEIGHT_BYTE, WEIGHT_WIDE, WIDE, WIDE_SIGNED, checksum, direction, header, layer, part,
};
use crate::axis::{Axis, Convolution};
use crate::element::{Element, Weight};
use crate::format::FormatError;
use crate::latent::{Distribution, Latent, Part};
use crate::model::Model;
use crate::weights::{Order, Word, join, word};
use core::fmt;
use core::ops::Range;

/// Everything that a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// At most 32 bytes of UTF-8.
    pub name: String,
    /// SHA-256 of the ONNX file.
    pub source: [u8; 32],
    /// The parts of what the model takes as input.
    pub latent: Vec<DraftPart>,
    /// Layers, from the first on, that are computed whole ([`Plan`](crate::plan::Plan)).
    pub whole: usize,
    /// First to last.
    pub layers: Vec<DraftLayer>,
    /// Named latent directions (name of at most 24 bytes, one value per latent element).
    pub directions: Vec<(String, Vec<f32>)>,
}

/// A [`Part`] of a latent.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftPart {
    /// 1 to 24 bytes of UTF-8, without zeros.
    pub name: String,
    /// Elements.
    pub len: usize,
    /// What the generator was trained on.
    pub distribution: Distribution,
    /// Steps of its quantised elements per unit.
    pub scale: f32,
}

impl From<&Part<'_>> for DraftPart {
    fn from(&Part { name, len, distribution, scale }: &Part<'_>) -> Self {
        Self { name: name.to_owned(), len, distribution, scale }
    }
}

impl DraftPart {
    /// The latent of `parts`, of which those beyond [`MAX_PARTS`](crate::latent::MAX_PARTS) are left out.
    pub fn latent(parts: &[Self]) -> Latent<'_> {
        Latent::new(parts.iter().map(|Self { name, len, distribution, scale }| Part {
            name,
            len: *len,
            distribution: *distribution,
            scale: *scale,
        }))
    }
}

/// One layer, before its weights are split into phases.
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
    /// What the output's elements are.
    pub element: Element,
    /// What the weights are.
    pub weight: Weight,
    /// `[out][kernel row][kernel column][in]`, within ±[`Weight::max`].
    pub weights: Vec<i16>,
    /// Whether the numbers below are per feature (output HWC) instead of per channel.
    pub per_feature: bool,
    /// `m`, see [`Epilogue`](crate::requant::Epilogue).
    pub multipliers: Vec<i32>,
    /// `C`.
    pub constants: Vec<i64>,
    /// What else the activation needs.
    pub activation: DraftActivation,
}

/// See [`Epilogue`](crate::requant::Epilogue).
#[derive(Clone, Debug, PartialEq)]
pub enum DraftActivation {
    /// ReLU or none.
    Clamp,
    /// Multipliers for negative accumulators, and the biases in the accumulator's unit.
    Slopes {
        /// `m₋`.
        negative: Vec<i32>,
        /// `b`.
        biases: Vec<i32>,
    },
    /// A function as a table of the output's elements.
    Table(Vec<i16>),
}

/// Why a draft cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// A number does not fit the file's field.
    Field {
        /// What it is.
        what: &'static str,
        /// Its value.
        value: usize,
    },
    /// A list of the layer has not the length that its sizes ask for.
    Count {
        /// The layer, from 0.
        layer: usize,
        /// Which list.
        what: &'static str,
        /// Elements needed.
        need: usize,
        /// Elements given.
        got: usize,
    },
    /// The file would not be read back.
    Invalid(FormatError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { what, value } => write!(f, "{what} {value} does not fit a .gen file"),
            Self::Count { layer, what, need, got } => {
                write!(f, "layer {layer}: {got} {what}, its sizes ask for {need}")
            }
            Self::Invalid(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for WriteError {}

impl Draft {
    /// The file's bytes, which [`Model::parse`] accepts.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let parts = header::LEN + self.layers.len() * layer::LEN;
        let directions = parts + self.latent.len() * part::LEN;
        let latent_len = self.latent.iter().map(|part| part.len).sum();
        let mut file = vec![0; directions + self.directions.len() * direction::LEN];
        file[header::MAGIC].copy_from_slice(&MAGIC);
        file[header::VERSION].copy_from_slice(&VERSION.to_le_bytes());
        file[header::LAYERS] = byte("number of layers", self.layers.len())?;
        file[header::DIRECTIONS] = byte("number of directions", self.directions.len())?;
        put_u16(&mut file, header::LATENT_LEN, "latent length", latent_len)?;
        file[header::PARTS] = byte("number of parts", self.latent.len())?;
        file[header::WHOLE] = byte("number of layers computed whole", self.whole)?;
        put_text(&mut file, header::NAME, "length of the name", &self.name)?;
        file[header::SOURCE].copy_from_slice(&self.source);

        for (index, part) in self.latent.iter().enumerate() {
            part.write(&mut file, parts + index * part::LEN)?;
        }
        let mut input = [1, 1, latent_len];
        for (index, draft) in self.layers.iter().enumerate() {
            draft.write(index, input, &mut file)?;
            input = draft.output;
        }
        for (index, (name, values)) in self.directions.iter().enumerate() {
            let at = directions + index * direction::LEN;
            if values.len() != latent_len {
                let value = values.len();
                return Err(WriteError::Field { what: "length of a direction", value });
            }
            put_text(&mut file, shift(direction::NAME, at), "length of a direction's name", name)?;
            let section = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            put_section(&mut file, shift(direction::VALUES, at), section)?;
        }

        let length = file.len();
        put_u32(&mut file, header::LENGTH, "length of the file", length)?;
        seal(&mut file);
        // Only the reader knows the plan; it tells what the working memory must be.
        if let Err(FormatError::Memory { need, .. }) = Model::parse(&file).map(drop) {
            put_u32(&mut file, header::MEMORY, "working memory", need)?;
            seal(&mut file);
        }
        Model::parse(&file).map_err(WriteError::Invalid)?;
        Ok(file)
    }
}

/// Renews the checksum of a changed file. What is too short to have one is left alone.
pub fn seal(file: &mut [u8]) {
    if file.len() < header::LEN {
        return;
    }
    let checksum = checksum(file);
    file[header::CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
}

impl DraftPart {
    fn write(&self, file: &mut [u8], at: usize) -> Result<(), WriteError> {
        put_text(file, shift(part::NAME, at), "length of a part's name", &self.name)?;
        put_u16(file, shift(part::LENGTH, at), "length of a part", self.len)?;
        file[at + part::DISTRIBUTION] = match self.distribution {
            Distribution::Normal => NORMAL,
            Distribution::Uniform => UNIFORM,
            Distribution::OneHot => ONE_HOT,
        };
        file[shift(part::SCALE, at)].copy_from_slice(&self.scale.to_le_bytes());
        Ok(())
    }
}

impl DraftLayer {
    fn write(&self, index: usize, input: [usize; 3], file: &mut Vec<u8>) -> Result<(), WriteError> {
        let at = header::LEN + index * layer::LEN;
        let [height, width, channels] = self.output;
        file[at + layer::CONVOLUTION] = match self.convolution {
            Convolution::Transposed => TRANSPOSED,
            Convolution::Plain => PLAIN,
        };
        file[at + layer::PER_FEATURE] = u8::from(self.per_feature);
        file[at + layer::ZERO_POINT] = self.zero_point;
        file[at + layer::ELEMENT] = match self.element {
            Element::Byte => BYTE,
            Element::Wide { signed: false } => WIDE,
            Element::Wide { signed: true } => WIDE_SIGNED,
        };
        file[at + layer::WEIGHT] = match self.weight {
            Weight::Byte => WEIGHT_BYTE,
            Weight::Wide => WEIGHT_WIDE,
        };
        put_u16(file, shift(layer::HEIGHT, at), "output height", height)?;
        put_u16(file, shift(layer::WIDTH, at), "output width", width)?;
        put_u16(file, shift(layer::CHANNELS, at), "output channels", channels)?;
        file[at + layer::KERNEL_ROWS] = byte("kernel rows", self.kernel[0])?;
        file[at + layer::KERNEL_COLUMNS] = byte("kernel columns", self.kernel[1])?;
        file[at + layer::STRIDE_ROWS] = byte("row stride", self.stride[0])?;
        file[at + layer::STRIDE_COLUMNS] = byte("column stride", self.stride[1])?;
        file[at + layer::PAD_TOP] = byte("top padding", self.pad[0])?;
        file[at + layer::PAD_LEFT] = byte("left padding", self.pad[1])?;

        let count = channels * if self.per_feature { height * width } else { 1 };
        let check = |what, need, got| match need == got {
            true => Ok(()),
            false => Err(WriteError::Count { layer: index, what, need, got }),
        };
        let taps = self.kernel[0] * self.kernel[1];
        check("weights", channels * taps * input[2], self.weights.len())?;
        let largest = self.weights.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(0);
        if largest > self.weight.max().unsigned_abs() {
            let value = largest.into();
            return Err(WriteError::Field { what: "magnitude of a weight", value });
        }
        check("multipliers", count, self.multipliers.len())?;
        check("constants", count, self.constants.len())?;
        put_section(file, shift(layer::WEIGHTS, at), self.ordered_weights(input))?;

        let mut section: Vec<u8> = self.constants.iter().flat_map(|c| c.to_le_bytes()).collect();
        section.extend(self.multipliers.iter().flat_map(|m| m.to_le_bytes()));
        file[at + layer::ACTIVATION] = match &self.activation {
            DraftActivation::Clamp => CLAMP,
            DraftActivation::Slopes { negative, biases } => {
                check("negative multipliers", count, negative.len())?;
                check("biases", count, biases.len())?;
                section.extend(negative.iter().chain(biases).flat_map(|m| m.to_le_bytes()));
                SLOPES
            }
            DraftActivation::Table(table) => {
                put_u16(file, shift(layer::TABLE_LEN, at), "length of a table", table.len())?;
                let possible = self.element.low()..=self.element.high();
                if let Some(entry) = table.iter().find(|entry| !possible.contains(entry)) {
                    let value = entry.unsigned_abs().into();
                    return Err(WriteError::Field { what: "entry of a table", value });
                }
                let bytes = self.element.bytes();
                section
                    .extend(table.iter().flat_map(|it| it.to_le_bytes().into_iter().take(bytes)));
                TABLE
            }
        };
        put_section(file, shift(layer::EPILOGUE, at), section)
    }

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

    /// The weights in the order of [`weights`](crate::weights).
    fn ordered_weights(&self, input: [usize; 3]) -> Vec<u8> {
        let (rows, columns) = (self.axis(input, 0), self.axis(input, 1));
        let channels_out = self.output[2];
        let weight = self.weight;
        let order = Order { rows, columns, channels_in: input[2], channels_out, weight };
        let mut words: Vec<Word> = Vec::new();
        for row_phase in 0..rows.phases() {
            for group in columns.groups() {
                let features = order.features(&group);
                for block in (0..features).step_by(order.block_features()) {
                    let pairs = order.block(row_phase, &group, block).pairs;
                    for (tx, ty) in pairs_of(group.taps, rows.count(row_phase)) {
                        let weight = |feature: usize, channel: usize| {
                            if feature >= features || channel >= input[2] {
                                return 0;
                            }
                            let phase = group.first + feature / channels_out;
                            let ky = rows.kernel_index(row_phase, ty);
                            let kx = columns.kernel_index(phase, tx);
                            let out = feature % channels_out;
                            let tap = (out * rows.kernel + ky) * columns.kernel + kx;
                            self.weights[tap * input[2] + channel]
                        };
                        for (k, pair) in pairs_of(order.depth(), pairs) {
                            let lane = |channel: usize| match self.weight {
                                Weight::Byte => {
                                    let (a, b) = (block + 2 * pair, block + 2 * pair + 1);
                                    join(weight(a, channel), weight(b, channel))
                                }
                                Weight::Wide => weight(block + pair, channel),
                            };
                            words.push(word([lane(2 * k), lane(2 * k + 1)]));
                        }
                    }
                }
            }
        }
        words.into_flattened()
    }
}

/// All `(i, j)` below `(outer, inner)`, in order.
fn pairs_of(outer: usize, inner: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..outer).flat_map(move |i| (0..inner).map(move |j| (i, j)))
}

fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

fn byte(what: &'static str, value: usize) -> Result<u8, WriteError> {
    u8::try_from(value).map_err(|_| WriteError::Field { what, value })
}

fn put_u16(
    file: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    value: usize,
) -> Result<(), WriteError> {
    let number = u16::try_from(value).map_err(|_| WriteError::Field { what, value })?;
    file[at].copy_from_slice(&number.to_le_bytes());
    Ok(())
}

fn put_u32(
    file: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    value: usize,
) -> Result<(), WriteError> {
    let number = u32::try_from(value).map_err(|_| WriteError::Field { what, value })?;
    file[at].copy_from_slice(&number.to_le_bytes());
    Ok(())
}

fn put_text(
    file: &mut [u8],
    at: Range<usize>,
    what: &'static str,
    text: &str,
) -> Result<(), WriteError> {
    if text.len() > at.len() {
        return Err(WriteError::Field { what, value: text.len() });
    }
    file[at][..text.len()].copy_from_slice(text.as_bytes());
    Ok(())
}

/// Appends an aligned section and stores its offset at `at`.
fn put_section(file: &mut Vec<u8>, at: Range<usize>, section: Vec<u8>) -> Result<(), WriteError> {
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
    let offset = file.len();
    put_u32(file, at, "offset of a section", offset)?;
    file.extend(section);
    Ok(())
}
