//! What names and shapes lead to, and the messages where they don't suffice.

use crate::checkpoint::settings::Settings;
use crate::checkpoint::tensor::Tensor;
use crate::checkpoint::{Checkpoint, Converted, Format, Unproved, generator};
use anyhow::Result;
use std::path::Path;

const DCGAN: [(&str, &[usize]); 6] = [
    ("main.0.weight", &[10, 8, 4, 4]),
    ("main.1.weight", &[8]),
    ("main.1.bias", &[8]),
    ("main.1.running_mean", &[8]),
    ("main.1.running_var", &[8]),
    ("main.3.weight", &[8, 3, 4, 4]),
];

/// What is understood of tensors of ones, whose statistics agree with nothing.
fn of(tensors: &[(&str, &[usize])], settings: &Settings) -> Result<Converted> {
    strictly(tensors, &Settings { assume: true, ..settings.clone() })
}

/// As [`of`], unless the tensors do not prove it.
fn strictly(tensors: &[(&str, &[usize])], settings: &Settings) -> Result<Converted> {
    read_from(Format::Torch, tensors, settings)
}

/// As [`strictly`], of a file of this `format`.
fn read_from(
    format: Format,
    tensors: &[(&str, &[usize])],
    settings: &Settings,
) -> Result<Converted> {
    let tensor = |&(name, shape): &(&str, &[usize])| {
        let len = shape.iter().product();
        Tensor::new(name.to_owned(), shape.to_vec(), move || Ok(vec![1.0; len]))
    };
    let tensors = tensors.iter().map(tensor).collect();
    let files = ["gen.pth", "gen.onnx"].map(Path::new);
    generator(&Checkpoint { tensors, format }, settings, files)
}

/// What is printed of tensors that do not prove what they are.
fn unproved(tensors: &[(&str, &[usize])], settings: &Settings) -> String {
    let Err(error) = strictly(tensors, settings) else { panic!("taken for proved") };
    error.downcast::<Unproved>().unwrap().0
}

fn under<'a>(keys: &[&str], names: &'a mut Vec<String>) -> Vec<(&'a str, &'static [usize])> {
    for key in keys {
        names.extend(DCGAN.iter().map(|(name, _)| format!("{key}.{name}")));
    }
    let shapes = DCGAN.iter().cycle().map(|(_, shape)| *shape);
    names.iter().map(String::as_str).zip(shapes).collect()
}

fn refused(tensors: &[(&str, &[usize])], settings: &Settings, expected: &str) {
    let Err(error) = of(tensors, settings) else { panic!("not refused: {expected}") };
    let error = format!("{error:#}");
    assert!(error.contains(expected), "{error}");
}

#[test]
fn generators_are_told_apart_by_keys() {
    let mut names = Vec::new();
    let nested = under(&["state_dict.generator", "state_dict.critic"], &mut names);
    let found = of(&nested, &Settings::default()).unwrap();
    assert!(found.table.contains("key \"state_dict.generator\""), "{}", found.table);

    let mut names = Vec::new();
    let several = under(&["G", "G_ema"], &mut names);
    refused(&several, &Settings::default(), "has several generators: pass --key G or --key G_ema");
    let key = |key: &str| Settings { key: Some(key.to_owned()), ..Settings::default() };
    assert!(of(&several, &key("G_ema")).is_ok());
    refused(&several, &key("H"), "no tensors under the key \"H\"; its keys are G, G_ema");

    let mut names = Vec::new();
    let mut pair = under(&["netG"], &mut names);
    // Behind the generator it would make one chain with it.
    pair.push(("netD.0.weight", &[1, 3, 4, 4]));
    let table = of(&pair, &Settings::default()).unwrap().table;
    assert!(table.contains("key \"netG\"") && table.contains("3×8×8"), "{table}");
    let whole = Settings { size: Some([7, 7]), ..key(".") };
    assert!(of(&pair, &whole).unwrap().table.contains("netD"));

    let mut names = Vec::new();
    let strange = under(&["first", "second"], &mut names);
    refused(&strange, &Settings::default(), "its keys are first, second");
}

#[test]
fn what_shapes_do_not_tell_is_asked_for() {
    let mut tensors = DCGAN.to_vec();
    tensors.insert(5, ("main.2.weight", &[8, 8, 3, 3]));
    let text = unproved(&tensors, &Settings::default());
    assert!(text.contains("Perhaps some of the 10 latents are labels"), "{text}");
    // The statistics disagree with both.
    for kind in ["transposed", "plain"] {
        assert!(text.contains(&format!("--conv _,{kind},_ --assume\n")), "{text}");
    }
    for (conv, kind) in [("_,plain,_", "plain"), ("transposed", "k3 s2* p1* op1*")] {
        let settings = Settings { convolution: conv.parse().unwrap(), ..Settings::default() };
        let table = of(&tensors, &settings).unwrap().table;
        assert!(table.contains(kind), "{table}");
    }
    let stride = Settings { stride: "2,2,2".parse().unwrap(), ..Settings::default() };
    refused(&DCGAN, &stride, "--stride has 3 values for 2 layers");

    let activation = "relu,none".parse().unwrap();
    let table = of(&DCGAN, &Settings { activation, ..Settings::default() }).unwrap().table;
    assert!(table.contains("ReLU\n") && table.contains("nothing\n"), "{table}");

    let features: [(&str, &[usize]); 2] = [("a.weight", &[24, 5]), ("b.weight", &[2, 3, 4, 4])];
    refused(&features, &Settings::default(), "pass --map 2xHxW, where H times W is 12");
    let settings = Settings { map: Some([2, 3, 4]), ..Settings::default() };
    assert!(of(&features, &settings).unwrap().table.contains("3×6×8"));
}

