//! Runs the application on a screen in memory.

use anyhow::Result;
use boards::{Color, Screen};
use embedded_graphics::pixelcolor::{BinaryColor, Gray4, Rgb565, Rgb888};
use embedded_graphics::prelude::*;
use firmware::{App, Event, Platform, Presses};
use gen_core::Model;
use gen_core::pixel::Shade;

use crate::{MemoryDisplay, Picture};

/// Room for the longest possible latent. Boards only have room for their own model's.
const LATENT: usize = gen_core::latent::MAX_LEN;

/// Sees the pictures on a simulated screen and presses its buttons.
pub trait Viewer {
    /// Called for each frame shown; `event` is its [`Event::Shown`].
    fn frame_shown(&mut self, event: Event<'_>, picture: &Picture);

    /// Called when the application waits; may press buttons.
    fn wait(&mut self, milliseconds: u32, presses: &mut Presses);

    /// Whether the run should end. Called after every wait.
    fn leaves(&self) -> bool;
}

/// Runs the application with a model until the viewer leaves.
///
/// # Errors
///
/// If the model is invalid, or the application draws outside the screen.
pub fn run(model: &[u8], screen: Screen, seed: u64, viewer: &mut dyn Viewer) -> Result<()> {
    let model = Model::parse(model)?;
    // An arbitrary colour, as a real panel's memory holds noise at power-on.
    let size = Size::new(screen.width, screen.height);
    match screen.color {
        Color::Rgb565 => run_on(MemoryDisplay::new(size, Rgb565::BLUE), model, seed, viewer),
        Color::Gray4 => run_on(MemoryDisplay::new(size, Gray4::WHITE), model, seed, viewer),
        Color::Binary => run_on(MemoryDisplay::new(size, BinaryColor::On), model, seed, viewer),
    }
}

/// Runs the application on a board whose screen is `display`.
fn run_on<C: Shade + Into<Rgb888>>(
    display: MemoryDisplay<C>,
    model: Model<'_>,
    seed: u64,
    viewer: &mut dyn Viewer,
) -> Result<()> {
    let mut memory = vec![0; model.working_memory()];
    let mut app = App::<LATENT>::new(model, &mut memory, seed)?;
    let mut desk = Desk { display, viewer };
    app.start(&mut desk)?;
    while !desk.viewer.leaves() {
        app.step(&mut desk)?;
    }
    Ok(())
}

/// The simulated board: a screen and its viewer.
struct Desk<'v, C> {
    display: MemoryDisplay<C>,
    viewer: &'v mut dyn Viewer,
}

impl<C: Shade + Into<Rgb888>> Platform for Desk<'_, C> {
    type Display = MemoryDisplay<C>;

    fn display(&mut self) -> &mut MemoryDisplay<C> {
        &mut self.display
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        self.viewer.wait(milliseconds, presses);
    }

    fn report(&mut self, event: Event<'_>) {
        if let Event::Shown { .. } = event {
            self.viewer.frame_shown(event, &self.display.picture());
        }
    }
}
