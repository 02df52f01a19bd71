use super::epilogue::Epilogue;
use super::*;
use crate::calibrate::calibrate;
use crate::draw::Generator;
use crate::latent::wish::Wishes;
use crate::network::ending::pixel_rule;
use crate::network::fold::{Activation, fold_all};
use crate::network::function::Function;
use crate::network::operation::Operation;
use crate::onnx::graph::{float, geometry};
use crate::onnx::run::Passes;
use crate::onnx::source::Source;
use crate::picture::Planes;
use crate::picture::psnr::psnr;
use crate::quantize::gen_file::draft;
use crate::quantize::mix::{Mix, MixPart};
use crate::sketch;
use crate::sketch::Sketch;
use crate::{latent, twin};
use gen_core::element::{Element, Weight};
use gen_core::format::write::{Draft, DraftPart};

/// The network quantised with `mix`, its float original and its pixel rule.
fn exported(source: &Source, mix: &Mix) -> (Draft, Network, PixelRule) {
    let network = sketch::imported(source);
    let statistics = calibrate(&network, 1, 24, &|| ()).unwrap();
    let bytes = statistics.eight_bit();
    let tensors = mix.tensors(&bytes, &statistics.twelve_bit());
    let inputs = Inputs::record(&network, &bytes, 1, 24, &|| ()).unwrap();
    let pixels = pixel_rule(&network, None).unwrap();
    let quantized = quantize(&network, &statistics.folded, &tensors, mix, pixels, &inputs);
    let layers = quantized.unwrap().layers;
    let draft = Draft { layers, ..draft("sketch", source.sha256, &network) };
    (draft, network, pixels)
}

fn pictures(generator: Generator, count: usize) -> Vec<Planes> {
    let latent = DraftPart::latent(&generator.latent);
    (0..count).map(|seed| generator.picture(&latent::shown(0, seed, &latent)).unwrap()).collect()
}

/// Pictures of a quantised ONNX in tract, typed and optimised.
fn drawn(bytes: &[u8], count: usize) -> [Vec<Planes>; 2] {
    let twin = Source::decode("twin.onnx".as_ref(), bytes).unwrap();
    [Passes::Typed, Passes::Optimised].map(|passes| {
        pictures(Generator::quantised(&twin, &Wishes::default(), passes).unwrap(), count)
    })
}

/// Device and quantised ONNX draw the same pictures to the bit, and the float network draws similar ones.
#[test]
fn device_and_twin_are_equal_and_close_to_the_float_network() {
    for (source, least) in sketch::all().iter().zip([30.0, 30.0, 40.0, 35.0]) {
        let psnr = equal_and_close(source, &Mix::default());
        assert!(psnr > least, "{psnr} dB");
    }
}

/// Device and quantised ONNX are equal with 12 bits in any one part, in all weights, in all outputs, and in both.
#[test]
fn mixes_are_equal_and_closer() {
    for source in sketch::all() {
        let layers = sketch::imported(&source).layers.len();
        let weights = || (0..layers).map(MixPart::Weights);
        let outputs = || (0..layers - 1).map(MixPart::Output);
        for part in weights().chain(outputs()) {
            equal_and_close(&source, &Mix(vec![part]));
        }
        let bytes = equal_and_close(&source, &Mix::default());
        let of = |outputs, weights| equal_and_close(&source, &Mix::whole(layers, outputs, weights));
        // Finer weights alone may gain nothing beside 8-bit tensors, whose errors are larger: one network loses 2 dB
        // against 8-bit weights that are rounded for their inputs.
        of(false, true);
        let outputs = of(true, false);
        assert!(outputs > bytes + 0.5, "{bytes} {outputs}");
        let all = of(true, true);
        assert!(all > bytes + 6.0 && all > 55.0 && all > outputs + 2.0, "{bytes} {outputs} {all}");
    }
}

