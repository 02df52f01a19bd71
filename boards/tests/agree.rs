//! Rows, memory maps and the firmware's Cargo features describe the same boards.

use std::fs;
use std::path::{Path, PathBuf};

use boards::{BOARDS, CORES, Core};

fn crate_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn sorted(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    names
}

fn rows() -> Vec<String> {
    sorted(BOARDS.iter().map(|board| board.name.into()))
}

/// The firmware's public features except `defmt`, each with the features that it enables.
fn features() -> Vec<(String, String)> {
    let manifest = fs::read_to_string(crate_file("../firmware/Cargo.toml")).unwrap();
    let (_, features) = manifest.split_once("\n[features]\n").unwrap();
    let (features, _) = features.split_once("\n[").unwrap();
    let features: String =
        features.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().concat();
    let pairs = features.split(']').filter_map(|feature| feature.split_once(" = ["));
    let boards = pairs.filter(|(name, _)| !name.starts_with('_') && *name != "defmt");
    boards.map(|(name, parts)| (name.into(), parts.into())).collect()
}

#[test]
fn every_row_is_another_board() {
    let mut rows = rows();
    rows.dedup();
    assert_eq!(rows.len(), BOARDS.len());
}

#[test]
fn every_row_has_a_memory_map_and_every_map_a_row() {
    let maps = fs::read_dir(crate_file("memory")).unwrap().map(|entry| entry.unwrap().path());
    let maps = sorted(maps.map(|map| {
        assert_eq!(map.extension().unwrap(), "x", "{}", map.display());
        map.file_stem().unwrap().to_str().unwrap().into()
    }));
    assert_eq!(maps, rows(), "left: boards/memory, right: boards/src/rows.rs");
    for board in &BOARDS {
        let map = fs::read_to_string(crate_file(&format!("memory/{}.x", board.name))).unwrap();
        assert!(board.memory().flash > 0 && board.memory().ram > 0, "{} has no memory", board.name);
        assert!(map == board.map, "the row {} has the memory map of another", board.name);
    }
}

#[test]
fn every_row_has_a_feature_and_every_feature_a_row() {
    let names = sorted(features().into_iter().map(|(name, _)| name));
    assert_eq!(names, rows(), "left: firmware/Cargo.toml, right: boards/src/rows.rs");
}

/// The features that a board's feature enables agree with its row: `_emulated` stands for boards whose image is only
/// for an emulator, `_rp` for the chips with a boot drive and the Pico's screen.
#[test]
fn features_say_what_rows_say() {
    for board in &BOARDS {
        let (_, parts) = features().into_iter().find(|(name, _)| name == board.name).unwrap();
        let has = |part: &str| parts.contains(&format!("\"{part}\""));
        assert_eq!(has("_screen") || has("_rp"), board.screen.is_some(), "{}: screen", board.name);
        assert_eq!(has("_emulated"), !board.can_be_flashed(), "{}: emulated", board.name);
        assert!(!has("_rp") || board.drive.is_some(), "{}: boot drive", board.name);
        assert_eq!(has("_psram"), !board.measures.is_empty(), "{}: PSRAM", board.name);
        let map = board.map;
        assert_eq!(has("_psram"), map.contains("\n_psram = "), "{}: PSRAM's address", board.name);
    }
}

#[test]
fn every_core_is_measured_once_in_its_order() {
    let measured: Vec<Core> = BOARDS.iter().flat_map(|board| board.measures).copied().collect();
    assert_eq!(measured, CORES);
}

/// A board with a screen has a clock, for estimated times. Every board can be emulated or written by a probe.
#[test]
fn boards_with_a_screen_have_a_clock_and_every_board_runs_somewhere() {
    for board in &BOARDS {
        assert_eq!(board.clock_mhz.is_some(), board.screen.is_some(), "{}", board.name);
        assert!(board.emulator.is_some() || board.can_be_flashed(), "{} runs nowhere", board.name);
    }
}
