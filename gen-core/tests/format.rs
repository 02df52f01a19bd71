//! The file format: round trip, and every error.

mod common;

use common::net::{self, Geometry, Sampler, Values};
use common::stream::stream;
use gen_core::axis::Convolution;
use gen_core::format::VERSION;
use gen_core::format::write::{Draft, DraftActivation, DraftPart, WriteError, seal};
use gen_core::latent::{Distribution, Random};
use gen_core::{FormatError, Model};
use proptest::prelude::*;

const HEADER: usize = 96;
const RECORD: usize = 28;

/// A network with each activation and both kinds of convolution, and a direction.
fn draft() -> Draft {
    let mut sampler = Sampler(Random::new(9), Values::Random);
    let mut draft = net::empty(4);
    let up = Geometry::TRUNK;
    let same = Geometry::even(Convolution::Plain, 3, 1, 1);
    draft.layers.push(net::dense(&mut sampler, 4, [2, 2, 5]));
    draft.layers.extend(net::layer(&mut sampler, [2, 2, 5], up, up, 4, 1));
    draft.layers.extend(net::layer(&mut sampler, [4, 4, 4], same, same, 3, 2));
    draft.directions.push(("glasses".into(), vec![0.5, -1.0, 0.0, 2.0]));
    draft
}

fn file() -> Vec<u8> {
    draft().to_bytes().expect("the draft is valid")
}

#[test]
fn round_trip() {
    let (draft, file) = (draft(), file());
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.name(), "test");
    assert_eq!(model.source(), &[7; 32]);
    assert_eq!(model.latent(), &DraftPart::latent(&draft.latent));
    assert_eq!(model.layers().len(), 3);
    for (layer, draft) in model.layers().iter().zip(&draft.layers) {
        let output = layer.output();
        assert_eq!([output.height, output.width, output.channels], draft.output);
        assert_eq!([layer.rows().kernel, layer.columns().kernel], draft.kernel);
        assert_eq!([layer.rows().stride, layer.columns().stride], draft.stride);
        assert_eq!([layer.rows().pad, layer.columns().pad], draft.pad);
        assert_eq!(layer.rows().convolution, draft.convolution);
        assert_eq!(layer.zero_point(), draft.zero_point);
        // Odd channels, 5 in or out, 3 out, are filled up.
        let [out, input] = [draft.output[2], layer.input().channels].map(|n| n.next_multiple_of(2));
        assert_eq!(layer.weight_bytes(), draft.kernel[0] * draft.kernel[1] * out * input);
    }
    let direction = &model.directions()[0];
    assert_eq!(direction.name, "glasses");
    assert!(direction.values().eq([0.5, -1.0, 0.0, 2.0]));
    assert_eq!(gen_core::working_memory(&file), Some(model.working_memory()));
    assert_eq!(file, draft.to_bytes().unwrap(), "writing is deterministic");
}

#[test]
fn parts_of_the_latent_round_trip() {
    let mut draft = draft();
    let part = |name: &str, len, distribution, scale| DraftPart {
        name: name.into(),
        len,
        distribution,
        scale,
        normalized: distribution == Distribution::Uniform,
    };
    draft.latent = vec![
        part("a name of 24 bytes, thus", 1, Distribution::Uniform, 2047.0),
        part("label", 3, Distribution::OneHot, 0.5),
    ];
    let file = draft.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.latent(), &DraftPart::latent(&draft.latent));
    assert_eq!((model.latent().len(), gen_core::latent_len(&file)), (4, Some(4)));
    assert_eq!(model.directions()[0].name, "glasses");
}

/// The file with bytes replaced, sealed again.
fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    seal(&mut file);
    file
}

fn offset_at(at: usize) -> usize {
    u32::from_le_bytes(file()[at..at + 4].try_into().unwrap()) as usize
}

