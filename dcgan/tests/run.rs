//! Whole runs of the command, with networks small enough to train in seconds.

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use image::{Rgb, RgbImage};
use ndarray::{Array2, Array4, s};
use ndarray_npy::NpzReader;
use tempfile::TempDir;

/// Writes 16×16 pictures of a bright square, on the left or the right and red or blue, with labels.
fn squares(directory: &Path, count: u32) -> PathBuf {
    let data = directory.join("squares");
    fs::create_dir(&data).unwrap();
    let mut labels = "file,side,colour\n".to_owned();
    for i in 0..count {
        let (right, blue, bright) = (i & 1, i >> 1 & 1, (200 + i % 50) as u8);
        let left = 2 + 7 * right;
        let colour = if blue == 1 { [20, 20, bright] } else { [bright, 20, 20] };
        let picture = RgbImage::from_fn(16, 16, |x, y| {
            let is_inside = (left..left + 5).contains(&x) && (5..11).contains(&y);
            Rgb(if is_inside { colour } else { [120; 3] })
        });
        picture.save(data.join(format!("{i:03}.png"))).unwrap();
        labels += &format!("{i:03}.png,{right},{blue}\n");
    }
    fs::write(data.join("labels.csv"), labels).unwrap();
    data
}

fn dcgan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dcgan")).args(arguments).output().unwrap()
}

fn succeed(arguments: &[&str]) -> (String, String) {
    let output = dcgan(arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{out}{err}");
    (out, err)
}

fn fail(arguments: &[&str], expected: &str) {
    let output = dcgan(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    let last = error.lines().last().unwrap();
    assert!(last.starts_with("error: ") && last.contains(expected), "{error}");
}

const SMALL: [&str; 14] = [
    "--latent",
    "8",
    "--width",
    "8",
    "--discriminator-width",
    "8",
    "--batch",
    "16",
    "--threads",
    "2",
    "--ema",
    "0.9",
    "--interval",
    "20",
];

/// A run's log without the column of speeds.
fn log(run: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(run).join("log.csv")).unwrap();
    let line = |line: &str| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        cells.remove(6);
        cells
    };
    text.lines().map(line).collect()
}

#[test]
fn stopped_and_resumed_equals_uninterrupted() {
    let directory = TempDir::new().unwrap();
    let data = squares(directory.path(), 70);
    let place = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let data = data.to_str().unwrap();
    let every = ["--minibatch-discrimination", "--condition", "side", "--constant-rates"];
    let train = |run: &str, more: &[&str]| {
        succeed(&[&["train", "--data", data, "-o", run], &SMALL[..], &every, more].concat());
    };
    let (whole, parts, other) = (place("whole"), place("parts"), place("other"));
    train(&whole, &["--steps", "60"]);
    // Anywhere: each run of this test tries another step.
    let stop = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos() % 59 + 1;
    eprintln!("stopped at step {stop}");
    train(&parts, &["--steps", &stop.to_string()]);
    let first = fs::read(Path::new(&parts).join("generator.onnx")).unwrap();
    succeed(&["resume", &parts, "--steps", "60"]);
    fail(&["resume", &parts, "--steps", "20"], "already at step 60 of 20");
    train(&other, &["--steps", "60", "--seed", "2"]);

    for file in ["generator.onnx", "discriminator.onnx", "sheets/000040.png", "film.gif"] {
        let read = |run: &str| fs::read(Path::new(run).join(file)).unwrap();
        assert!(read(&whole) == read(&parts), "{file} differs");
        assert!(read(&whole) != read(&other), "{file} doesn't depend on the seed");
    }
    assert!(fs::read(Path::new(&parts).join("generator.onnx")).unwrap() != first);
    assert_eq!(log(&whole), log(&parts));
    assert_eq!(log(&whole).len(), 5, "a header and steps 20, 40, 50, 60");

    // Three failures: a damaged checkpoint, no checkpoint, changed data.
    let last = Path::new(&parts).join("checkpoints/000060");
    fs::write(last.join("generator.adam"), b"half").unwrap();
    fail(&["resume", &parts], "checkpoints/000060: damaged; remove it");
    fs::remove_dir_all(&last).unwrap();
    succeed(&["resume", &parts]);
    assert_eq!(log(&whole), log(&parts), "the log of steps done again is written again");
    fs::remove_dir_all(Path::new(&parts).join("checkpoints")).unwrap();
    fs::create_dir(Path::new(&parts).join("checkpoints")).unwrap();
    succeed(&["resume", &parts, "--steps", "60"]);
    assert_eq!(log(&whole), log(&parts), "from the beginning");
    let plan = Path::new(&parts).join("run.json");
    let text = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, text.replace("\"batch\": 16", "\"batch\": 0")).unwrap();
    fail(&["resume", &parts], "run.json: batch 0: must be 2 to 1024");
    fs::write(&plan, text.replace("\"threads\": 2", "\"threads\": 0")).unwrap();
    fail(&["resume", &parts], "interval must be at least 1 and threads 1 to 1024");
    fs::write(&plan, text).unwrap();
    let moved = place("moved");
    fs::rename(data, &moved).unwrap();
    fail(&["resume", &parts], "squares: there is no such file or directory");
    succeed(&["resume", &parts, "--data", &moved]);
    assert_eq!(log(&whole), log(&parts));
    let (own, elsewhere) = (place("moved/labels.csv"), place("elsewhere.csv"));
    fs::rename(&own, &elsewhere).unwrap();
    fail(&["resume", &parts], "not the pictures and labels that the run began with");
    succeed(&["resume", &parts, "--labels", &elsewhere]);
    assert_eq!(log(&whole), log(&parts));
    fs::rename(&elsewhere, &own).unwrap();
    fail(&["resume", &parts], "elsewhere.csv");
    succeed(&["resume", &parts, "--labels", &own]);
    fs::remove_file(Path::new(&moved).join("000.png")).unwrap();
    fail(
        &["resume", &parts, "--steps", "80"],
        "not the pictures and labels that the run began with",
    );
}

