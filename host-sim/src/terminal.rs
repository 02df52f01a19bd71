//! A viewer at a terminal.

use std::io::{self, Stdout, stdout};
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

/// The terminal, taken over until dropped.
pub struct Terminal {
    name: String,
    /// Frames yet to come, if somebody counts.
    left: Option<u32>,
    leaves: bool,
    shown: Option<(Picture, String)>,
    result: io::Result<()>,
    out: Stdout,
}

impl Terminal {
    /// Takes the terminal over. `name` stands in the status line; after `frames` the viewer leaves.
    ///
    /// # Errors
    ///
    /// If the terminal does not obey.
    pub fn new(name: &str, frames: Option<u32>) -> io::Result<Self> {
        enable_raw_mode()?;
        // From here on dropping it gives the terminal back.
        let mut terminal = Self {
            name: name.into(),
            left: frames,
            leaves: frames == Some(0),
            shown: None,
            result: Ok(()),
            out: stdout(),
        };
        execute!(terminal.out, EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        Ok(terminal)
    }

    /// Gives the terminal back.
    ///
    /// # Errors
    ///
    /// If something could not be shown.
    pub fn finish(mut self) -> io::Result<()> {
        std::mem::replace(&mut self.result, Ok(()))
    }

    /// Shows what was seen last, as large as whole fractions allow.
    fn draw(&mut self) -> io::Result<()> {
        let Some((picture, status)) = &self.shown else { return Ok(()) };
        let (columns, rows) = size()?;
        // The last row is for the status, and stays free of line ends, which would scroll.
        let (wide, high) =
            (u32::from(columns).max(1), u32::from(rows).saturating_sub(1).max(1) * 2);
        let factor = picture.width.div_ceil(wide).max(picture.height.div_ceil(high)).max(1);
        let status: String = status.chars().take(columns.into()).collect();
        execute!(
            self.out,
            MoveTo(0, 0),
            Print(half_blocks(&picture.reduced(factor))),
            Print(status),
            Clear(ClearType::UntilNewLine),
        )
    }

    /// Acts on what the user did until something was pressed or the time is over.
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
                        // The loop ends with the first.
                        Some(button) => drop(presses.push_back(button)),
                        None => self.leaves = true,
                    }
                }
                Input::Resize(..) => {
                    execute!(self.out, Clear(ClearType::All))?;
                    self.draw()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Leaves if something went wrong.
    fn note(&mut self, result: io::Result<()>) {
        if result.is_err() {
            self.result = result;
            self.leaves = true;
        }
    }
}

impl Viewer for Terminal {
    fn see(&mut self, event: Event<'_>, picture: &Picture) {
        let Event::Shown { seed, mode, held, .. } = event else { return };
        let mode = match mode {
            Mode::Faces => "faces",
            Mode::Walk => "walk",
        };
        let held = if held { ", held" } else { "" };
        let status =
            format!("{}, seed {seed}, {mode}{held}   n next  m mode  h hold  q quit", self.name);
        self.shown = Some((picture.clone(), status));
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
        // Nobody is left to be told.
        let _ = execute!(self.out, Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}