/// At least one malformed file for every variant of the error.
#[test]
fn every_refusal() {
    use FormatError as E;
    let whole = file();
    let len = whole.len();
    let layer = |i: usize| HEADER + i * RECORD;
    let part = layer(3);
    let direction = part + 32;
    let constant = offset_at(layer(1) + 20) + 8;
    let value = offset_at(direction + 24);
    let bias = offset_at(layer(1) + 20) + 4 * (8 + 4 + 4);
    let memory = gen_core::working_memory(&whole).unwrap();
    let mut short_tables = whole[..HEADER].to_vec();
    short_tables[12..16].copy_from_slice(&(HEADER as u32).to_le_bytes());
    seal(&mut short_tables);
    let mut flipped = whole.clone();
    flipped[len - 1] ^= 1;

    let cases: Vec<(&str, Vec<u8>, E)> = vec![
        ("empty", vec![], E::TooShort { need: HEADER, got: 0 }),
        ("header only", short_tables, E::TooShort { need: direction + 28, got: HEADER }),
        ("png", patched(1, b"P"), E::Magic),
        ("version", patched(8, &[1, 0]), E::Version { got: 1 }),
        ("truncated", whole[..len - 1].to_vec(), E::Length { stored: len, got: len - 1 }),
        ("appended", [&whole[..], &[0]].concat(), E::Length { stored: len, got: len + 1 }),
        ("whole", patched(27, &[3]), E::Whole { got: 3 }),
        ("element", patched(layer(1) + 26, &[3]), E::Element { layer: 1, got: 3 }),
        ("weight", patched(layer(1) + 27, &[2]), E::Weight { layer: 1, got: 2 }),
        ("wide pixels", patched(layer(2) + 26, &[1]), E::Pixels { layer: 2, got: 1 }),
        ("zero-point of 12 bits", wide_zero_point(), E::ZeroPoint { layer: 1, got: 9 }),
        ("no name", patched(32, &[0; 32]), E::Name),
        ("name beyond zero", patched(40, b"x"), E::Name),
        ("name not UTF-8", patched(32, &[0xff]), E::Name),
        ("latent of 0", patched(24, &[0, 0]), E::Latent),
        ("latent longer than its parts", patched(24, &[5, 0]), E::Latent),
        ("latent large", large_latent(), E::Latent),
        ("reserved header", patched(31, &[1]), E::Reserved { offset: 28 }),
        ("no part", many(1, 0, 0), E::Parts { got: 0 }),
        ("9 parts", many(1, 9, 0), E::Parts { got: 9 }),
        ("part's name", patched(part, &[0xff]), E::Part { index: 0 }),
        ("part of 0", patched(part + 24, &[0, 0]), E::Part { index: 0 }),
        ("distribution", patched(part + 26, &[3]), E::Part { index: 0 }),
        ("normalised", patched(part + 27, &[2]), E::Part { index: 0 }),
        ("scale NaN", patched(part + 28, &f32::NAN.to_le_bytes()), E::Part { index: 0 }),
        ("scale 0", patched(part + 28, &[0; 4]), E::Part { index: 0 }),
        ("scale negative", patched(part + 28, &(-1f32).to_le_bytes()), E::Part { index: 0 }),
        ("no layers", patched(10, &[0]), E::Layers { got: 0 }),
        ("17 layers", many(17, 1, 0), E::Layers { got: 17 }),
        ("17 directions", many(1, 1, 17), E::Directions { got: 17 }),
        ("convolution", patched(layer(1), &[2]), E::Convolution { layer: 1, got: 2 }),
        ("activation", patched(layer(1) + 1, &[3]), E::Activation { layer: 1, got: 3 }),
        ("per feature", patched(layer(1) + 2, &[2]), E::PerFeature { layer: 1, got: 2 }),
        ("zero-point of latents", patched(layer(0) + 3, &[1]), E::ZeroPoint { layer: 0, got: 1 }),
        ("height 0", patched(layer(1) + 4, &[0, 0]), E::Dimension { layer: 1 }),
        ("width large", patched(layer(1) + 6, &[0xff, 0xff]), E::Dimension { layer: 1 }),
        ("channels 0", patched(layer(1) + 8, &[0, 0]), E::Dimension { layer: 1 }),
        ("kernel 0", patched(layer(1) + 10, &[0]), E::Dimension { layer: 1 }),
        ("kernel columns 0", patched(layer(1) + 11, &[0]), E::Dimension { layer: 1 }),
        ("row stride 0", patched(layer(1) + 12, &[0]), E::Dimension { layer: 1 }),
        ("stride 0", patched(layer(1) + 13, &[0]), E::Dimension { layer: 1 }),
        (
            "weights misaligned",
            patched(layer(0) + 16, &(offset_at(layer(0) + 16) as u32 + 1).to_le_bytes()),
            E::Section { offset: offset_at(layer(0) + 16) + 1, len: 4 * 2 * 2 * 6 },
        ),
        (
            "weights in the header",
            patched(layer(0) + 16, &[16, 0, 0, 0]),
            E::Section { offset: 16, len: 96 },
        ),
        (
            "weights beyond the file",
            patched(layer(0) + 16, &0xffff_fff0_u32.to_le_bytes()),
            E::Section { offset: 0xffff_fff0, len: 96 },
        ),
        (
            "epilogue in the header",
            patched(layer(1) + 20, &[32, 0, 0, 0]),
            E::Section { offset: 32, len: 4 * 20 },
        ),
        (
            "direction in the header",
            patched(direction + 24, &[0; 4]),
            E::Section { offset: 0, len: 4 * 4 },
        ),
        ("table for nothing", patched(layer(1) + 24, &[1, 0]), E::Table { layer: 1, got: 1 }),
        ("no table", patched(layer(2) + 24, &[0, 0]), E::Table { layer: 2, got: 0 }),
        ("table long", patched(layer(2) + 24, &[1, 0x40]), E::Table { layer: 2, got: 0x4001 }),
        (
            "constant",
            patched(constant, &(1_i64 << 62).to_le_bytes()),
            E::Constant { layer: 1, index: 1 },
        ),
        (
            "constant negative",
            patched(constant, &i64::MIN.to_le_bytes()),
            E::Constant { layer: 1, index: 1 },
        ),
        ("bias", patched(bias, &i32::MAX.to_le_bytes()), E::Accumulator { layer: 1 }),
        ("bias negative", patched(bias, &i32::MIN.to_le_bytes()), E::Accumulator { layer: 1 }),
        ("2 channels", two_channels(), E::Image { channels: 2 }),
        ("memory", patched(20, &[0; 4]), E::Memory { stored: 0, need: memory }),
        ("direction's name", patched(direction, &[0xff]), E::Direction { index: 0 }),
        (
            "direction infinite",
            patched(value, &f32::INFINITY.to_le_bytes()),
            E::Direction { index: 0 },
        ),
    ];
    for (what, file, error) in cases {
        assert_eq!(Model::parse(&file).err(), Some(error), "{what}");
        assert!(!error.to_string().is_empty());
    }
    let checksum = Model::parse(&flipped).err();
    assert!(matches!(checksum, Some(E::Checksum { stored, computed }) if stored != computed));
}

