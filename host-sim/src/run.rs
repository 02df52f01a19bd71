//! Runs the application on a screen in memory.

use boards::{Color, Screen};
use embedded_graphics::pixelcolor::{BinaryColor, Gray4, Rgb565, Rgb888};
use embedded_graphics::prelude::*;
use firmware::{App, AppError, Board, Event, Presses};
use gen_core::pixel::Shade;
use gen_core::{FormatError, Model};

use crate::{Frame, Outside, Picture};

/// Room for the longest possible latent. Boards only have room for their own model's.
const LATENT: usize = gen_core::latent::MAX_LEN;

/// Sees the pictures on a simulated screen and presses its buttons.
pub trait Viewer {
    /// Called for each frame shown; `event` is its [`Event::Shown`].
    fn see(&mut self, event: Event<'_>, picture: &Picture);

    /// Called when the application waits; may press buttons.
    fn wait(&mut self, milliseconds: u32, presses: &mut Presses);

    /// Whether the run should end. Called after every wait.
    fn leaves(&self) -> bool;
}

/// Why the application cannot run.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SimError {
    /// The model is invalid.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The model does not fit the application.
    #[error(transparent)]
    App(#[from] AppError),
    /// The application drew outside its screen.
    #[error(transparent)]
    Outside(#[from] Outside),
    /// The picture is held before this frame, and no press is left that would change it.
    #[error("frame {0} is never shown: the picture is held before it")]
    NeverShown(u32),
}

/// Runs the application with a model until the viewer leaves.
///
/// # Errors
///
/// If the model is invalid, or the application draws outside the screen.
pub fn run(
    model: &[u8],
    screen: Screen,
    seed: u64,
    viewer: &mut dyn Viewer,
) -> Result<(), SimError> {
    let model = Model::parse(model)?;
    // An arbitrary colour, as a real panel's memory holds noise at power-on.
    match screen.color {
        Color::Rgb565 => run_in(model, Frame::new(size(screen), Rgb565::BLUE), seed, viewer),
        Color::Gray4 => run_in(model, Frame::new(size(screen), Gray4::WHITE), seed, viewer),
        Color::Binary => run_in(model, Frame::new(size(screen), BinaryColor::On), seed, viewer),
    }
}

fn size(screen: Screen) -> Size {
    Size::new(screen.width, screen.height)
}

/// Runs the application on a board whose display is `frame`.
fn run_in<C>(
    model: Model<'_>,
    frame: Frame<C>,
    seed: u64,
    viewer: &mut dyn Viewer,
) -> Result<(), SimError>
where
    C: Shade + Into<Rgb888>,
{
    let mut memory = vec![0; model.working_memory()];
    let mut app = App::<LATENT>::new(model, &mut memory, seed)?;
    let mut desk = Desk { frame, viewer };
    while !desk.viewer.leaves() {
        app.step(&mut desk)?;
    }
    Ok(())
}

/// The simulated board: a screen and its viewer.
struct Desk<'v, C> {
    frame: Frame<C>,
    viewer: &'v mut dyn Viewer,
}

impl<C: Shade + Into<Rgb888>> Board for Desk<'_, C> {
    type Display = Frame<C>;

    fn display(&mut self) -> &mut Frame<C> {
        &mut self.frame
    }

    fn wait(&mut self, milliseconds: u32, presses: &mut Presses) {
        self.viewer.wait(milliseconds, presses);
    }

    fn report(&mut self, event: Event<'_>) {
        if let Event::Shown { .. } = event {
            self.viewer.see(event, &self.frame.picture());
        }
    }
}
