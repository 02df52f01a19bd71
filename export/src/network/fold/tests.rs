use super::*;
use crate::network::LayerKind;
use crate::network::naive;
use crate::network::operation::Step;
use crate::sketch;

/// A dense layer of 2 channels on 2×1, or a transposed one, with `steps`.
fn layer(kind: LayerKind, steps: Vec<Step>) -> Layer {
    let index = usize::from(kind == LayerKind::Transposed);
    Layer { steps, ..sketch::imported(&sketch::dense_first()).layers.swap_remove(index) }
}

fn step(operation: Operation) -> Step {
    Step { node: "net/step".to_owned(), operation }
}

fn function(function: Function) -> Step {
    step(Operation::Function(function))
}

fn affine(count: usize, seed: usize) -> Step {
    let value = |i: usize, k: usize| ((i * 7 + seed * 5 + k) % 11) as f64 / 4.0 - 1.3;
    step(Operation::Affine {
        scale: (0..count).map(|i| value(i, 0)).collect(),
        shift: (0..count).map(|i| value(i, 3)).collect(),
    })
}

fn input(layer: &Layer) -> Vec<f64> {
    let len = layer.rows.input * layer.columns.input * layer.channels_in;
    (0..len).map(|i| ((i * 29) % 17) as f64 / 8.0 - 1.0).collect()
}

/// Folded layers compute the same as their steps, with BatchNorm in every position that can be converted.
#[test]
fn folded_layers_compute_the_same() {
    let leaky = function(Function::LeakyRelu(0.2));
    let relu = function(Function::Relu);
    for kind in [LayerKind::Dense, LayerKind::Transposed] {
        let probe = layer(kind, vec![]);
        let (channels, features) = (probe.channels_out, probe.features());
        let mut cases = vec![
            vec![],
            vec![affine(channels, 1)],
            vec![affine(channels, 1), affine(channels, 2)],
            vec![affine(channels, 1), relu.clone()],
            vec![affine(channels, 1), leaky.clone()],
            vec![relu.clone(), affine(channels, 1)],
            vec![affine(channels, 3), relu.clone(), affine(channels, 1), affine(channels, 2)],
            vec![affine(channels, 3), leaky.clone(), affine(channels, 1), affine(channels, 2)],
            vec![affine(channels, 1), function(Function::Tanh)],
            vec![affine(channels, 1), function(Function::Clip(-0.5, 0.75))],
        ];
        if kind == LayerKind::Dense {
            cases.push(vec![affine(features, 1), relu.clone()]);
            cases.push(vec![affine(features, 1), affine(channels, 2), relu.clone()]);
            cases.push(vec![affine(channels, 1), leaky.clone(), affine(features, 2)]);
        }
        for steps in cases {
            let layer = layer(kind, steps);
            let folded = fold(&layer, true).unwrap();
            let x = input(&layer);
            let (plain, short) =
                (naive::run_layer(&layer, &x), naive::run_folded(&layer, &folded, &x));
            for (a, b) in plain.iter().zip(&short) {
                assert!((a - b).abs() < 1e-9, "{a} {b} in {:?}", layer.steps);
            }
            assert_eq!(folded.per_feature, folded.bias.len() == features);
        }
    }
}

/// Steps that do not fit into one epilogue are split into runs, each of which can be folded.
#[test]
fn what_one_epilogue_cannot_do_is_split() {
    let kind = LayerKind::Transposed;
    let tanh = function(Function::Tanh);
    let relu = function(Function::Relu);
    let clip = function(Function::Clip(0.0, 6.0));
    for (steps, lengths) in [
        (vec![tanh.clone(), affine(8, 1)], vec![1, 1]),
        (vec![affine(8, 2), relu.clone(), affine(8, 1), relu.clone()], vec![3, 1]),
        (vec![relu.clone(), tanh.clone(), clip.clone(), affine(8, 3), tanh.clone()], vec![3, 2]),
        (vec![clip, affine(1, 1), relu], vec![3]),
    ] {
        let whole = layer(kind, steps.clone());
        assert_eq!(fold(&whole, true).is_err(), lengths.len() > 1, "{steps:?}");
        let runs = epilogues(steps);
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), lengths, "{runs:?}");
        for run in runs {
            fold(&layer(kind, run), false).unwrap();
        }
    }
}