/// A file with the given number of records of each kind, all zero. The numbers are refused before records are read.
fn many(layers: u8, parts: u8, directions: u8) -> Vec<u8> {
    let mut file = file()[..HEADER].to_vec();
    let [layer, part, direction] = [layers, parts, directions].map(usize::from);
    file.resize(HEADER + layer * RECORD + part * 32 + direction * 28, 0);
    file[10..12].copy_from_slice(&[layers, directions]);
    file[26] = parts;
    let length = file.len() as u32;
    file[12..16].copy_from_slice(&length.to_le_bytes());
    seal(&mut file);
    file
}

/// A layer with 12-bit inputs and a zero-point.
fn wide_zero_point() -> Vec<u8> {
    let mut draft = draft();
    net::widen_output(&mut Sampler(Random::new(1), Values::Random), &mut draft, 0, true);
    let mut file = draft.to_bytes().unwrap();
    file[HEADER + RECORD + 3] = 9;
    seal(&mut file);
    file
}

/// A latent that is too long, although header and parts agree.
fn large_latent() -> Vec<u8> {
    let mut file = patched(24, &[1, 0x40]);
    let length = HEADER + 3 * RECORD + 24;
    file[length..length + 2].copy_from_slice(&[1, 0x40]);
    seal(&mut file);
    file
}

/// A file whose only fault is a picture of two channels: two latents to 1×1×3, with the third channel removed from the
/// record.
fn two_channels() -> Vec<u8> {
    let mut sampler = Sampler(Random::new(1), Values::Random);
    let mut draft = net::empty(2);
    draft.layers.push(net::dense(&mut sampler, 2, [1, 1, 3]));
    let mut file = draft.to_bytes().unwrap();
    file[HEADER + 8] = 2;
    seal(&mut file);
    file
}

