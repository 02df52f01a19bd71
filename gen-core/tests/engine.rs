//! The engine against the oracle.

mod common;

use common::net::{self, Geometry, Sampler, Values};
use common::oracle;
use common::stream::stream;
use gen_core::axis::Convolution;
use gen_core::format::write::Draft;
use gen_core::latent::Random;
use gen_core::{Engine, EngineError, Model};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Draws with every number of layers computed whole, and compares with the oracle.
fn assert_equal(draft: &Draft, latent: &[i16]) {
    let picture = oracle::run(draft, latent);
    for whole in 0..draft.layers.len() {
        let draft = Draft { whole, ..draft.clone() };
        let file = draft.to_bytes().expect("the draft fits the format");
        assert!(stream(&file, latent) == picture, "pictures differ, {whole} layers whole");
    }
}

fn geometry() -> impl Strategy<Value = Geometry> {
    (any::<bool>(), 1usize..=7, 1usize..=4).prop_flat_map(|(transposed, kernel, stride)| {
        let convolution = if transposed { Convolution::Transposed } else { Convolution::Plain };
        (0..=kernel, 0..kernel, 0..stride).prop_map(move |(pad, end_pad, output_padding)| {
            Geometry { convolution, kernel, stride, pad, end_pad, output_padding }
        })
    })
}