#[test]
fn falling_rates_go_on_where_they_were() {
    let directory = TempDir::new().unwrap();
    let data = squares(directory.path(), 40);
    let run = directory.path().join("run");
    let (name, data) = (run.to_str().unwrap(), data.to_str().unwrap());
    let train = ["train", "--data", data, "-o", name, "--steps", "40", "--r1-every", "1"];
    succeed(&[&train[..], &SMALL].concat());
    let generator = || fs::read(run.join("generator.onnx")).unwrap();
    let whole = generator();
    fail(
        &["resume", name, "--steps", "50"],
        "train again with --steps 50, or with --constant-rates",
    );
    // Step 40 once more, from a run.json as it was before penalties could be rare and networks conditional.
    fs::remove_dir_all(run.join("checkpoints/000040")).unwrap();
    fs::remove_file(run.join("generator.onnx")).unwrap();
    let plan = run.join("run.json");
    let text = fs::read_to_string(&plan).unwrap();
    let is_new =
        |line: &&str| ["r1_every", "condition", "classes"].iter().any(|it| line.contains(it));
    assert_eq!(text.lines().filter(is_new).count(), 3);
    let old: Vec<&str> = text.lines().filter(|line| !is_new(line)).collect();
    fs::write(&plan, old.join("\n")).unwrap();
    succeed(&["resume", name]);
    assert!(generator() == whole);
}

#[test]
fn interrupted_or_out_of_room() {
    let directory = TempDir::new().unwrap();
    let data = squares(directory.path(), 40);
    fs::remove_file(data.join("labels.csv")).unwrap();
    let run = directory.path().join("run");
    let checkpoints = run.join("checkpoints");
    let (run, data) = (run.to_str().unwrap(), data.to_str().unwrap());
    // No other checkpoint is due: only Ctrl-C writes one.
    let forever = ["train", "--data", data, "-o", run, "--steps", "1000000"];
    let mut small = SMALL;
    small[13] = "1000000";
    let mut child = Command::new(env!("CARGO_BIN_EXE_dcgan"))
        .args([&forever, &small[..]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !Path::new(run).join("log.csv").exists() || log(run).len() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "ended by itself");
        sleep(Duration::from_millis(20));
    }
    fail(&["resume", run], "another process is training this run");
    // The signal that Ctrl-C sends.
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error: stopped; continue with: dcgan resume"), "{said}");
    let last = || -> u64 {
        let entries = fs::read_dir(&checkpoints).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter_map(|name| name.parse().ok()).max().unwrap()
    };
    let stopped = last();

    // A file in place of the next checkpoint's directory makes writing it fail, as a full disk would.
    let steps = (stopped + 5).to_string();
    let obstacle = checkpoints.join(format!("{:06}.part", stopped + 5));
    fs::write(&obstacle, "").unwrap();
    fail(&["resume", run, "--steps", &steps], "the previous checkpoint is intact");
    assert_eq!(last(), stopped);
    fs::remove_file(&obstacle).unwrap();
    succeed(&["resume", run, "--steps", &steps]);
    assert_eq!(last(), stopped + 5);
}

