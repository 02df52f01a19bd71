//! The application: draws one picture after another and obeys the buttons.

use embedded_graphics::prelude::*;
use gen_core::latent::{Latent, LengthError, ease};
use gen_core::pixel::Shade;
use gen_core::{Engine, EngineError, Model};

use crate::{DisplayError, Event, Layout, Platform, Presses, TestCard, Tour};

/// Milliseconds between two looks at the buttons while the test card is shown.
const TEST_CARD_MS: u32 = 1000;

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
    /// [`EngineError::LatentLength`] or [`EngineError::MemoryTooSmall`], if `LATENT` or `memory` is smaller
    /// than the model needs.
    pub fn new(model: Model<'f>, memory: &'m mut [u8], seed: u64) -> Result<Self, EngineError> {
        let (need, got) = (model.latent().len(), LATENT);
        if need > got {
            return Err(EngineError::LatentLength { need, got });
        }
        Ok(Self {
            engine: Engine::new(model, memory)?,
            tour: Tour::new(seed),
            frame: 0,
            stale: true,
            latents: Latents {
                seed: None,
                from: [0.0; LATENT],
                to: [0.0; LATENT],
                between: [0.0; LATENT],
                steps: [0; LATENT],
            },
        })
    }

    /// Reports the model, shows the test card if requested, and clears the display. Call it once, before the
    /// first [`step`](Self::step).
    ///
    /// # Errors
    ///
    /// The display's own error.
    pub fn start<P: Platform>(&self, platform: &mut P) -> Result<(), DisplayError<P>> {
        let model = self.engine.model();
        let shape = model.picture_shape();
        platform.report(Event::Started {
            model: model.name(),
            width: shape.width,
            height: shape.height,
            channels: shape.channels,
            latent: model.latent().len(),
            working_memory: model.working_memory(),
            seed: self.tour.seed,
        });
        if platform.wants_test_card() {
            show_test_card(platform)?;
        }
        platform.display().clear(<P::Display as DrawTarget>::Color::shade([0; 3], 0, 0))
    }

    /// Draws the next frame if there is a new one, then waits and obeys the buttons.
    ///
    /// # Errors
    ///
    /// The display's own error.
    pub fn step<P: Platform>(&mut self, platform: &mut P) -> Result<(), DisplayError<P>> {
        if self.stale {
            self.draw(platform)?;
            self.stale = false;
        }
        let mut presses = Presses::new();
        platform.wait(self.tour.dwell(), &mut presses);
        self.stale = !presses.is_empty() || self.tour.advance();
        for button in presses {
            platform.report(Event::Pressed { frame: self.frame, button });
            self.tour.press(button);
        }
        self.frame = self.frame.wrapping_add(self.stale.into());
        Ok(())
    }

    /// Draws the frame of the tour's position.
    ///
    /// Never inlined: in the caller's loop the compiler would make copies of it, which take 7 KB on the Pico.
    #[inline(never)]
    fn draw<P: Platform>(&mut self, platform: &mut P) -> Result<(), DisplayError<P>> {
        let frame = self.frame;
        platform.report(Event::Drawing { frame });

        let name = self.engine.model().name();
        let steps = self.latents.quantized(&self.tour, self.engine.model().latent());
        let steps = steps.map_err(EngineError::from);
        let picture = steps.and_then(|steps| self.engine.draw(steps));
        let picture = picture.expect("a quantised latent of the model's own length");
        let display = platform.display();
        let (screen, shape) = (display.bounding_box(), picture.shape());
        let size = Size::new(shape.width as u32, shape.height as u32);
        let layout = Layout::new(screen.size, size, name);
        // Clipping matters only for a picture that is larger than the screen.
        picture.draw(&mut display.clipped(&screen), layout.picture, layout.scale)?;
        if let Some(caption) = layout.caption {
            caption.draw(name, &self.tour, display)?;
        }

        let Tour { seed, mode, step, held } = self.tour;
        platform.report(Event::Shown { frame, seed, mode, step, held });
        Ok(())
    }
}

/// Shows the test card until a button is pressed.
fn show_test_card<P: Platform>(platform: &mut P) -> Result<(), DisplayError<P>> {
    TestCard.draw(platform.display())?;
    platform.report(Event::TestCard);
    let mut presses = Presses::new();
    while presses.is_empty() {
        platform.wait(TEST_CARD_MS, &mut presses);
    }
    Ok(())
}

impl<const LATENT: usize> Latents<LATENT> {
    /// The quantised latent at the tour's position.
    fn quantized(&mut self, tour: &Tour, latent: &Latent<'_>) -> Result<&[i16], LengthError> {
        let Self { seed, from, to, between, steps } = self;
        let len = latent.len();
        let [from, to, between] = [from, to, between].map(|values| &mut values[..len]);
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
