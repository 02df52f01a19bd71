//! What a device showed, from its seed and presses.

use boards::Screen;
use firmware::{Button, Event, Presses};

use crate::{Picture, SimError, Viewer, run};

/// Buttons pressed at frames, in the order of the device's log. It presses no others and takes no
/// time.
#[derive(Clone, Debug, Default)]
pub struct Script {
    presses: Vec<(u32, Button)>,
    frame: u32,
    held: bool,
    /// Nothing will ever change again.
    stuck: bool,
}

impl Script {
    /// Presses each button while its frame is shown.
    pub fn new(presses: &[(u32, Button)]) -> Self {
        Self { presses: presses.to_vec(), ..Self::default() }
    }

    /// Notes which frame is shown; `event` is its [`Event::Shown`].
    pub fn see(&mut self, event: Event<'_>) {
        if let Event::Shown { frame, held, .. } = event {
            self.frame = frame;
            self.held = held;
        }
    }

    /// Presses what the script says for this frame.
    pub fn wait(&mut self, presses: &mut Presses) {
        let now = self.presses.extract_if(.., |(frame, _)| *frame == self.frame);
        for (_, button) in now {
            // A device's queue is the same size: it cannot have logged more.
            let _ = presses.push_back(button);
        }
        self.stuck = self.held && presses.is_empty();
    }

    /// Whether nothing will ever change again: the picture is held, and nobody presses.
    pub fn stuck(&self) -> bool {
        self.stuck
    }
}

/// The picture at a frame, for a device that runs `model`, started at `seed` and logged `presses`.
///
/// # Errors
///
/// If the model is broken or the frame is never reached.
pub fn replay(
    model: &[u8],
    screen: Screen,
    seed: u64,
    presses: &[(u32, Button)],
    frame: u32,
) -> Result<Picture, SimError> {
    let mut witness = Witness { script: Script::new(presses), frame, picture: None };
    run(model, screen, seed, &mut witness)?;
    witness.picture.ok_or(SimError::NeverShown(frame))
}

/// Sees one frame.
struct Witness {
    script: Script,
    frame: u32,
    picture: Option<Picture>,
}

impl Viewer for Witness {
    fn see(&mut self, event: Event<'_>, picture: &Picture) {
        self.script.see(event);
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