#[test]
fn a_tiny_network_learns() {
    let directory = TempDir::new().unwrap();
    let data = squares(directory.path(), 300);
    let run = directory.path().join("run");
    let (run, data) = (run.to_str().unwrap(), data.to_str().unwrap());
    let train = ["train", "--data", data, "-o", run, "--steps", "300", "--rate", "1e-3"];
    let (_, err) = succeed(&[&train, &SMALL[..]].concat());
    assert!(err.contains("judge: side right in 100.0 % of held-back pictures"), "{err}");
    let column = |number: usize| -> Vec<f64> {
        let cell = |line: &Vec<String>| line[number].parse().ok();
        log(run).iter().filter_map(cell).collect()
    };
    let distances = column(6);
    let (first, last) = (distances[0], distances[distances.len() - 1]);
    assert!(last < first / 4.0, "Fréchet distance from {first} to {last}");
    let scale = fs::read_to_string(format!("{run}/judge.json")).unwrap();
    let scale: serde_json::Value = serde_json::from_str(&scale).unwrap();
    let [floor, ceiling] = ["floor", "ceiling"].map(|key| scale[key].as_f64().unwrap());
    assert!(0.0 < floor && 4.0 * floor < ceiling, "{scale}");
    let floors = column(7)[distances.len() - 1];
    assert!((floors / (last / floor) - 1.0).abs() < 0.01, "{floors}");

    let generator = format!("{run}/generator.onnx");
    let sheet = format!("{run}/neighbours.png");
    let evaluate = |file: &str| {
        let arguments =
            ["evaluate", file, "--data", data, "--threads", "2", "--neighbours", &sheet];
        let (out, _) = succeed(&arguments);
        let number = out.split("Fréchet distance ").nth(1).unwrap().split(':').next().unwrap();
        let distance: f64 = number.parse().unwrap();
        let rows = out.lines().filter(|l| l.starts_with("side") || l.starts_with("colour"));
        let percents: Vec<f64> =
            rows.map(|row| row.split_whitespace().nth_back(1).unwrap().parse().unwrap()).collect();
        assert_eq!(percents.len(), 4, "{out}");
        assert!(percents.iter().all(|percent| (15.0..85.0).contains(percent)), "{out}");
        assert!(out.contains("nearest training picture: median difference"), "{out}");
        distance
    };
    // The same pictures as in training, except for rounding differences between tract and burn.
    let float = evaluate(&generator);
    assert!((float / last - 1.0).abs() < 0.02, "{last} in training, then {float}");
    image::open(&sheet).unwrap();
    let options = ::export::pipeline::Options::default();
    let quantized = ::export::pipeline::export(Path::new(&generator), &options, &|| ()).unwrap();
    let file = format!("{run}/generator.gen");
    fs::write(&file, quantized.gen_file).unwrap();
    let device = evaluate(&file);
    assert!(device != float && (device / float - 1.0).abs() < 0.5, "{float}, quantised {device}");

    fail(&["evaluate", &generator, "--data", &format!("{run}/sheets")], "not 16×16");
    for file in ["generator.onnx", "discriminator.onnx"] {
        let (out, _) = succeed(&["rules", &format!("{run}/{file}")]);
        assert!(!out.contains("breaks"), "{out}");
    }
    let classifier = fs::read(format!("{run}/classifier.onnx")).unwrap();
    let text = String::from_utf8_lossy(&classifier);
    assert!(text.contains("side: 0, 1; colour: 0, 1"), "what the logits stand for");
}

#[test]
fn pictures_follow_their_labels() {
    let directory = TempDir::new().unwrap();
    let data = squares(directory.path(), 300);
    let run = directory.path().join("run");
    let (run, data) = (run.to_str().unwrap(), data.to_str().unwrap());
    let train = ["train", "--data", data, "-o", run, "--steps", "300", "--rate", "1e-3"];
    succeed(&[&train, &SMALL[..], &["--condition", "side"]].concat());
    let generator = Path::new(run).join("generator.onnx");
    let options = ::export::pipeline::Options::default();
    let quantized = ::export::pipeline::export(&generator, &options, &|| ()).unwrap();
    let parts = &quantized.report.layout.latent;
    let parts: Vec<_> =
        parts.iter().map(|it| (&it.name[..], it.distribution, it.guessed)).collect();
    assert_eq!(parts, [("z", "normal", false), ("label", "one-hot", false)]);
    let mut npz =
        NpzReader::new(File::open(Path::new(run).join("reference.npz")).unwrap()).unwrap();
    let labels: Array2<f32> = npz.by_name("label").unwrap();
    let pictures: Array4<f32> = npz.by_name("img").unwrap();
    for (label, picture) in labels.outer_iter().zip(pictures.outer_iter()) {
        // Squares have less green than what is around them.
        let half = |from: usize, to: usize| {
            let green = picture.slice(s![1, 5..11, from..to]);
            green.iter().sum::<f32>()
        };
        let is_right = half(9, 14) < half(2, 7);
        assert_eq!(is_right, label[1] == 1.0, "{label}");
    }
    assert!((4.0..12.0).contains(&labels.column(1).sum()), "{labels}");
    let (out, _) = succeed(&["evaluate", generator.to_str().unwrap(), "--data", data]);
    assert!(out.contains("classes are drawn equally often"), "{out}");
    for file in ["generator.onnx", "discriminator.onnx"] {
        let (out, _) = succeed(&["rules", &format!("{run}/{file}")]);
        assert!(!out.contains("breaks"), "{out}");
    }
    let text = fs::read(&generator).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("side: 0, 1"), "what labels stand for");
}

