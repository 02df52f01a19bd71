//! What the application reports to its board.

use crate::{Button, Mode};

/// An event. From the first seed and the logged presses, a host can reproduce exactly what a device showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event<'m> {
    /// The application starts, before the first frame.
    Started {
        /// The model's name.
        model: &'m str,
        /// Width of its pictures in pixels.
        width: usize,
        /// Height of its pictures in pixels.
        height: usize,
        /// 1 for grey, 3 for colour.
        channels: usize,
        /// Elements of a latent.
        latent: usize,
        /// Bytes of working memory used.
        working_memory: usize,
        /// The first seed.
        seed: u64,
    },
    /// The display shows the test card, until a button is pressed.
    TestCard,
    /// Drawing of a frame begins. Until the frame's `Shown` the display shows parts of two frames.
    Drawing {
        /// Number of the frame, from 0.
        frame: u32,
    },
    /// The display shows the whole frame.
    Shown {
        /// Number of the frame.
        frame: u32,
        /// Seed of the face, or of the start of the walk's leg.
        seed: u64,
        /// The mode: faces or walk.
        mode: Mode,
        /// Steps into the leg of a walk.
        step: u8,
        /// Whether the picture is held.
        held: bool,
    },
    /// A press was processed.
    Pressed {
        /// The frame on the display at that moment: the next one shows the effect.
        frame: u32,
        /// The button.
        button: Button,
    },
}