/// 12-bit weights whose sums with 12-bit inputs could exceed 31 bits get a coarser scale, just as coarse as needed.
#[test]
fn wide_sums_that_could_overflow_have_coarser_weights() {
    let source = Sketch::new(&[4, 1, 1])
        .convolution("ConvTranspose", [4, 256, 3], vec![])
        .then("LeakyRelu", &[], vec![float("alpha", 0.2)])
        .convolution("Conv", [256, 1, 3], geometry(1, [1, 1, 1, 1], 0))
        .plain("Tanh")
        .finish();
    let both = Mix::whole(2, true, true);
    let (draft, ..) = exported(&source, &both);
    let layer = &draft.layers[1];
    let element = Element::Wide { signed: true };
    let reach = bound::reach(layer, [3, 3, 256], element, 0..256);
    assert!((1 << 30..1 << 31).contains(&reach[0].magnitude()), "{reach:?}");
    let largest = layer.weights.iter().map(|w| w.abs()).max().unwrap();
    assert!((512..1536).contains(&largest), "{largest}");
    let psnr = equal_and_close(&source, &both);
    assert!(psnr > 60.0, "{psnr}");
}

/// Asserts that device and quantised ONNX draw the same pictures. Returns their mean PSNR in dB, at most 100, against
/// the float network.
fn equal_and_close(source: &Source, mix: &Mix) -> f64 {
    let (draft, network, pixels) = exported(source, mix);
    let file = draft.to_bytes().unwrap();
    let twin = twin::encode(&draft, &network, pixels).unwrap();
    let device = pictures(Generator::gen_file(&file).unwrap(), 16);
    for drawn in drawn(&twin, 16) {
        assert_eq!(drawn, device, "{mix:?}");
    }
    let float = pictures(Generator::onnx(source, &Wishes::default(), None).unwrap(), 16);
    float.iter().zip(&device).map(|(a, b)| psnr(a, b)).sum::<f64>() / 16.0
}

/// If sums could be inexact in float, the twin splits them and stays equal.
#[test]
fn large_sums_are_split() {
    let (mut draft, network, pixels) = exported(&sketch::dense_first(), &Mix::default());
    // Every weight is as large as possible, and 480 channels contribute by 4 taps each: 480·4·255·127 > 2²⁴.
    for layer in &mut draft.layers {
        for (i, w) in layer.weights.iter_mut().enumerate() {
            *w = if i % 3 == 0 { -127 } else { 127 };
        }
        for m in &mut layer.multipliers {
            *m = (*m / 64).max(1);
        }
    }
    let wide = widened(&draft, 80);
    let file = wide.to_bytes().unwrap();
    let bytes = twin::encode(&wide, &network, pixels).unwrap();
    let twin = Source::decode("twin.onnx".as_ref(), &bytes).unwrap();
    let graph = twin.proto.graph.as_ref().unwrap();
    assert!(graph.node.iter().any(|node| node.op_type == "Slice"));
    let device = pictures(Generator::gen_file(&file).unwrap(), 8);
    assert!(drawn(&bytes, 8).iter().all(|drawn| *drawn == device));
}

/// `draft` with `factor` times the channels between its first two layers.
fn widened(draft: &Draft, factor: usize) -> Draft {
    let mut draft = draft.clone();
    let repeat = |values: &[i16], run: usize| -> Vec<i16> {
        values.chunks_exact(run).flat_map(|run| run.repeat(factor)).collect()
    };
    let old = draft.layers[0].output[2];
    draft.layers[0].output[2] = old * factor;
    let first = &mut draft.layers[0];
    let per_channel = first.weights.len() / old;
    first.weights = repeat(&first.weights, per_channel);
    let numbers = |i: usize| i / (old * factor) * old + i % (old * factor) / factor;
    let count = first.constants.len() * factor;
    first.constants = (0..count).map(|i| first.constants[numbers(i)]).collect();
    first.multipliers = (0..count).map(|i| first.multipliers[numbers(i)]).collect();
    draft.layers[1].weights = repeat(&draft.layers[1].weights, 1);
    draft
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bytes = || {
        let (draft, network, pixels) = exported(&sketch::odd_geometry(), &Mix::default());
        (draft.to_bytes().unwrap(), twin::encode(&draft, &network, pixels).unwrap())
    };
    assert_eq!(bytes(), bytes());
}

fn folded(weights: Vec<f64>, bias: f64, activation: Activation) -> Folded {
    Folded { weights, bias: vec![bias], per_feature: false, activation, looked_up: None }
}

