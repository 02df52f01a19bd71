//! What the application needs of its surroundings.

use embedded_graphics::draw_target::DrawTarget;
use gen_core::pixel::Shade;
use heapless::Deque;

use crate::{Button, Event};

/// Presses in the order they came. What does not fit is lost: nobody presses eight buttons within
/// a picture and means them all.
pub type Presses = Deque<Button, 8>;

/// A board: a display, time, buttons and a log.
pub trait Board {
    /// The display, of any colour that a picture can be shown in.
    type Display: DrawTarget<Color: Shade>;

    /// The display, to draw on.
    fn display(&mut self) -> &mut Self::Display;

    /// Waits for `milliseconds`, or until a button is pressed. Presses since the last call, also
    /// those from while the application was drawing, go into `presses`.
    fn wait(&mut self, milliseconds: u32, presses: &mut Presses);

    /// Whether somebody asks for the [test card](crate::TestCard) first. Asked once, at the start.
    fn wants_test_card(&mut self) -> bool {
        false
    }

    /// Is told what happens, as it happens.
    fn report(&mut self, event: Event<'_>);
}
