//! Detects presses of buttons whose contacts bounce.

use crate::{Button, Presses};

/// Detects presses of up to 32 buttons, a bit each.
///
/// Contacts bounce both when a button is pressed and when it is released. If samples are further apart than
/// the bouncing lasts, at most one sample falls into it, and reads the level before or the level after. So
/// sampling the levels every 10 ms is enough, also while a picture is drawn.
///
/// A button that is down from the start counts when it is released: in QEMU all buttons are down until they
/// first move.
#[derive(Clone, Copy, Debug)]
pub struct Debounce {
    /// Buttons that were up at the last sample.
    up: u32,
    /// Buttons that have been down since the start.
    stuck: u32,
}

impl Debounce {
    /// Starts with the set of buttons that are `up` now.
    pub const fn new(up: u32) -> Self {
        Self { up, stuck: !up }
    }

    /// Returns the buttons pressed since the last sample, given those that are `up` now. Two samples must be
    /// further apart than contacts bounce: 10 ms.
    pub const fn look(&mut self, up: u32) -> u32 {
        let pressed = self.up & !up | self.stuck & up;
        self.up = up;
        self.stuck &= !up;
        pressed
    }

    /// Samples the buttons and queues the pressed ones: bit n is `buttons[n]`.
    pub fn queue(&mut self, up: u32, buttons: &[Button], presses: &mut Presses) {
        let pressed = self.look(up);
        for (bit, &button) in buttons.iter().enumerate() {
            if pressed >> bit & 1 == 1 {
                // If the queue is full the press is dropped, as [`Presses`] says.
                let _ = presses.push_back(button);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Debounce;

    /// Counts presses of one button sampled every 10 ms, first at millisecond `phase`. Each bit of `levels`
    /// is a millisecond, 1 is up.
    fn presses(levels: impl Iterator<Item = bool>, phase: usize) -> u32 {
        let mut debounce = Debounce::new(1);
        let looks = levels.enumerate().filter(|(millisecond, _)| millisecond % 10 == phase);
        looks.map(|(_, up)| debounce.look(up.into())).sum()
    }

    #[test]
    fn a_press_counts_once_whenever_one_looks() {
        const BOUNCE: usize = 9;
        for bounce in 0..1_u32 << BOUNCE {
            for phase in 0..10 {
                let bouncing = || (0..BOUNCE).map(|at| bounce >> at & 1 == 1);
                let level = |up, milliseconds| core::iter::repeat_n(up, milliseconds);
                let pressed = level(true, 30).chain(bouncing()).chain(level(false, 40));
                let twice = pressed.clone().chain(bouncing()).chain(pressed).chain(bouncing());
                let presses = presses(twice.chain(level(true, 30)), phase);
                assert_eq!(presses, 2, "bounce {bounce:09b}, looks at {phase}");
            }
        }
    }

    #[test]
    fn a_button_down_from_the_start_counts_when_let_go() {
        let mut debounce = Debounce::new(0b10);
        assert_eq!(debounce.look(0b10), 0);
        assert_eq!(debounce.look(0b11), 0b01);
        assert_eq!(debounce.look(0b11), 0);
        assert_eq!(debounce.look(0b10), 0b01);
    }

    #[test]
    fn buttons_do_not_wait_for_each_other() {
        let mut debounce = Debounce::new(0b11);
        assert_eq!(debounce.look(0b10), 0b01);
        assert_eq!(debounce.look(0b00), 0b10);
    }
}
