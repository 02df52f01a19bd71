//! The table in docs/boards.md equals this crate's table. `BLESS=1 cargo test -p boards --test docs` writes
//! it.

use std::fs;
use std::path::Path;

use boards::{BOARDS, Board, Color, Core, Emulator, Screen};

/// Marker before the table.
const BEGIN: &str = "<!-- boards -->\n";
/// Marker after the table.
const END: &str = "<!-- /boards -->";

#[test]
fn the_page_shows_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/boards.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the table begins with a marker");
    let (_, after) = rest.split_once(END).expect("the table ends with a marker");
    let expected = [before, BEGIN, &table(), END, after].concat();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert!(page == expected, "type BLESS=1 cargo test -p boards --test docs");
    }
}

fn table() -> String {
    let mut text = String::from(
        "| board | chip | core | flash | RAM | screen | buttons | log | run so far |\n\
         |---|---|---|---:|---:|---|---|---|---|\n",
    );
    // Boards that can be flashed come first.
    let (flashed, emulated): (Vec<&Board>, _) =
        BOARDS.iter().partition(|board| board.can_be_flashed());
    for board in flashed.into_iter().chain(emulated) {
        let [flash, ram] = [board.memory().flash, board.memory().ram].map(kilobytes);
        let cells = [
            format!("`{}`", board.name),
            board.chip.into(),
            core(board.core) + &board.clock_mhz.map_or(String::new(), |mhz| format!(" {mhz} MHz")),
            flash,
            ram,
            board.screen.map_or("none".into(), screen),
            board.buttons.unwrap_or("none").into(),
            log(board).into(),
            run(board).into(),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

fn core(core: Core) -> String {
    match core.name.starts_with('M') {
        true => format!("Cortex-{}", core.name),
        false => core.name.into(),
    }
}

/// Formats bytes as whole KB, rounded up: flash may lack some bytes of the boot loader.
fn kilobytes(bytes: usize) -> String {
    format!("{} KB", bytes.div_ceil(1024))
}

fn screen(screen: Screen) -> String {
    let Screen { controller, width, height, color, .. } = screen;
    let color = match color {
        Color::Rgb565 => "RGB565",
        Color::Gray4 => "16 greys",
        Color::Binary => "black and white",
    };
    format!("{}, {width}×{height}, {color}", controller.unwrap_or("any"))
}

fn log(board: &Board) -> &'static str {
    match board.emulator {
        Some(Emulator::Qemu) => "semihosting",
        _ => "RTT",
    }
}

fn run(board: &Board) -> &'static str {
    match (board.emulator, board.screen) {
        (Some(Emulator::Qemu), Some(_)) => "QEMU, screen and buttons included",
        (Some(Emulator::Qemu), None) => "QEMU: checksums only",
        (Some(Emulator::Rp2040js), _) => "its UF2 in rp2040js, screen and buttons included",
        (None, _) if board.drive.is_some() => "not run: built, image checked",
        (None, _) => "not run: built",
    }
}