/// Where statistics disagree with every reading, the commands for these accept that.
#[test]
fn commands_for_readings_accept_what_stays_doubtful() {
    let norm = ["weight", "bias", "running_mean", "running_var"].map(|it| format!("main.3.{it}"));
    let mut dense: Vec<(&str, &[usize])> =
        vec![("main.0.weight", &[8, 10]), ("main.2.weight", &[8, 8])];
    dense.extend(norm.iter().map(|name| (name.as_str(), &[8][..])));
    dense.extend([("main.5.weight", &[8, 8][..]), ("main.7.weight", &[784, 8])]);
    let text = unproved(&dense, &Settings::default());
    // Its first BatchNorm is behind the second layer.
    assert!(text.contains("Something before it is assumed wrongly."), "{text}");
    for kind in ["leaky:0.2", "relu"] {
        assert!(text.contains(&format!(" --activation {kind} --assume\n")), "{text}");
    }
}

/// The Python that is printed loads what the file is.
#[test]
fn each_format_has_its_own_python() {
    let text = |format, key: &str| {
        let names: Vec<String> = DCGAN.iter().map(|(name, _)| format!("{key}{name}")).collect();
        let tensors: Vec<_> = names.iter().zip(&DCGAN).map(|(a, (_, b))| (&**a, *b)).collect();
        let settings = Settings { assume: true, ..Settings::default() };
        read_from(format, &tensors, &settings).unwrap().table
    };
    for (format, key, line) in [
        (Format::Torch, "", "net.load_state_dict(torch.load(\"gen.pth\", map_location=\"cpu\"))"),
        (Format::Torch, "netG.", "map_location=\"cpu\").items() if k.startswith(\"netG.\")})"),
        (Format::Safetensors, "", "(safetensors.torch.load_file(\"gen.pth\"))"),
        (Format::Safetensors, "netG.", "items() if k.startswith(\"netG.\")})"),
        (Format::Keras, "", "net.load_weights(\"gen.pth\")\n    net.save(\"gen.keras\")\n"),
    ] {
        let text = text(format, key);
        assert!(text.contains(line), "{text}");
        assert_eq!(text.contains("torch.onnx.export"), format != Format::Keras, "{text}");
    }
}

#[test]
fn an_order_can_be_given() {
    let twins: [(&str, &[usize]); 4] = [
        ("first.weight", &[8, 5, 4, 4]),
        ("a.weight", &[5, 5, 3, 3]),
        ("b.weight", &[5, 5, 5, 5]),
        ("last.weight", &[5, 1, 4, 4]),
    ];
    let order = |names: &[&str]| Settings {
        order: Some(names.iter().map(ToString::to_string).collect()),
        convolution: "transposed".parse().unwrap(),
        ..Settings::default()
    };
    let text = unproved(&twins, &Settings { order: None, ..order(&[]) });
    for order in ["first,a,b,last", "first,b,a,last"] {
        assert!(
            text.contains(&format!("gen.pth -o gen.onnx --order {order} --conv transposed\n")),
            "{text}"
        );
    }
    let table = strictly(&twins, &order(&["first", "b", "a", "last"])).unwrap().table;
    assert!(table.contains("1 b ") && table.contains("the one given"), "{table}");
    assert!(of(&twins, &order(&["first", "last"])).is_ok(), "the others are left out");
    refused(&twins, &order(&["first", "c"]), "--order names \"c\"; the file has a, b, first, last");
    refused(&twins, &order(&["a", "a"]), "twice");
    refused(&twins, &order(&["last", "first"]), "1 channels, which \"first\"");
    refused(&twins, &order(&["first"]), "ends in 5 channels: pictures have 1 or 3");
    refused(&twins, &order(&[]), "the beginning");
}

#[test]
fn what_is_no_layer_is_named() {
    let with = |name: &'static str, shape: &'static [usize], expected: &str| {
        let mut tensors = DCGAN.to_vec();
        tensors.retain(|(other, _)| *other != name);
        tensors.push((name, shape));
        refused(&tensors, &Settings::default(), expected);
    };
    with("main.0.weight_orig", &[10, 8, 4, 4], "remove_spectral_norm");
    with("main.0.weight_g", &[10, 1, 1, 1], "remove_weight_norm");
    with("main.0.parametrizations.weight.original1", &[10], "remove_parametrizations");
    with("main.2.gate", &[4], "tensor \"main.2.gate\" of shape [4] is not understood: layers are");
    with("main.2.weight", &[8, 8, 3], "not understood");
    with("main.0.bias", &[9], "tensor \"main.0.bias\" has shape [9], expected [8]");
    with("main.1.bias", &[9], "tensor \"main.1.bias\" has shape [9], expected [8]");
    with("main.0.weight", &[10, 8, 4, 3], "only square");
    with("main.0.weight", &[10, 8, 0, 0], "is empty");
    with("main.0.weight", &[10, 8, 300, 300], "kernel 300");
    refused(&[], &Settings::default(), "holds no tensors");
    refused(&[("num_batches_tracked", &[])], &Settings::default(), "holds no weights");
}

/// Names that tell nothing, of modules that all fit each other, end the search.
#[test]
fn the_search_is_bounded() {
    let names: Vec<String> = (0..60).map(|index| format!("m{index}.weight")).collect();
    let mut tensors: Vec<_> =
        names.iter().map(|name| (name.as_str(), &[7usize, 7, 3, 3][..])).collect();
    refused(&tensors, &Settings::default(), "fit together in too many ways: pass --order");
    tensors.push(("other.weight", &[9, 9, 3, 3]));
    refused(&tensors, &Settings::default(), "fit together in too many ways: pass --order");
}