/// An 8-bit tensor in steps of 0.1.
fn tensor(zero_point: u8) -> Target {
    Target::Tensor(Quantization { scale: 0.1, zero_point, element: Element::Byte })
}

/// The epilogue of a layer with 8-bit weights.
fn epilogue_of(
    folded: &Folded,
    units: &[f64],
    target: Target,
) -> Result<Epilogue, (usize, String)> {
    epilogue::epilogue(folded, Sums { units, reaches: &vec![0; units.len()] }, Weight::Byte, target)
}

#[test]
fn epilogues_hold_the_real_factors() {
    let one = f64::from(u32::MAX) + 1.0;
    let plain = folded(vec![], 0.7, Activation::None);
    let numbers = epilogue_of(&plain, &[0.001], tensor(10)).unwrap();
    assert_eq!(numbers.multipliers, [(0.01 * one).round() as i32]);
    assert_eq!(numbers.constants, [(17.5 * one).round() as i64]);

    let slopes = Activation::Slopes { negative: vec![0.25], gain: vec![-2.0], shift: vec![0.3] };
    let numbers = epilogue_of(&folded(vec![], 0.7, slopes), &[0.001], tensor(10)).unwrap();
    assert_eq!(numbers.multipliers, [(-0.02 * one).round() as i32]);
    assert_eq!(numbers.constants, [(13.5 * one).round() as i64]);
    let (negative, biases) = (vec![(-0.005 * one).round() as i32], vec![700]);
    assert_eq!(numbers.activation, DraftActivation::Slopes { negative, biases });

    let curve = folded(vec![], 0.0, Activation::Curve(vec![Operation::Function(Function::Tanh)]));
    let pixels = Target::Pixels(PixelRule::SIGNED);
    let numbers = epilogue_of(&curve, &[0.0001], pixels).unwrap();
    assert_eq!(numbers.constants, [2048 << 32]);
    let DraftActivation::Table(table) = numbers.activation else { unreachable!() };
    assert_eq!((table.len(), table[0], table[4095]), (4096, 0, 255));
    assert!(table.is_sorted() && table[2047] == 127 && table[2048] == 128);
}

#[test]
fn multipliers_that_do_not_fit_are_refused_or_the_table_is_halved() {
    let plain = folded(vec![], 0.0, Activation::Relu);
    let (channel, why) = epilogue_of(&plain, &[0.06], tensor(0)).err().unwrap();
    assert!(channel == 0 && why.contains("6.000e-1 steps of its output"), "{why}");
    let large = folded(vec![], 1e9, Activation::Relu);
    let (_, why) = epilogue_of(&large, &[0.01], tensor(0)).err().unwrap();
    assert!(why.contains("its constant"), "{why}");

    let curve = folded(vec![], 0.0, Activation::Curve(vec![Operation::Function(Function::Tanh)]));
    let pixels = Target::Pixels(PixelRule::SIGNED);
    let len = |unit: f64| match epilogue_of(&curve, &[unit], pixels).unwrap().activation {
        DraftActivation::Table(table) => table.len(),
        _ => 0,
    };
    // A step of the sums is at most half an entry. Two more entries serve the inputs beyond ±3.2.
    let [fine, coarse, steep, steepest] = [0.0007, 0.001, 0.1, 1000.0].map(len);
    assert_eq!([fine, coarse, steep, steepest], [4096, 3202, 34, 3]);
}

