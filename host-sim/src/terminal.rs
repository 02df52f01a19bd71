//! A viewer that shows the pictures in a terminal.

use std::io::{self, stdout};
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event as Input, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use firmware::{Button, Event, Mode, Presses};

use crate::{Picture, Viewer, half_blocks};

/// Exit status after a signal, which shells give to a program that SIGTERM ends.
const ENDED_BY_SIGNAL: i32 = 128 + 15;

/// The terminal in raw mode and on its alternate screen; restored when dropped.
pub struct Terminal {
    name: String,
    /// Number of frames still to show, if it is limited.
    left: Option<u32>,
    leaves: bool,
    /// The last frame and its status line.
    last: Option<(Picture, String)>,
    result: io::Result<()>,
}

impl Terminal {
    /// Takes over the terminal. `name`: text for the status line. After `frames` frames the viewer leaves.
    /// A signal that ends the program (SIGINT, SIGTERM or SIGHUP) first restores the terminal.
    ///
    /// # Errors
    ///
    /// If the terminal cannot be set up.
    pub fn new(name: &str, frames: Option<u32>) -> io::Result<Self> {
        enable_raw_mode()?;
        // From here on, dropping restores the terminal.
        let terminal =
            Self { name: name.into(), left: frames, leaves: false, last: None, result: Ok(()) };
        ctrlc::set_handler(|| {
            // Held until the end, so that no more of a picture is drawn.
            let _lock = stdout().lock();
            restore();
            std::process::exit(ENDED_BY_SIGNAL)
        })
        .map_err(io::Error::other)?;
        execute!(stdout(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        Ok(terminal)
    }

    /// Restores the terminal.
    ///
    /// # Errors
    ///
    /// If a picture could not be shown.
    pub fn finish(mut self) -> io::Result<()> {
        std::mem::replace(&mut self.result, Ok(()))
    }

    /// Draws the last frame, reduced by an integer factor to fit the terminal.
    fn draw(&mut self) -> io::Result<()> {
        let Some((picture, status)) = &self.last else { return Ok(()) };
        let (columns, rows) = size()?;
        // The last row is for the status and has no line end, which would scroll.
        let (wide, high) =
            (u32::from(columns).max(1), u32::from(rows).saturating_sub(1).max(1) * 2);
        let factor = picture.width.div_ceil(wide).max(picture.height.div_ceil(high)).max(1);
        let status: String = status.chars().take(columns.into()).collect();
        execute!(
            stdout(),
            MoveTo(0, 0),
            Print(half_blocks(&picture.reduced(factor))),
            Print(status),
            Clear(ClearType::UntilNewLine),
        )
    }

    /// Handles key presses until a button was pressed or the time is over.
    fn listen(&mut self, until: Instant, presses: &mut Presses) -> io::Result<()> {
        while presses.is_empty() && !self.leaves {
            if !event::poll(until.saturating_duration_since(Instant::now()))? {
                break;
            }
            match event::read()? {
                Input::Key(key) if key.kind != KeyEventKind::Release => {
                    let control = key.modifiers.contains(KeyModifiers::CONTROL);
                    let button = match key.code {
                        KeyCode::Char('c') if control => None,
                        KeyCode::Char('n' | ' ') => Some(Button::Next),
                        KeyCode::Char('m') => Some(Button::Mode),
                        KeyCode::Char('h') => Some(Button::Hold),
                        KeyCode::Char('q') | KeyCode::Esc => None,
                        _ => continue,
                    };
                    match button {
                        // The loop ends at the first press, so the queue has room.
                        Some(button) => drop(presses.push_back(button)),
                        None => self.leaves = true,
                    }
                }
                Input::Resize(..) => {
                    execute!(stdout(), Clear(ClearType::All))?;
                    self.draw()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps an error for [`Self::finish`], and leaves.
    fn note(&mut self, result: io::Result<()>) {
        if result.is_err() {
            self.result = result;
            self.leaves = true;
        }
    }
}

impl Viewer for Terminal {
    fn frame_shown(&mut self, event: Event<'_>, picture: &Picture) {
        let Event::Shown { seed, mode, held, .. } = event else { return };
        let mode = match mode {
            Mode::Faces => "faces",
            Mode::Walk => "walk",
        };
        let held = if held { " · held" } else { "" };
        let keys = "n next  m mode  h hold  q quit";
        let status = format!("{} · seed {seed} · mode: {mode}{held}   {keys}", self.name);
        self.last = Some((picture.clone(), status));
        let result = self.draw();
        self.note(result);
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        let until = Instant::now() + Duration::from_millis(milliseconds.into());
        let result = self.listen(until, presses);
        self.note(result);
        self.leaves |= self.left == Some(0);
    }

    fn leaves(&self) -> bool {
        self.leaves
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Leaves the alternate screen and raw mode.
fn restore() {
    // An error cannot be reported any more.
    let _ = execute!(stdout(), Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}
