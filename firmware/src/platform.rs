//! What the application needs of the board that it runs on.

use embedded_graphics::draw_target::DrawTarget;
use gen_core::pixel::Shade;
use heapless::Deque;

use crate::{Button, Event};

/// Presses in the order in which they came. Further ones are dropped: nobody means to press eight buttons
/// within one picture.
pub type Presses = Deque<Button, 8>;

/// The error of a platform's display.
pub type DisplayError<P> = <<P as Platform>::Display as DrawTarget>::Error;

/// A display, time, buttons and a log.
pub trait Platform {
    /// The display, in any colour format that can show a picture.
    type Display: DrawTarget<Color: Shade>;

    /// Returns the display to draw on.
    fn display(&mut self) -> &mut Self::Display;

    /// Waits for `milliseconds`, or until a button is pressed. Appends presses since the last call to
    /// `presses`, including those made while the application was drawing.
    fn wait(&mut self, milliseconds: u32, presses: &mut Presses);

    /// Whether the user requests the [test card](crate::TestCard). Called once, at the start.
    fn wants_test_card(&mut self) -> bool {
        false
    }

    /// Receives each event as it happens, for the log.
    fn report(&mut self, event: Event<'_>);
}