/// A dense layer, then up to four layers of any geometry; layers without output are left out. The last layer has 1 or
/// 3 channels.
fn network() -> impl Strategy<Value = (Draft, Vec<i16>)> {
    let layer = (geometry(), geometry(), 1usize..=5, 0usize..=2);
    let values = prop_oneof![Just(Values::Random), Just(Values::Extreme)];
    let layers = proptest::collection::vec(layer, 1..=4);
    (layers, 1usize..=6, 1usize..=5, 1usize..=5, 1usize..=9, values, any::<u64>()).prop_map(
        |(layers, height, width, channels, latent_len, values, seed)| {
            let mut sampler = Sampler(Random::new(seed), values);
            let mut draft = net::empty(latent_len);
            let mut size = [height, width, channels];
            draft.layers.push(net::dense(&mut sampler, latent_len, size));
            let last = layers.len() - 1;
            for (i, (rows, mut columns, channels, activation)) in layers.into_iter().enumerate() {
                columns.convolution = rows.convolution;
                let channels = if i == last { 1 + channels % 2 * 2 } else { channels };
                let layer = net::layer(&mut sampler, size, rows, columns, channels, activation);
                let small = |l: &net::DraftLayer| l.output[0] * l.output[1] <= 900;
                if let Some(layer) = layer.filter(small) {
                    size = layer.output;
                    draft.layers.push(layer);
                }
            }
            if size[2] != 1 && size[2] != 3 {
                let one = Geometry::even(Convolution::Plain, 1, 1, 0);
                draft.layers.extend(net::layer(&mut sampler, size, one, one, 3, 0));
            }
            net::widen_some(&mut sampler, &mut draft);
            let latent = sampler.latent(latent_len);
            (draft, latent)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn streamed_rows_equal_whole_maps((draft, latent) in network()) {
        assert_equal(&draft, &latent);
    }
}

/// One layer on a 3×5 map, for every kernel, stride, padding and output padding, with the same and with different
/// geometry along rows and columns.
#[test]
fn every_kernel_stride_and_padding() {
    let mut sampler = Sampler(Random::new(1), Values::Random);
    let mut checked = 0;
    for convolution in [Convolution::Transposed, Convolution::Plain] {
        for (kernel, stride) in (1..=7).flat_map(|k| (1..=4).map(move |s| (k, s))) {
            for (pad, output_padding) in (0..kernel).flat_map(|p| (0..stride).map(move |o| (p, o)))
            {
                let rows =
                    Geometry { convolution, kernel, stride, pad, end_pad: pad, output_padding };
                let other = Geometry { kernel: 3, stride: 2, pad: 1, end_pad: 1, ..rows };
                let other = Geometry { output_padding: output_padding % 2, ..other };
                for (rows, columns) in [(rows, rows), (rows, other), (other, rows)] {
                    let mut draft = net::empty(3);
                    draft.layers.push(net::dense(&mut sampler, 3, [3, 5, 2]));
                    let activation = checked % 3;
                    let layer = net::layer(&mut sampler, [3, 5, 2], rows, columns, 3, activation);
                    let Some(layer) = layer else { continue };
                    draft.layers.push(layer);
                    let latent = sampler.latent(3);
                    assert_equal(&draft, &latent);
                    net::widen_output(&mut sampler, &mut draft, 0, checked % 2 == 0);
                    net::widen_weights(&mut sampler, &mut draft.layers[1]);
                    assert_equal(&draft, &latent);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 1000, "only {checked} geometries had an output");
}

/// DCGAN's own trunk, k4 s2 p1, where pad % stride ≠ 0, through four layers.
#[test]
fn dcgan_trunk() {
    let mut sampler = Sampler(Random::new(2), Values::Random);
    let trunk = Geometry::TRUNK;
    let mut draft = net::empty(10);
    draft.layers.push(net::dense(&mut sampler, 10, [4, 4, 8]));
    for (size, channels, activation) in [([4, 4, 8], 6, 0), ([8, 8, 6], 5, 1), ([16, 16, 5], 3, 2)]
    {
        draft.layers.extend(net::layer(&mut sampler, size, trunk, trunk, channels, activation));
    }
    let latent = sampler.latent(10);
    assert_equal(&draft, &latent);
    // If most pixels were saturated, equality would say little.
    let picture = oracle::run(&draft, &latent);
    let values: BTreeSet<u8> = picture.iter().copied().collect();
    assert!(values.len() > 64, "{} values in the picture", values.len());
    // Two rows of each input, the picture's row, and the scratch: two rows of the largest input (16 pixels of 5
    // channels, padded to 6) at 16 bits, and 3 bytes for alignment.
    let file = draft.to_bytes().unwrap();
    let scratch = 2 * 16 * 6 * 2 + 3;
    let need = 2 * 4 * 8 + 2 * 8 * 6 + 2 * 16 * 5 + 32 * 3 + scratch;
    assert_eq!(gen_core::working_memory(&file), Some(need));
    assert_eq!(Model::parse(&file).unwrap().working_memory(), need);
    // Whole maps share their room, two at a time, and the rings follow the last map.
    let maps = [4 * 4 * 8_usize, 8 * 8 * 6, 16 * 16 * 5];
    let (ring, row, scratch) =
        (2 * 16 * 5, 32 * 3, |pixels: usize, channels| pixels * channels * 2 + 3);
    for (whole, need) in [
        (1, maps[0] + 2 * 8 * 6 + ring + row + scratch(2 * 16, 6)),
        (2, maps[1] + ring + row + scratch(2 * 16, 6)),
        (3, maps[1] + maps[2] + scratch(8 * 8, 6)),
    ] {
        let file = Draft { whole, ..draft.clone() }.to_bytes().unwrap();
        assert_eq!(gen_core::working_memory(&file), Some(need), "{whole} layers whole");
    }
}

#[test]
fn useful_macs_of_a_trunk_layer() {
    let mut sampler = Sampler(Random::new(3), Values::Random);
    let trunk = Geometry::TRUNK;
    let mut draft = net::empty(2);
    draft.layers.push(net::dense(&mut sampler, 2, [8, 8, 6]));
    draft.layers.extend(net::layer(&mut sampler, [8, 8, 6], trunk, trunk, 3, 0));
    let file = draft.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let macs: Vec<u64> = model.layers().iter().map(|layer| layer.useful_macs()).collect();
    assert_eq!(macs, [2 * 8 * 8 * 6, (4 * 8 - 2) * (4 * 8 - 2) * 6 * 3]);
}

#[test]
fn refuses_what_it_cannot_draw() {
    let mut sampler = Sampler(Random::new(4), Values::Random);
    let mut draft = net::empty(4);
    draft.layers.push(net::dense(&mut sampler, 4, [2, 2, 3]));
    let file = draft.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let need = model.working_memory();
    let short = Engine::new(model.clone(), &mut vec![0; need - 1]).err();
    assert_eq!(short, Some(EngineError::MemoryTooSmall { need, got: need - 1 }));
    let mut memory = vec![0; need];
    let mut engine = Engine::new(model, &mut memory).unwrap();
    let length = engine.draw(&[0; 5]).err();
    assert_eq!(length, Some(EngineError::LatentLength { need: 4, got: 5 }));
    let range = engine.draw(&[0, 2047, -2048, 9999]).err();
    assert_eq!(range, Some(EngineError::LatentRange { index: 2, value: -2048 }));
}

/// A picture that is given up half-way does not change the next one.
#[test]
fn pictures_do_not_depend_on_earlier_ones() {
    let mut sampler = Sampler(Random::new(5), Values::Random);
    let mut draft = net::empty(4);
    draft.layers.push(net::dense(&mut sampler, 4, [5, 4, 3]));
    let latents = [sampler.latent(4), sampler.latent(4)];
    let file = draft.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![0; model.working_memory()];
    let mut engine = Engine::new(model, &mut memory).unwrap();
    let mut given_up = engine.draw(&latents[0]).unwrap();
    given_up.next_row();
    given_up.next_row();
    let mut picture = engine.draw(&latents[1]).unwrap();
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(row) = picture.next_row() {
        bytes.extend(row);
    }
    assert_eq!(bytes, oracle::run(&draft, &latents[1]));
}