#[test]
fn switches_change_what_is_learned() {
    let directory = TempDir::new().unwrap();
    let data = squares(directory.path(), 40);
    let data = data.to_str().unwrap();
    let mut seen = HashSet::new();
    let switches: [&[&str]; 12] = [
        &[],
        &["--ema", "0"],
        &["--smooth", "0"],
        &["--rate-ratio", "2"],
        &["--constant-rates"],
        &["--feature-matching"],
        &["--minibatch-discrimination"],
        &["--discriminator-norm=false"],
        &["--kernel", "5"],
        &["--r1", "0"],
        &["--r1-every", "3"],
        &["--condition", "side"],
    ];
    for (index, switch) in switches.into_iter().enumerate() {
        let run = directory.path().join(index.to_string());
        let train = ["train", "--data", data, "--steps", "6", "--latent", "8", "--width", "4"];
        succeed(&[&train[..], &["-o", run.to_str().unwrap()], switch].concat());
        let generator = fs::read(run.join("generator.onnx")).unwrap();
        assert!(seen.insert(generator), "{switch:?} changes nothing");
    }
}

#[test]
fn bad_input() {
    let directory = TempDir::new().unwrap();
    let data = squares(directory.path(), 20);
    let run = directory.path().join("run");
    let (run, data) = (run.to_str().unwrap(), data.to_str().unwrap());
    let train = |more: &[&str], expected: &str| {
        fail(&[&["train", "--data", data, "-o", run], more].concat(), expected);
        assert!(!Path::new(run).exists(), "nothing is written");
    };
    train(&["--size", "32"], "not 32×32");
    train(&["--rate", "nan"], "rate NaN");
    train(&["--rate", "-1"], "rate -1: must be 0.0000001 to 1");
    train(&["--smooth", "0.7"], "smooth 0.7: must be 0 to 0.5");
    train(&["--kernel", "3"], "kernel 3: must be 4 or 5");
    train(&["--batch", "1"], "batch 1: must be 2 to 1024");
    train(&["--condition", "side", "--feature-matching"], "does not teach classes");
    train(
        &["--condition", "age"],
        "squares: no attribute \"age\" in the labels: there are side, colour",
    );
    for wrong in [["--size", "99999999999"], ["--channels", "2"], ["--steps", "0"]] {
        let output = dcgan(&[&["train", "--data", data, "-o", run], &wrong[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    fail(&["resume", run], "run.json: cannot be read: is it a run?");
    fail(&["rules", &format!("{data}/labels.csv")], "not an ONNX model");
    let faces = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/faces.gen");
    fail(&["rules", faces], "faces.gen: a .gen cannot be checked: give its .onnx");
    let few = ["train", "--data", data, "-o", run, "--steps", "1"];
    let (_, err) = succeed(&[&few, &SMALL[..]].concat());
    assert!(err.contains("a judge needs 256 labelled pictures, there are 20"), "{err}");
    fail(
        &["train", "--data", data, "-o", run],
        "already contains a run: continue it with `dcgan resume`",
    );
    fs::remove_dir_all(format!("{run}/checkpoints")).unwrap();
    fail(&["resume", run], "checkpoints: cannot be listed");

    let same = directory.path().join("same");
    fs::create_dir(&same).unwrap();
    for name in ["a.png", "b.png"] {
        RgbImage::from_pixel(16, 16, Rgb([7, 8, 9])).save(same.join(name)).unwrap();
    }
    let (same, run) = (same.to_str().unwrap(), directory.path().join("run2"));
    let train = ["train", "--data", same, "-o", run.to_str().unwrap()];
    fail(&train, "same: all pictures are the same: there is nothing to learn");
}