#[test]
fn a_sum_of_too_many_products_is_refused() {
    // 8200 latents of ±2047 times −128 exceed 31 bits.
    let mut sampler = Sampler(Random::new(1), Values::Random);
    let mut draft = net::empty(8200);
    draft.layers.push(net::dense(&mut sampler, 8200, [1, 1, 1]));
    let error = WriteError::Invalid(FormatError::Accumulator { layer: 0 });
    assert_eq!(draft.to_bytes().err(), Some(error));
}

#[test]
fn the_writer_refuses_what_does_not_fit() {
    let mut long = draft();
    long.name = "x".repeat(33);
    let what = "length of the name";
    assert_eq!(long.to_bytes().err(), Some(WriteError::Field { what, value: 33 }));

    let mut wide = draft();
    wide.layers[1].kernel[0] = 256;
    let what = "kernel rows";
    assert_eq!(wide.to_bytes().err(), Some(WriteError::Field { what, value: 256 }));

    let mut few = draft();
    few.layers[1].weights.pop();
    let (need, got) = (4 * 4 * 4 * 5, 4 * 4 * 4 * 5 - 1);
    let error = WriteError::Count { layer: 1, what: "weights", need, got };
    assert_eq!(few.to_bytes().err(), Some(error));

    let mut large = draft();
    large.layers[1].weights[3] = -128;
    let what = "magnitude of a weight";
    assert_eq!(large.to_bytes().err(), Some(WriteError::Field { what, value: 128 }));
    let DraftActivation::Table(table) = &mut large.layers[2].activation else { unreachable!() };
    table[5] = 256;
    large.layers[1].weights[3] = 0;
    let what = "entry of a table";
    assert_eq!(large.to_bytes().err(), Some(WriteError::Field { what, value: 256 }));

    let mut sampler = Sampler(Random::new(1), Values::Random);
    let one = Geometry::even(Convolution::Plain, 1, 1, 0);
    let mut many = draft();
    let same = net::layer(&mut sampler, [4, 4, 3], one, one, 3, 0).unwrap();
    many.layers.extend(vec![same; 14]);
    let error = WriteError::Invalid(FormatError::Layers { got: 17 });
    assert_eq!(many.to_bytes().err(), Some(error));
    many.layers.pop();
    assert!(many.to_bytes().is_ok());

    let mut empty_table = draft();
    empty_table.layers[2].activation = DraftActivation::Table(vec![]);
    let error = FormatError::Table { layer: 2, got: 0 };
    assert_eq!(empty_table.to_bytes().err(), Some(WriteError::Invalid(error)));
}

/// Draws a picture if the file is accepted and small enough.
fn draw_if_accepted(file: &[u8]) {
    let Ok(model) = Model::parse(file) else { return };
    let work: u64 = model.layers().iter().map(|layer| layer.useful_macs()).sum();
    if model.working_memory() > 1 << 24 || work > 1 << 24 {
        return;
    }
    let shape = model.picture_shape();
    let picture = stream(file, &vec![-2047; model.latent().len()]);
    assert_eq!(picture.len() as u64, shape.elements());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..Default::default() })]

    /// Any bytes in header and tables, with a valid checksum.
    #[test]
    fn no_table_panics(changes in proptest::collection::vec((8usize..HEADER + 3 * RECORD + 60, any::<u8>()), 1..6)) {
        let mut file = file();
        for (at, byte) in changes {
            file[at] = byte;
        }
        let length = file.len() as u32;
        file[8..10].copy_from_slice(&VERSION.to_le_bytes());
        file[12..16].copy_from_slice(&length.to_le_bytes());
        seal(&mut file);
        if let Err(FormatError::Memory { need, .. }) = Model::parse(&file).map(drop) {
            file[20..24].copy_from_slice(&(need as u32).to_le_bytes());
            seal(&mut file);
        }
        draw_if_accepted(&file);
    }

    /// Any bytes after magic and version, with a valid checksum.
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = file()[..10].to_vec();
        file.extend([1, 0, 0, 0, 0, 0]);
        file.extend(bytes);
        let length = file.len() as u32;
        file[12..16].copy_from_slice(&length.to_le_bytes());
        seal(&mut file);
        draw_if_accepted(&file);
    }

    #[test]
    fn no_bit_flip_is_accepted(at in 0usize..file().len(), bit in 0..8) {
        let mut file = file();
        file[at] ^= 1u8 << bit;
        prop_assert!(Model::parse(&file).is_err());
    }
}
