//! Files that the reader accepts although no writer writes them: any output size and padding, and any 16 bits as
//! weights, so that sums of 12-bit weights wrap. All kernels compute the same picture, and none panics.

mod common;

use common::net::{self, Geometry, Sampler, Values};
use common::stream::stream;
use gen_core::Model;
use gen_core::axis::Convolution;
use gen_core::format::write::{Draft, seal};
use gen_core::latent::Random;

const HEADER: usize = 96;
const RECORD: usize = 28;
/// Byte of a layer's record that has the offset of the weights.
const WEIGHTS: usize = 16;

/// A dense layer and two layers whose output sizes and paddings are random.
fn draft(sampler: &mut Sampler, latent_len: usize) -> Draft {
    let mut draft = net::empty(latent_len);
    let channels = [9, 9, 9, 150][sampler.below(4)];
    let mut size = [1 + sampler.below(4), 1 + sampler.below(6), 1 + sampler.below(channels)];
    draft.layers.push(net::dense(sampler, latent_len, size));
    for last in [false, true] {
        let convolution = [Convolution::Transposed, Convolution::Plain][sampler.below(2)];
        let mut geometry =
            || Geometry::even(convolution, 1 + sampler.below(6), 1 + sampler.below(6), 0);
        let (rows, columns) = (geometry(), geometry());
        let channels = if last { [1, 3][sampler.below(2)] } else { 1 + sampler.below(12) };
        let activation = sampler.below(3);
        // The input is large enough for any kernel, so that the layer has an output.
        let input = [size[0].max(8), size[1].max(8), size[2]];
        let layer = net::layer(sampler, input, rows, columns, channels, activation);
        let mut layer = layer.expect("large enough");
        layer.output = [1 + sampler.below(12), 1 + sampler.below(100), channels];
        layer.pad = [sampler.below(9), sampler.below(9)];
        size = layer.output;
        draft.layers.push(layer);
    }
    draft
}

/// Writes extreme lanes into every word of weights, padding included: `0x7f80` is a = −128 and b = 128, the others are
/// similar. `pattern` 0 to 2 chooses one of them, 3 mixes all.
fn overload(file: &mut [u8], sampler: &mut Sampler, pattern: usize) {
    let sizes: Vec<usize> =
        Model::parse(file).unwrap().layers().iter().map(|layer| layer.weight_bytes()).collect();
    for (layer, size) in sizes.into_iter().enumerate() {
        let at = HEADER + layer * RECORD + WEIGHTS;
        let offset = u32::from_le_bytes(*file[at..].first_chunk().unwrap()) as usize;
        for number in file[offset..offset + size].as_chunks_mut().0 {
            let pattern = if pattern == 3 { sampler.below(3) } else { pattern };
            *number = [0x7f80_u16, 0x7fff, 0x8000][pattern].to_le_bytes();
        }
    }
    overload_tables(file, sampler);
    seal(file);
}

/// Writes random 16-bit entries into tables of 12-bit elements.
fn overload_tables(file: &mut [u8], sampler: &mut Sampler) {
    for layer in 0..usize::from(file[10]) {
        let record = file[HEADER + layer * RECORD..][..RECORD].to_vec();
        let u16_at = |at: usize| usize::from(u16::from_le_bytes([record[at], record[at + 1]]));
        let (is_table, is_wide) = (record[1] == 2, record[26] != 0);
        if is_table && is_wide {
            let features = if record[2] == 1 { u16_at(4) * u16_at(6) } else { 1 };
            let section = u32::from_le_bytes(*record[20..].first_chunk().unwrap()) as usize;
            let begin = section + 12 * u16_at(8) * features;
            for entry in file[begin..begin + 2 * u16_at(24)].as_chunks_mut().0 {
                *entry = (sampler.within(-32768, 32767) as i16).to_le_bytes();
            }
        }
    }
}

#[test]
fn kernels_agree_on_what_no_writer_writes() {
    let mut drawn = 0;
    for seed in 0..2000 {
        let values = [Values::Random, Values::Extreme][seed as usize % 2];
        let mut sampler = Sampler(Random::new(seed), values);
        let latent_len = 1 + sampler.below(if seed % 10 == 0 { 300 } else { 70 });
        let mut draft = Draft { whole: sampler.below(3), ..draft(&mut sampler, latent_len) };
        net::widen_some(&mut sampler, &mut draft);
        let Ok(mut file) = draft.to_bytes() else { continue };
        if seed % 3 == 0 {
            let pattern = sampler.below(4);
            overload(&mut file, &mut sampler, pattern);
        }
        let latent = match seed % 4 {
            0 => vec![2047; latent_len],
            _ => sampler.latent(latent_len),
        };
        // An address at which nothing is aligned.
        file.insert(0, 0);
        stream(&file[1..], &latent);
        drawn += 1;
    }
    assert!(drawn > 1000, "only {drawn} files were accepted");
}

/// Sums of just over `CHUNK` products and of many more. Each product is as large as possible, but the epilogue scales
/// the sums so that no clamp hides a wrong one.
#[test]
fn kernels_agree_on_the_largest_sums() {
    let mut sampler = Sampler(Random::new(0), Values::Random);
    let plain = Geometry::even(Convolution::Plain, 3, 1, 1);
    let sizes = [(Geometry::TRUNK, 4, 66), (plain, 9, 30), (plain, 9, 150)];
    for ((geometry, taps, channels), wide) in
        sizes.iter().flat_map(|it| (0..4).map(move |w| (*it, w)))
    {
        let mut draft = net::empty(1);
        let mut white = net::dense(&mut sampler, 1, [5, 5, channels]);
        white.multipliers.fill(0);
        white.constants.fill(255 << 32);
        let size = white.output;
        draft.layers.push(white);
        let layer = net::layer(&mut sampler, size, geometry, geometry, 3, 0);
        draft.layers.push(layer.expect("has an output"));
        if wide & 1 != 0 {
            net::widen_output(&mut sampler, &mut draft, 0, false);
            draft.layers[0].constants.fill(2047 << 32);
        }
        let layer = &mut draft.layers[1];
        if wide & 2 != 0 {
            net::widen_weights(&mut sampler, layer);
        }
        let largest = [255, 2047][wide & 1] * [128, 2047][wide >> 1] * (taps * channels) as i64;
        layer.zero_point = 0;
        layer.multipliers.fill(((100_i64 << 32) / largest) as i32);
        layer.constants.fill(120 << 32);
        let mut file = draft.to_bytes().expect("the draft is valid");
        for pattern in 0..4 {
            overload(&mut file, &mut sampler, pattern);
            stream(&file, &[0]);
        }
    }
}
