//! Files that the writer would not write, but the reader accepts: any output size and padding, any
//! sixteen bits for weights. All kernels agree on them, and none panics.

mod common;

use common::net::{self, Geometry, Numbers, Values};
use common::stream::stream;
use gen_core::Model;
use gen_core::axis::Convolution;
use gen_core::format::write::{Draft, seal};
use gen_core::latent::Random;

const HEADER: usize = 96;
const RECORD: usize = 28;
/// Offset of the weights' offset in a record.
const WEIGHTS: usize = 16;

/// Two layers with outputs that follow from nothing, behind a dense one.
fn draft(numbers: &mut Numbers, latent_len: usize) -> Draft {
    let mut draft = net::empty(latent_len);
    let channels = [9, 9, 9, 150][numbers.below(4)];
    let mut size = [1 + numbers.below(4), 1 + numbers.below(6), 1 + numbers.below(channels)];
    draft.layers.push(net::dense(numbers, latent_len, size));
    for last in [false, true] {
        let convolution = [Convolution::Transposed, Convolution::Plain][numbers.below(2)];
        let mut geometry =
            || Geometry::even(convolution, 1 + numbers.below(6), 1 + numbers.below(6), 0);
        let (rows, columns) = (geometry(), geometry());
        let channels = if last { [1, 3][numbers.below(2)] } else { 1 + numbers.below(12) };
        let activation = numbers.below(3);
        // On an input that is large enough for any kernel, to have a draft at all.
        let input = [size[0].max(8), size[1].max(8), size[2]];
        let layer = net::layer(numbers, input, rows, columns, channels, activation);
        let mut layer = layer.expect("large enough");
        layer.output = [1 + numbers.below(12), 1 + numbers.below(100), channels];
        layer.pad = [numbers.below(9), numbers.below(9)];
        size = layer.output;
        draft.layers.push(layer);
    }
    draft
}

/// Puts a = −128 and b = 128 (0), or their like (1, 2), or all of them (3) into every word, those that
/// fill up among them.
fn overload(file: &mut [u8], numbers: &mut Numbers, pattern: usize) {
    let sizes: Vec<usize> =
        Model::parse(file).unwrap().layers().iter().map(|layer| layer.weight_bytes()).collect();
    for (layer, size) in sizes.into_iter().enumerate() {
        let at = HEADER + layer * RECORD + WEIGHTS;
        let offset = u32::from_le_bytes(*file[at..].first_chunk().unwrap()) as usize;
        for number in file[offset..offset + size].as_chunks_mut().0 {
            let pattern = if pattern == 3 { numbers.below(3) } else { pattern };
            *number = [0x7f80_u16, 0x7fff, 0x8000][pattern].to_le_bytes();
        }
    }
    seal(file);
}

#[test]
fn kernels_agree_on_what_no_writer_writes() {
    let mut drawn = 0;
    for seed in 0..2000 {
        let values = [Values::Random, Values::Extreme][seed as usize % 2];
        let mut numbers = Numbers(Random::new(seed), values);
        let latent_len = 1 + numbers.below(if seed % 10 == 0 { 300 } else { 70 });
        let draft = Draft { whole: numbers.below(3), ..draft(&mut numbers, latent_len) };
        let Ok(mut file) = draft.to_bytes() else { continue };
        if seed % 3 == 0 {
            let pattern = numbers.below(4);
            overload(&mut file, &mut numbers, pattern);
        }
        let latent = match seed % 4 {
            0 => vec![2047; latent_len],
            _ => numbers.latent(latent_len),
        };
        // Where nothing is aligned.
        file.insert(0, 0);
        stream(&file[1..], &latent);
        drawn += 1;
    }
    assert!(drawn > 1000, "only {drawn} files were accepted");
}

/// Sums of just over [`CHUNK`](gen_core::weights::CHUNK) products and of many more, each as large as it
/// can be, and not so large that the epilogue's clamp would hide a wrong one.
#[test]
fn kernels_agree_on_the_largest_sums() {
    let mut numbers = Numbers(Random::new(0), Values::Random);
    let plain = Geometry::even(Convolution::Plain, 3, 1, 1);
    for (geometry, taps, channels) in [(Geometry::TRUNK, 4, 66), (plain, 9, 30), (plain, 9, 150)] {
        let mut draft = net::empty(1);
        let mut white = net::dense(&mut numbers, 1, [5, 5, channels]);
        white.multipliers.fill(0);
        white.constants.fill(255 << 32);
        let size = white.output;
        draft.layers.push(white);
        let layer = net::layer(&mut numbers, size, geometry, geometry, 3, 0);
        let mut layer = layer.expect("has an output");
        let largest = (taps * channels * 255 * 128) as i64;
        layer.zero_point = 0;
        layer.multipliers.fill(((100_i64 << 32) / largest) as i32);
        layer.constants.fill(120 << 32);
        draft.layers.push(layer);
        let mut file = draft.to_bytes().expect("the draft is valid");
        for pattern in 0..4 {
            overload(&mut file, &mut numbers, pattern);
            stream(&file, &[0]);
        }
    }
}
