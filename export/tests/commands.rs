//! The commands as a user runs them: the files they write, and one line for each error.

use export::draw::Generator;
use export::latent;
use export::latent::wish::Wishes;
use export::onnx::run::Passes;
use export::onnx::source::Source;
use gen_core::format::write::DraftPart;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models").join(name)
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_export")).args(arguments).output().expect("export runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths are UTF-8 here")
}

/// Runs a command that must fail with status 1 and one line that contains `expected`.
fn refused(arguments: &[&str], expected: &str) {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?}: {said}");
    assert!(said.contains(expected), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{arguments:?}: {said}");
}

#[test]
fn quantize_rebuilds_the_shipped_models() {
    for name in ["faces", "fashion"] {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path();
        let onnx = model(&format!("{name}.onnx"));
        let output = run(&["quantize", text(&onnx), "-o", text(out)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = format!("{name}.gen");
        let shipped = fs::read(model(&file)).unwrap();
        assert!(fs::read(out.join(&file)).unwrap() == shipped, "models/{file} is out of date");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
        let sheet = format!("× 8: {}\n", out.join(format!("{name}.worst.png")).display());
        assert!(printed.contains(&sheet), "{printed}");
        let written = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name());
        let mut written: Vec<_> = written.map(|name| name.into_string().unwrap()).collect();
        written.sort();
        let expected =
            ["gen", "int8.onnx", "report.json", "worst.png"].map(|end| format!("{name}.{end}"));
        assert_eq!(written, expected, "nothing half written is left");

        let twin = out.join(format!("{name}.int8.onnx"));
        let twin = Source::load(&twin).unwrap();
        let pictures = [Passes::Typed, Passes::Optimised].map(|passes| {
            let generator = Generator::quantised(&twin, &Wishes::default(), passes).unwrap();
            let parts = generator.latent.clone();
            let z = |seed| latent::shown(seed, 0, &DraftPart::latent(&parts));
            [1, 2].map(|seed| generator.picture(&z(seed)).unwrap())
        });
        assert!(pictures[0] == pictures[1]);
    }
}

/// The table stays within 100 columns for the longest seeds.
#[test]
fn the_longest_seeds_fit_the_table() {
    let directory = tempfile::tempdir().unwrap();
    let (onnx, out) = (model("fashion.onnx"), directory.path());
    let seed = (u64::MAX - 1000).to_string();
    let output =
        run(&["quantize", text(&onnx), "-o", text(out), "--calibrate", "8", "--seed", &seed]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("worst pictures: seeds 184467440737095"), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
}

/// Standard output has the same report as the file, and names a second ONNX that an earlier run wrote.
#[test]
fn quantize_prints_its_report_and_knows_what_is_old() {
    let directory = tempfile::tempdir().unwrap();
    let (onnx, out) = (model("fashion.onnx"), directory.path());
    let said = |options: &[&str]| {
        let few = ["quantize", text(&onnx), "--calibrate", "16", "-o", text(out)];
        let output = run(&[&few, options].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let json = said(&["--json", "--onnx", "qdq", "--activations", "12"]);
    assert_eq!(json, fs::read_to_string(out.join("fashion.report.json")).unwrap());
    assert!(json.contains("\"output_bits\": 12"));
    assert!(fs::read(out.join("fashion.qdq.onnx")).unwrap().len() > 50_000);
    let printed = said(&["--flash-budget", "150"]);
    assert!(
        printed.lines().all(|line| line.chars().count() <= 100 || line.contains('/')),
        "{printed}"
    );
    assert!(printed.ends_with("fashion.qdq.onnx is from another run: --onnx qdq updates it\n"));
}

#[test]
fn sample_draws_both_kinds_of_file() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["faces.onnx", "faces.gen"] {
        let (sheet, array) = (directory.path().join("s.png"), directory.path().join("s.npy"));
        let file = model(name);
        let arguments = ["sample", text(&file), "--count", "4", "--png", text(&sheet), "--npy"];
        let output = run(&[&arguments[..], &[text(&array)]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(fs::read(&sheet).unwrap().starts_with(b"\x89PNG"));
        let array = fs::read(&array).unwrap();
        let header = String::from_utf8_lossy(&array[..128]).into_owned();
        let kind = if name.ends_with(".gen") { "|u1" } else { "<f4" };
        assert!(header.contains(kind) && header.contains("(4, 3, 32, 32)"), "{header}");
    }
}

/// What a file leaves open is said, or chosen with an option; an option that changes nothing is refused.
#[test]
fn assumptions_are_said_and_can_be_changed() {
    let layout = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/layouts").join(format!("{name}.onnx"))
    };
    let said = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap())
    };
    let flat = layout("flat-colours");
    let [table, _] = said(&["inspect", text(&flat)]);
    assert!(table.contains("note: output \"image\" is flat, [1, 48]: taken for"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    let [table, _] = said(&["inspect", text(&flat), "--shape", "4x12x1"]);
    assert!(table.contains("pictures 4×12×1") && !table.contains("note"), "{table}");
    let [_, note] = said(&["check", text(&layout("batch-view"))]);
    assert!(note.contains("batch-view.onnx: its fixed batch of 2 is replaced by 1: its"), "{note}");
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("to.npy");
    let [_, note] = said(&["sample", text(&flat), "--npy", text(&to)]);
    assert!(note.starts_with("note: ") && note.contains("give --shape CxHxW"), "{note}");

    let (good, onnx) = (model("faces.gen"), model("faces.onnx"));
    for option in [["--shape", "3x32x32"], ["--output", "image"]] {
        let arguments = ["sample", text(&good), "--npy", text(&to)];
        refused(&[&arguments[..], &option].concat(), "changes nothing here: only a float ONNX");
        refused(
            &[&["inspect", text(&good)], &option[..]].concat(),
            "change nothing here: give them",
        );
    }
    refused(
        &["inspect", text(&onnx), "--output", "logits"],
        "no such output; choose one of image [",
    );
}

#[test]
fn bad_input_is_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let whole = fs::read(model("faces.gen")).unwrap();
    fs::write(place("cut.gen"), &whole[..1000]).unwrap();
    let mut flipped = whole.clone();
    flipped[70_000] ^= 4;
    fs::write(place("flipped.gen"), &flipped).unwrap();
    fs::write(place("text.onnx"), "this is no ONNX").unwrap();
    let onnx = fs::read(model("faces.onnx")).unwrap();
    fs::write(place("cut.onnx"), &onnx[..onnx.len() / 2]).unwrap();
    fs::write(place("file"), "").unwrap();
    fs::write(place("z.npy"), npy(&[2, 31])).unwrap();
    fs::write(place("cut.npy"), &npy(&[2, 32])[..200]).unwrap();

    let out = place("out");
    let good = model("faces.onnx");
    let good_gen = model("faces.gen");
    refused(&["inspect", text(&place("none.gen"))], "none.gen");
    refused(&["inspect", text(&place("cut.gen"))], "truncated");
    refused(&["inspect", text(&place("flipped.gen"))], "CRC-32");
    refused(&["quantize", text(&place("text.onnx")), "-o", text(&out)], "text.onnx");
    refused(&["quantize", text(&place("cut.onnx")), "-o", text(&out)], "cut.onnx");
    refused(&["check", text(&place("text.onnx"))], "not an ONNX model and not a .gen");
    refused(&["quantize", text(&good), "-o", text(&place("file"))], "file");
    refused(&["quantize", text(&good), "-o", "/proc/none"], "/proc/none");
    let latents = place("z.npy");
    let to = place("to.npy");
    let sample = |file: &Path, latents: &Path, expected| {
        let arguments = ["sample", text(file), "--latents", text(latents), "--npy", text(&to)];
        refused(&arguments, expected);
    };
    sample(&good_gen, &latents, "32");
    sample(&good, &latents, "32");
    sample(&good, &place("cut.npy"), "cut.npy");
    sample(&good, &good, "faces.onnx");
    let pixels = ["--pixels", "unit"];
    let drawn = ["sample", text(&good_gen), "--npy", text(&to)];
    refused(&[&drawn[..], &pixels].concat(), "--pixels changes nothing here");
    let both = ["compare", text(&good_gen), text(&good_gen)];
    refused(&[&both[..], &pixels].concat(), "--pixels changes nothing here");
    refused(&["compare", text(&good), text(&place("cut.gen"))], "cut.gen");
    assert!(!out.exists() || fs::read_dir(&out).unwrap().next().is_none(), "nothing half written");
}

/// Zeros in NumPy's format, version 1.0.
fn npy(shape: &[usize]) -> Vec<u8> {
    let shape: Vec<String> = shape.iter().map(|side| format!("{side},")).collect();
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", shape.join(" "));
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(118u16.to_le_bytes());
    file.extend(format!("{header:<117}\n").bytes());
    file.resize(128 + 4 * 2 * 32, 0);
    file
}

#[test]
fn outputs_that_cannot_be_written_are_refused_first() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let (good, to) = (model("faces.gen"), place("x"));
    let arguments = ["sample", text(&good), "--npy", text(&to), "--png", text(&to)];
    refused(&arguments, "x: given for two outputs");
    fs::create_dir(place("faces.report.json")).unwrap();
    fs::write(place("faces.gen"), "old").unwrap();
    let onnx = model("faces.onnx");
    let arguments = ["quantize", text(&onnx), "-o", text(directory.path())];
    refused(&arguments, "faces.report.json: it is a directory");
    assert_eq!(fs::read(place("faces.gen")).unwrap(), b"old");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left");
}

#[test]
fn usage_errors_have_status_2() {
    let activations = ["quantize", "x.onnx", "-o", "x", "--activations", "4"];
    let said = String::from_utf8(run(&activations).stderr).unwrap();
    assert!(said.contains("--activations") && said.contains("possible: 8"), "{said}");
    for arguments in
        [&["quantize"][..], &["sample", "x.gen", "--count", "0"], &["fly"], &activations]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn check_says_what_fits_and_what_to_change() {
    let (onnx, file) = (model("faces.onnx"), model("faces.gen"));
    let said = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        text
    };
    // An ONNX is checked as the `.gen` that it becomes.
    assert_eq!(said(&["check", text(&onnx)]), said(&["check", text(&file)]));
    let all = said(&["check", text(&file)]);
    assert!(all.contains("lm3s6965evb (emulated)") && !all.contains("pico (emulated)"), "{all}");
    assert!(["lm3s6965evb", "pico ", "pico2"].iter().all(|board| all.contains(board)), "{all}");
    let one = said(&["check", text(&file), "--board", "pico"]);
    assert!(one.contains("pico ") && !one.contains("pico2"), "{one}");
    let small = said(&["check", text(&file), "--flash", "128", "--ram", "20"]);
    assert!(small.contains("no ") && small.contains("bytes of flash too many"), "{small}");
    assert!(small.contains("a picture on a Cortex-M55"), "{small}");
    let json = said(&["check", text(&file), "--json", "--board", "pico2"]);
    assert!(json.contains("\"fits\": true"), "{json}");
    refused(&["check", text(&file), "--board", "pica"], "choose one of lm3s6965evb, pico, pico2");
    refused(&["check", "/none.gen"], "/none.gen");
}

/// `--label` and `--latent` take effect on generators of several inputs, or are refused.
#[test]
fn labels_and_kinds_are_done_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let layout = |name: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/layouts").join(format!("{name}.onnx"))
    };
    let said = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let made = |name: &str, out: &str, more: &[&str]| {
        let (onnx, out) = (layout(name), directory.path().join(out));
        let arguments = ["quantize", text(&onnx), "-o", text(&out), "--calibrate", "32"];
        said(&[&arguments[..], more].concat());
        (onnx, out.join(format!("{name}.gen")), out.join(format!("{name}.int8.onnx")))
    };
    let psnr = |arguments: &[&str]| -> f64 {
        let text = said(arguments);
        let (_, rest) = text.split_once("PSNR mean ").unwrap();
        rest.split_once(',').unwrap().0.parse().unwrap()
    };

    let (onnx, file, twin) = made("parts-infogan", "free", &["--latent", "code=uniform"]);
    let parts = said(&["inspect", text(&onnx)]);
    let parts: Vec<&str> = parts.split_whitespace().collect();
    let told = "one-hot, guessed from its name; otherwise --latent labels=normal";
    assert!(parts.join(" ").contains(told), "{parts:?}");
    // The float ONNX does not hold the distribution of its code.
    refused(&["compare", text(&onnx), text(&file)], "Give their distribution with --latent");
    let both = ["compare", text(&onnx), text(&file), "--latent", "code=uniform"];
    assert!(psnr(&both) > 40.0);
    assert_eq!(psnr(&["compare", text(&file), text(&twin)]), 100.0);
    assert!(psnr(&[&both[..], &["--label", "2"]].concat()) > 40.0);
    let other = ["compare", text(&twin), text(&file), "--latent", "labels=uniform"];
    assert_eq!(psnr(&other), 100.0);
    let fixed = made("parts-infogan", "fixed", &["--label", "2", "--latent", "code=uniform"]).1;
    let both = ["compare", text(&onnx), text(&fixed), "--latent", "code=uniform"];
    assert!(psnr(&[&both[..], &["--label", "2"]].concat()) > 40.0);
    assert!(psnr(&["compare", text(&fixed), text(&file), "--label", "2"]) > 40.0);
    refused(&["compare", text(&onnx), text(&fixed)], "have different latents");
    refused(&["compare", text(&fixed), text(&fixed), "--label", "2"], "--label changes nothing");
    let to = directory.path().join("to.npy");
    let sample = |file: &Path, more: &[&str], expected: &str| {
        refused(&[&["sample", text(file), "--npy", text(&to)], more].concat(), expected);
    };
    sample(&fixed, &["--label", "2"], "--label changes nothing");
    sample(&file, &["--label", "5"], "parts-infogan.gen: --label 5: \"labels\" has 5 labels");
    sample(&file, &["--latent", "cod=normal"], "parts-infogan.gen: --latent cod=…");
    sample(&twin, &["--label", "5"], "parts-infogan.int8.onnx: --label 5");
    sample(&onnx, &["--label", "5"], "--label 5: \"labels\" has 5 labels, from 0");
    refused(&["inspect", text(&file), "--label", "1"], "for the ONNX that it was made from");
    refused(&["quantize", text(&file), "-o", text(directory.path())], "is a .gen already");

    let (onnx, file, twin) = made("cond-embedding", "embedded", &[]);
    assert_eq!(psnr(&["compare", text(&file), text(&twin)]), 100.0);
    sample(&twin, &["--latent", "label=uniform"], "\"label\" is a label");
    sample(&onnx, &["--label", "5"], "--label 5: \"label\" has 5 labels, from 0");
    let one = said(&["quantize", text(&onnx), "-o", text(directory.path()), "--label", "4"]);
    assert!(one.contains("import verified"), "{one}");
}
