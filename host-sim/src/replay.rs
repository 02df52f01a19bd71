//! Reproduces what a device showed, from its seed and logged presses.

use anyhow::{Context, Result};
use boards::Screen;
use firmware::{Button, Event, Presses};

use crate::{Picture, Viewer, run};

/// Button presses by frame, in the order of the device's log. Makes no other presses and takes no time.
#[derive(Clone, Debug, Default)]
pub struct Script {
    presses: Vec<(u32, Button)>,
    frame: u32,
    held: bool,
    /// Whether the picture can no longer change.
    stuck: bool,
}

impl Script {
    /// A script that presses each button while its frame is shown.
    pub fn new(presses: &[(u32, Button)]) -> Self {
        Self { presses: presses.to_vec(), ..Self::default() }
    }

    /// Notes which frame is shown; `event` is its [`Event::Shown`].
    pub fn frame_shown(&mut self, event: Event<'_>) {
        if let Event::Shown { frame, held, .. } = event {
            self.frame = frame;
            self.held = held;
        }
    }

    /// Adds the presses of the current frame to `presses`.
    pub fn wait(&mut self, presses: &mut Presses) {
        let now = self.presses.extract_if(.., |(frame, _)| *frame == self.frame);
        for (_, button) in now {
            // A device's queue has the same size, so it cannot have logged more.
            let _ = presses.push_back(button);
        }
        self.stuck = self.held && presses.is_empty();
    }

    /// Whether the picture can no longer change: it is held and no press is left.
    pub fn stuck(&self) -> bool {
        self.stuck
    }
}

/// The picture at a frame of a device that runs `model`, started at `seed` and logged `presses`.
///
/// # Errors
///
/// If the model is invalid or the frame is never reached.
pub fn replay(
    model: &[u8],
    screen: Screen,
    seed: u64,
    presses: &[(u32, Button)],
    frame: u32,
) -> Result<Picture> {
    let mut witness = Witness { script: Script::new(presses), frame, picture: None };
    run(model, screen, seed, &mut witness)?;
    let never = || format!("frame {frame} is never shown: the picture is held before it");
    witness.picture.with_context(never)
}

/// A viewer that keeps the picture of one frame.
struct Witness {
    script: Script,
    frame: u32,
    picture: Option<Picture>,
}

impl Viewer for Witness {
    fn frame_shown(&mut self, event: Event<'_>, picture: &Picture) {
        self.script.frame_shown(event);
        if self.script.frame == self.frame {
            self.picture = Some(picture.clone());
        }
    }

    fn wait(&mut self, _: u32, presses: &mut Presses) {
        self.script.wait(presses);
    }

    fn leaves(&self) -> bool {
        self.picture.is_some() || self.script.stuck
    }
}
