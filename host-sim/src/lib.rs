//! A simulated board: runs the firmware's application on a desktop and shows the same pixels.
//!
//! - [`run`](mod@run) runs the application on a [`Screen`](boards::Screen) for a [`Viewer`], which sees the pictures,
//!   waits and presses buttons
//! - [`replay`](mod@replay) computes the [`Picture`] that a device shows at a frame, from its seed and logged presses
//! - [`test_card()`] computes what a correctly wired screen shows as its test card
//! - [`Recorder`] is a viewer that writes PNGs and GIFs; [`Terminal`] is a viewer in a terminal, with keys

mod half_block;
mod memory_display;
mod recorder;
mod replay;
mod run;
mod screen;
mod terminal;
mod test_card;

pub use half_block::half_blocks;
pub use memory_display::{MemoryDisplay, Outside};
pub use output::Picture;
pub use recorder::Recorder;
pub use replay::{Script, replay};
pub use run::{Viewer, run};
pub use screen::SCREENS;
pub use terminal::Terminal;
pub use test_card::test_card;

/// The model that is shown by default.
pub const BUILT_IN: &[u8] = MODELS[0].1;

/// The models of `models/`: name and `.gen` file.
pub const MODELS: [(&str, &[u8]); 2] = [
    ("faces", include_bytes!("../../models/faces.gen")),
    ("fashion", include_bytes!("../../models/fashion.gen")),
];
