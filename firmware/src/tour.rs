//! Determines which picture comes next.

use crate::Button;

/// Steps from one seed of a walk to the next.
pub const WALK_STEPS: u8 = 16;

/// Milliseconds that a single face is shown.
const FACE_MS: u32 = 1500;
/// Milliseconds that a step of a walk is shown, in addition to the time for drawing it.
const STEP_MS: u32 = 60;

/// The order in which seeds are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mode {
    /// Single faces, one after another.
    Faces,
    /// A walk: each face turns gradually into the next.
    Walk,
}

/// A position in the sequence of seeds. Seeds are consecutive, so that a face can be identified by its
/// number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tour {
    /// The seed shown, or the seed at which the current leg of a walk began.
    pub seed: u64,
    /// Faces or walk.
    pub mode: Mode,
    /// Steps into the leg, below [`WALK_STEPS`].
    pub step: u8,
    /// Whether the picture stays until a button is pressed.
    pub held: bool,
}

impl Tour {
    /// Starts at `seed`, with single faces.
    pub const fn new(seed: u64) -> Self {
        Self { seed, mode: Mode::Faces, step: 0, held: false }
    }

    /// Processes a press.
    pub fn press(&mut self, button: Button) {
        match button {
            Button::Next => self.next_seed(),
            Button::Mode => {
                self.mode = match self.mode {
                    Mode::Faces => Mode::Walk,
                    Mode::Walk => Mode::Faces,
                };
                self.step = 0;
            }
            Button::Hold => self.held = !self.held,
        }
    }

    /// Moves on to the next picture. Returns whether there is something new to show.
    pub fn advance(&mut self) -> bool {
        if self.held {
            return false;
        }
        match self.mode {
            Mode::Walk if self.step + 1 < WALK_STEPS => self.step += 1,
            _ => self.next_seed(),
        }
        true
    }

    /// Milliseconds to show the current picture.
    pub const fn dwell(&self) -> u32 {
        match self.mode {
            Mode::Walk if !self.held => STEP_MS,
            _ => FACE_MS,
        }
    }

    /// Position between this seed and the next, in 0…1 without 1, before easing.
    pub fn progress(&self) -> f32 {
        f32::from(self.step) / f32::from(WALK_STEPS)
    }

    fn next_seed(&mut self) {
        self.seed = self.seed.wrapping_add(1);
        self.step = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, Tour, WALK_STEPS};
    use crate::Button;

    #[test]
    fn faces_count_up_and_around() {
        let mut tour = Tour::new(u64::MAX);
        assert!(tour.advance());
        assert_eq!(tour, Tour::new(0));
    }

    #[test]
    fn a_leg_ends_at_the_next_seed() {
        let mut tour = Tour::new(4);
        tour.press(Button::Mode);
        for step in 0..WALK_STEPS {
            assert_eq!((tour.seed, tour.step), (4, step));
            assert!(tour.advance());
        }
        assert_eq!((tour.seed, tour.step, tour.mode), (5, 0, Mode::Walk));
    }

    #[test]
    fn a_held_picture_obeys_buttons_only() {
        let mut tour = Tour::new(4);
        tour.press(Button::Hold);
        assert!(!tour.advance());
        tour.press(Button::Next);
        assert_eq!((tour.seed, tour.held), (5, true));
        tour.press(Button::Hold);
        assert!(tour.advance());
    }

    #[test]
    fn modes_change_at_the_face_of_the_seed() {
        let mut tour = Tour::new(4);
        tour.press(Button::Mode);
        tour.advance();
        tour.press(Button::Mode);
        assert_eq!(tour, Tour::new(4));
    }
}
