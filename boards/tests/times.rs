//! Compares estimated instructions with measured ones.

use boards::record::{Layer, accepted};
use boards::{CORES, Core, instructions, usual_times};
use gen_core::Model;
use gen_core::element::{Element, Weight};
use reference::{REFERENCES, Reference};

fn measured(core: Core, model: &str, layer: Layer) -> f64 {
    let records = accepted().records;
    let mut alike =
        records.iter().filter(|it| it.core == core.name && it.model == model && it.layer == layer);
    alike.next().unwrap().instructions as f64
}

#[test]
fn instructions_are_those_of_the_nearest_layers() {
    let file = include_bytes!("../../models/faces.gen");
    let model = Model::parse(file).unwrap();
    for core in CORES {
        let layers = instructions(core, &model).unwrap();
        for (index, instructions) in layers.iter().enumerate() {
            let expected = measured(core, "faces", Layer::Index(index));
            assert!((instructions - expected).abs() < 1.0, "{} {index}", core.name);
        }
        let all = measured(core, "faces", Layer::ALL);
        assert!((layers.iter().sum::<f64>() / all - 1.0).abs() < 0.001, "{}", core.name);
    }
    let unknown = Core { name: "Z80", ..Core::M3 };
    let error = instructions(unknown, &model).unwrap_err().to_string();
    let expected = "boards/bench.json has no figures of any generator for core Z80";
    assert!(error.starts_with(expected), "{error}");
}

/// The times of the exporter's report: the right cores, in the right order.
#[test]
fn usual_times_are_of_five_cores() {
    let model = Model::parse(include_bytes!("../../models/faces.gen")).unwrap();
    let times = usual_times(&model).unwrap();
    let cores: Vec<_> = times.iter().map(|time| (time.core, time.clock_mhz)).collect();
    let expected = [("M0+", 48.0), ("M3", 72.0), ("M4", 168.0), ("M33", 150.0), ("M55", 400.0)];
    assert_eq!(cores, expected);
    for time in times {
        assert_eq!(time.seconds, time.layers.iter().sum::<f64>());
    }
}

/// For 12-bit inputs or weights, the estimate is a fixed multiple of that for 8 bits, whatever the layer's
/// size.
#[test]
fn twelve_bits_take_as_many_times_more_as_was_measured() {
    let of = |element, weight| {
        let channels = [6, 5, 4, 3, 3];
        let tiny = Reference { latent: 4, channels, element, weight, ..REFERENCES[0] };
        let file = tiny.draft().to_bytes().unwrap();
        let model = Model::parse(&file).unwrap();
        CORES.map(|core| instructions(core, &model).unwrap())
    };
    let wide = Element::Wide { signed: false };
    let bytes = of(Element::Byte, Weight::Byte);
    let (tensors, weights) = (of(wide, Weight::Byte), of(Element::Byte, Weight::Wide));
    for (index, core) in CORES.into_iter().enumerate() {
        let measured = |kind: &str, layer: usize| {
            let model = format!("{}{kind}", REFERENCES[0].name);
            measured(core, &model, Layer::Index(layer))
        };
        // The layers are tiny: the nearest measured layers are the first, the last and, for all others, the
        // first of the hidden ones.
        let last = bytes[index].len() - 1;
        for layer in 0..=last {
            let place = match layer {
                0 => 0,
                _ if layer == last => 4,
                _ => 1,
            };
            let ratio = |wide: &[Vec<f64>]| wide[index][layer] / bytes[index][layer];
            let expected = measured(", 12-bit weights", place) / measured("", place);
            assert!((ratio(&weights) / expected - 1.0).abs() < 1e-9, "{} {layer}", core.name);
            let expected = measured(", 12-bit tensors", place) / measured("", place);
            let expected = if layer == 0 { 1.0 } else { expected };
            assert!((ratio(&tensors) / expected - 1.0).abs() < 1e-9, "{} {layer}", core.name);
        }
    }
}
