//! The application: draws one picture after another and obeys the buttons.

use embedded_graphics::prelude::*;
use gen_core::latent::{Latent, LengthError, ease};
use gen_core::pixel::Shade;
use gen_core::{Engine, EngineError, Model};

use crate::{Board, Event, Layout, Presses, TestCard, Tour};

/// Milliseconds between two looks at the buttons while the test card is shown.
const TEST_CARD_MS: u32 = 1000;

/// Why the application cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AppError {
    /// The model's latent is longer than the application's `LATENT`.
    LatentTooLong {
        /// Elements of the model's latent.
        need: usize,
        /// Most elements that the application has room for.
        got: usize,
    },
    /// The engine cannot run the model.
    Engine(EngineError),
}

impl core::fmt::Display for AppError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::LatentTooLong { need, got } => {
                write!(
                    f,
                    "the model's latent has {need} elements: give App a LATENT of at least that, not {got}"
                )
            }
            Self::Engine(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AppError {}

/// Shows one picture after another.
///
/// What it draws depends only on the model, the first seed, and which buttons were pressed at which frame;
/// never on time. `LATENT`: most elements of a latent that it has room for.
pub struct App<'f, 'm, const LATENT: usize> {
    engine: Engine<'f, 'm>,
    tour: Tour,
    /// Number of the frame on the display or, while `stale`, of the frame to be drawn next.
    frame: u32,
    stale: bool,
    layout: Option<Layout>,
    latents: Latents<LATENT>,
}

/// Latents at the two ends of a walk's leg and between them.
struct Latents<const LATENT: usize> {
    /// Seed of `from`.
    seed: Option<u64>,
    from: [f32; LATENT],
    to: [f32; LATENT],
    between: [f32; LATENT],
    steps: [i16; LATENT],
}

impl<'f, 'm, const LATENT: usize> App<'f, 'm, LATENT> {
    /// Prepares `model` to run in `memory`, starting with the picture of `seed`.
    ///
    /// # Errors
    ///
    /// If `LATENT` or `memory` is smaller than the model needs.
    pub fn new(model: Model<'f>, memory: &'m mut [u8], seed: u64) -> Result<Self, AppError> {
        let (need, got) = (model.latent().len(), LATENT);
        if need > got {
            return Err(AppError::LatentTooLong { need, got });
        }
        Ok(Self {
            engine: Engine::new(model, memory).map_err(AppError::Engine)?,
            tour: Tour::new(seed),
            frame: 0,
            stale: true,
            layout: None,
            latents: Latents {
                seed: None,
                from: [0.0; LATENT],
                to: [0.0; LATENT],
                between: [0.0; LATENT],
                steps: [0; LATENT],
            },
        })
    }

    /// Draws the next frame if there is a new one, then waits and obeys the buttons.
    ///
    /// # Errors
    ///
    /// The display's own error.
    pub fn step<B: Board>(
        &mut self,
        board: &mut B,
    ) -> Result<(), <B::Display as DrawTarget>::Error> {
        if self.stale {
            self.draw(board)?;
            self.stale = false;
        }
        let mut presses = Presses::new();
        board.wait(self.tour.dwell(), &mut presses);
        self.stale = !presses.is_empty() || self.tour.advance();
        for button in presses {
            let frame = self.frame;
            board.report(Event::Pressed { frame, button });
            self.tour.press(button);
        }
        self.frame = self.frame.wrapping_add(self.stale.into());
        Ok(())
    }

    fn draw<B: Board>(&mut self, board: &mut B) -> Result<(), <B::Display as DrawTarget>::Error> {
        let layout = match self.layout {
            Some(layout) => layout,
            None => self.start(board)?,
        };
        let frame = self.frame;
        board.report(Event::Drawing { frame });

        let name = self.engine.model().name();
        let steps = self.latents.quantized(&self.tour, self.engine.model().latent());
        let steps = steps.map_err(EngineError::from);
        let picture = steps.and_then(|steps| self.engine.draw(steps));
        let picture = picture.expect("a quantised latent of the model's own length");
        let display = board.display();
        let screen = display.bounding_box();
        // Clipping matters only for a picture that is larger than the screen.
        picture.draw(&mut display.clipped(&screen), layout.picture, layout.scale)?;
        if let Some(caption) = layout.caption {
            caption.draw(name, &self.tour, display)?;
        }

        let Tour { seed, mode, step, held } = self.tour;
        board.report(Event::Shown { frame, seed, mode, step, held });
        Ok(())
    }

    /// Reports the model, shows the test card if requested, clears the display and computes the layout.
    fn start<B: Board>(
        &mut self,
        board: &mut B,
    ) -> Result<Layout, <B::Display as DrawTarget>::Error> {
        let model = self.engine.model();
        let image = model.image();
        board.report(Event::Started {
            model: model.name(),
            width: image.width,
            height: image.height,
            channels: image.channels,
            latent: model.latent().len(),
            working_memory: model.working_memory(),
            seed: self.tour.seed,
        });
        if board.wants_test_card() {
            TestCard.draw(board.display())?;
            board.report(Event::TestCard);
            let mut presses = Presses::new();
            while presses.is_empty() {
                board.wait(TEST_CARD_MS, &mut presses);
            }
        }
        let display = board.display();
        display.clear(<B::Display as DrawTarget>::Color::shade([0; 3], 0, 0))?;
        let picture = Size::new(image.width as u32, image.height as u32);
        let layout = Layout::new(display.bounding_box().size, picture, model.name());
        self.layout = Some(layout);
        Ok(layout)
    }
}

impl<const LATENT: usize> Latents<LATENT> {
    /// The quantised latent at the tour's position.
    fn quantized(&mut self, tour: &Tour, latent: &Latent<'_>) -> Result<&[i16], LengthError> {
        let Self { seed, from, to, between, steps } = self;
        let len = latent.len();
        let from = &mut from[..len];
        let to = &mut to[..len];
        let between = &mut between[..len];
        let steps = &mut steps[..len];
        if *seed != Some(tour.seed) {
            *seed = Some(tour.seed);
            latent.sample(tour.seed, from)?;
            latent.sample(tour.seed.wrapping_add(1), to)?;
        }
        latent.walk(from, to, ease(tour.progress()), between)?;
        latent.quantize(between, steps)?;
        Ok(steps)
    }
}
