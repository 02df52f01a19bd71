//! The application on a desktop: in the terminal, or as PNG files.

use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use boards::{Color, Screen};
use clap::Parser;
use firmware::Button;
use gen_core::Model;
use host_sim::{MODELS, Recorder, SCREENS, Script, Terminal, half_blocks, replay, run, test_card};

/// Shows generated pictures exactly as a board with a screen would.
///
/// In a terminal: n or space for the next seed, m for single faces or walks, h to hold, q to quit.
#[derive(Parser)]
struct Arguments {
    /// A built-in model (faces or fashion) or a .gen file
    #[arg(long, value_name = "NAME|FILE.gen", default_value = MODELS[0].0)]
    model: PathBuf,
    #[arg(long, value_name = "NAME", default_value = SCREENS[0].name, value_parser = screen)]
    #[arg(help = screens())]
    screen: Screen,
    /// The first seed; the others count up from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write PNG files instead of showing the pictures
    #[arg(long)]
    headless: bool,
    /// Stop after this many frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    frames: Option<u32>,
    /// Directory for the PNG files
    #[arg(long, value_name = "DIR", default_value = "out", requires = "headless")]
    out: PathBuf,
    /// Magnify the PNG files by this factor
    #[arg(long, value_name = "N", default_value_t = 1, requires = "headless")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=16))]
    zoom: u32,
    /// Also write a GIF of all frames
    #[arg(long, value_name = "FILE.gif", requires = "headless")]
    gif: Option<PathBuf>,
    /// Only write the test card, the picture that a board shows to check its screen
    #[arg(long, value_name = "FILE.png", conflicts_with_all = ["headless", "frames"])]
    test_card: Option<PathBuf>,
    /// Press next, mode or hold while a frame is shown; may be repeated
    #[arg(long, value_name = "FRAME:BUTTON", value_parser = press, requires = "headless")]
    press: Vec<(u32, Button)>,
}

/// Number of frames written if `--frames` is absent.
const FRAMES: u32 = 8;

fn main() -> ExitCode {
    match simulate(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(arguments: &Arguments) -> Result<()> {
    let Arguments { screen, seed, frames, .. } = *arguments;
    if let Some(path) = &arguments.test_card {
        return test_card(screen)?.save_png(path);
    }
    let name = arguments.model.display().to_string();
    let file = match MODELS.iter().find(|(built_in, _)| *built_in == name) {
        Some((_, file)) => file.to_vec(),
        None => std::fs::read(&arguments.model).with_context(|| {
            let names = MODELS.map(|(name, _)| name).join(", ");
            format!("cannot read {name}: choose a built-in model ({names}) or a .gen file")
        })?,
    };
    let model = Model::parse(&file).with_context(|| name.clone())?;
    let picture = model.picture_shape();
    if let Some(cut) = screen.cut([picture.width as u32, picture.height as u32]) {
        eprintln!("{name}: {cut}");
    }

    if arguments.headless {
        let script = Script::new(&arguments.press);
        let frames = frames.unwrap_or(FRAMES);
        let (out, gif) = (&arguments.out, arguments.gif.clone());
        let mut recorder = Recorder::new(out.clone(), frames, arguments.zoom, script, gif)?;
        run(&file, screen, seed, &mut recorder).context(name)?;
        let written = recorder.finish()?;
        say(&format!("{written} frames in {}\n", out.display()))
    } else if stdout().is_terminal() {
        let mut terminal = Terminal::new(model.name(), frames).context("the terminal")?;
        let ran = run(&file, screen, seed, &mut terminal);
        // Restore the terminal before an error is printed.
        terminal.finish().context("the terminal")?;
        ran.context(name)
    } else {
        let last = frames.unwrap_or(FRAMES) - 1;
        let picture = replay(&file, screen, seed, &[], last).context(name)?;
        // Reduced to at most 80 pixels wide, so that the text fits on a page.
        let picture = picture.reduced(picture.width.div_ceil(80));
        let text = half_blocks(&picture).replace('\r', "");
        say(&format!("{text}Not a terminal. For PNG files: --headless --out DIR\n"))
    }
}

/// Prints `text`. A closed pipe is not an error.
fn say(text: &str) -> Result<()> {
    match stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot print")
        }
        _ => Ok(()),
    }
}

/// Names and sizes of the screens, for the help.
fn screens() -> String {
    let text = SCREENS.map(|Screen { name, width, height, color, .. }| {
        let color = match color {
            Color::Rgb565 => "",
            Color::Gray4 => " in 16 greys",
            Color::Binary => " black and white",
        };
        format!("{name} {width}x{height}{color}")
    });
    text.join(", ")
}

fn screen(name: &str) -> Result<Screen, String> {
    SCREENS.into_iter().find(|screen| screen.name == name).ok_or_else(|| {
        let names = SCREENS.map(|screen| screen.name).join(", ");
        format!("choose one of {names}")
    })
}

fn press(text: &str) -> Result<(u32, Button), String> {
    let (frame, button) = text.split_once(':').ok_or("write FRAME:BUTTON, for example 3:next")?;
    let frame = frame.parse().map_err(|_| format!("{frame} is not a frame number"))?;
    let button = match button {
        "next" => Button::Next,
        "mode" => Button::Mode,
        "hold" => Button::Hold,
        other => return Err(format!("there is no button {other}: next, mode or hold")),
    };
    Ok((frame, button))
}