/// Whatever the sums are, a table serves all of them, and its ends those beyond.
#[test]
fn tables_serve_steep_sums() {
    let pixels = Target::Pixels(PixelRule::UNIT);
    let sigmoid = Activation::Curve(vec![Operation::Function(Function::Sigmoid)]);
    for activation in [sigmoid, Activation::Clip(0.0, 1.0), Activation::None] {
        for (unit, reach, bias) in
            [(0.1, 1 << 24, 4.0), (1000.0, 1 << 16, -3e5), (1e-6, 1 << 30, 0.0), (1e-9, 2, -1e6)]
        {
            let folded = folded(vec![], bias, activation.clone());
            let sums = Sums { units: &[unit], reaches: &[reach] };
            let made = epilogue::epilogue(&folded, sums, Weight::Byte, pixels).unwrap();
            let DraftActivation::Table(table) = &made.activation else {
                assert!(unit < 1e-5 && activation != Activation::None || unit < 1e-3);
                continue;
            };
            let (m, c) = (i128::from(made.multipliers[0]), i128::from(made.constants[0]));
            assert!(i128::from(reach) * m + c.abs() < 1 << 53, "{m} {c}");
            let looked_up = |acc: i64| {
                let index = (i128::from(acc) * m + c) >> 32;
                table[index.clamp(0, table.len() as i128 - 1) as usize]
            };
            assert_eq!((table[0], table[table.len() - 1]), (0, 255), "{activation:?} {unit}");
            // Half an entry is at most as much as a step, or as the 2²¹st part of all sums.
            let real = |acc: i64| acc as f64 * unit + bias;
            let width = (2.0 * unit).max((reach as f64 * unit + bias.abs()) / f64::from(1 << 21));
            let curve = |x: f64| match &activation {
                Activation::Curve(curve) => crate::network::operation::all(curve, x),
                _ => x,
            };
            let zero = (-bias / unit) as i64;
            for acc in (-20..20).map(|i| zero + i).filter(|acc| acc.abs() <= reach) {
                let pixel = |by: f64| PixelRule::UNIT.pixel(curve(real(acc) + by * width));
                let got = looked_up(acc);
                let (low, high) = (i16::from(pixel(-0.6)), i16::from(pixel(0.6)));
                assert!((low..=high).contains(&got), "{got} not in {low}..={high}: {acc}, {unit}");
            }
        }
    }
}

#[test]
fn dead_channels_get_usable_numbers() {
    let slopes = Activation::Slopes { negative: vec![0.2], gain: vec![1.0], shift: vec![0.0] };
    for activation in
        [Activation::Relu, slopes, Activation::Curve(vec![Operation::Function(Function::Sigmoid)])]
    {
        let dead = folded(vec![0.0, 1e-30], 5.0, activation);
        let floor = epilogue::scale_floor(&dead, Weight::Byte, 0.01, tensor(0))(0);
        let numbers = epilogue_of(&dead, &[floor * 0.01], tensor(0)).unwrap();
        assert!(numbers.multipliers[0] >= 1 << 15, "{}", numbers.multipliers[0]);
        if let DraftActivation::Slopes { biases, .. } = numbers.activation {
            assert!(biases[0] <= 1 << 22 && biases[0] > 0);
        }
    }
}

/// The reach of layers whose sums can be counted by hand.
#[test]
fn reaches_count_what_meets() {
    let (draft, ..) = exported(&sketch::dense_first(), &Mix::default());
    let mut layer = draft.layers[1].clone();
    layer.zero_point = 55;
    layer.weights.fill(1);
    // k3 s2 p1 on 2×2: at most 2×2 taps of 6 channels meet at one output.
    let reaches = bound::reach(&layer, [2, 2, 6], Element::Byte, 0..6);
    assert!(reaches.iter().all(|reach| *reach == bound::Reach { low: -24 * 55, high: 24 * 200 }));
    let reaches = bound::reach(&layer, [2, 2, 6], Element::Byte, 2..3);
    assert!(reaches.iter().all(|reach| reach.magnitude() == 4 * 200));
    // Each feature of a dense layer has one tap.
    let mut dense = draft.layers[0].clone();
    dense.weights.fill(-2);
    let reaches = bound::reach(&dense, [1, 1, 5], Element::Wide { signed: true }, 0..5);
    assert!(reaches.iter().all(|reach| reach.magnitude() == 5 * 2 * 2047));
}

#[test]
fn giant_weights_are_refused_by_node_and_channel() {
    let source = sketch::dense_first();
    let mut network = sketch::imported(&source);
    for w in &mut network.layers[2].weights[72..144] {
        *w *= 1e6;
    }
    let tensors =
        [Quantization::new(0.0, 1.0), Quantization::new(-1.0, 1.0), Quantization::new(-1.0, 1.0)];
    let (folded, mix) = (fold_all(&network).unwrap(), Mix::default());
    let error = quantize(&network, &folded, &tensors, &mix, PixelRule::SIGNED, &Inputs::default());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("node \"net/Conv") && error.contains("output channel 1"), "{error}");
}
