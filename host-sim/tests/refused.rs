//! Invalid input makes the program print one line that names the problem, and write no file.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use host_sim::BUILT_IN;

/// An empty directory for one test.
fn directory(test: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    // The directory may not exist yet.
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn host_sim(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_host-sim");
    Command::new(program).args(["--headless", "--frames", "2"]).args(arguments).output().unwrap()
}

/// Runs the program, which must fail. Returns the line that it prints.
fn refused(arguments: &[&str]) -> String {
    let output = host_sim(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{}: {said}", output.status);
    // clap adds a hint to errors about arguments.
    let (line, hint) = said.split_once('\n').unwrap();
    assert!(["", "\nFor more information, try '--help'.\n"].contains(&hint), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    line.into()
}

#[test]
fn models_that_are_none() {
    let directory = directory("models");
    let out = directory.join("out");
    let cases = [("half.gen", &BUILT_IN[..BUILT_IN.len() / 2]), ("empty.gen", &[]), ("x", b"P6")];
    for (name, bytes) in cases {
        let file = directory.join(name);
        fs::write(&file, bytes).unwrap();
        let said = refused(&["--model", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        assert!(said.contains(name) && said.ends_with("copy it again"), "{said}");
    }
    let missing = directory.join("missing.gen");
    let said = refused(&["--model", missing.to_str().unwrap()]);
    assert!(said.contains("cannot read") && said.contains("missing.gen"), "{said}");
    assert!(said.contains("choose a built-in model (faces, fashion) or a .gen file"), "{said}");
    assert!(!out.exists());
}

#[test]
fn places_that_cannot_be_written() {
    let directory = directory("places");
    let file = directory.join("file");
    fs::write(&file, "").unwrap();
    let said = refused(&["--out", file.join("out").to_str().unwrap()]);
    assert!(said.contains("cannot create") && said.contains("--out"), "{said}");

    // A directory with the name of the output file.
    let out = directory.join("out");
    fs::create_dir_all(out.join("film.gif")).unwrap();
    let film = out.join("film.gif");
    let said = refused(&["--out", out.to_str().unwrap(), "--gif", film.to_str().unwrap()]);
    assert!(said.contains("cannot write") && said.contains("film.gif"), "{said}");
    fs::remove_file(out.join("frame-0001.png")).unwrap();
    fs::create_dir(out.join("frame-0001.png")).unwrap();
    let said = refused(&["--out", out.to_str().unwrap()]);
    assert!(said.contains("cannot write") && said.contains("frame-0001.png"), "{said}");
    let left = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
    let half: Vec<_> = left.filter(|path| path.extension().is_some_and(|e| e == "new")).collect();
    assert!(half.is_empty(), "{half:?}");
}

#[test]
fn arguments_that_are_wrong() {
    for (press, why) in
        [("3", "FRAME:BUTTON"), ("x:next", "x is not"), ("3:jump", "no button jump")]
    {
        let said = refused(&["--press", press]);
        assert!(said.contains("--press") && said.contains(why), "{said}");
    }
    let said = refused(&["--screen", "cinema"]);
    assert!(said.contains("choose one of tft, oled"), "{said}");
    let output = Command::new(env!("CARGO_BIN_EXE_host-sim")).args(["--frames", "0"]).output();
    assert_eq!(output.unwrap().status.code(), Some(2), "no frame at all");
}

#[test]
fn good_input_gives_pictures() {
    let directory = directory("good");
    let film = directory.join("film.gif");
    let out = ["--out", directory.to_str().unwrap(), "--gif", film.to_str().unwrap()];
    assert!(host_sim(&out).status.success());
    assert!(fs::read(film).unwrap().starts_with(b"GIF89a"));
    for frame in ["frame-0000.png", "frame-0001.png"] {
        assert!(fs::read(directory.join(frame)).unwrap().starts_with(b"\x89PNG"), "{frame}");
    }
}
