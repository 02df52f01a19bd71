//! What the application tells its board.

use crate::{Button, Mode};

/// Something that happened. From the first seed and the presses a host can repeat exactly what a
/// device showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event<'m> {
    /// Before the first frame.
    Started {
        /// The model's name.
        model: &'m str,
        /// Width of its pictures.
        width: usize,
        /// Height of its pictures.
        height: usize,
        /// 1 for grey, 3 for colour.
        channels: usize,
        /// Elements of a latent.
        latent: usize,
        /// Bytes of working memory in use.
        working_memory: usize,
        /// The first seed.
        seed: u64,
    },
    /// The display shows the test card, until a button is pressed.
    TestCard,
    /// From here to the frame's `Shown` the display is neither this frame nor the last.
    Drawing {
        /// Frames are counted from 0.
        frame: u32,
    },
    /// The display shows all of a frame.
    Shown {
        /// The frame.
        frame: u32,
        /// Its seed: of the face itself, or where the leg of a walk began.
        seed: u64,
        /// Faces or walk.
        mode: Mode,
        /// Steps into the leg of a walk.
        step: u8,
        /// Whether the picture is held.
        held: bool,
    },
    /// A press was obeyed.
    Pressed {
        /// The frame on the display at that moment: the next one shows what the press changed.
        frame: u32,
        /// The button.
        button: Button,
    },
}
