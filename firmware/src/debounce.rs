//! Buttons whose contacts bounce.

use crate::{Button, Presses};

/// Tells presses from bouncing, for up to 32 buttons, a bit each.
///
/// Contacts bounce both when a button is pressed and when it is let go. Who looks less often than
/// that lasts sees at most one level of it: the one before or the one after. So levels are enough,
/// looked at every 10 ms, also while a picture is drawn.
///
/// A button that is down from the start counts when it is let go: QEMU has all of them so until
/// they move.
#[derive(Clone, Copy, Debug)]
pub struct Debounce {
    /// Up at the last look.
    up: u32,
    /// Down ever since the start.
    stuck: u32,
}

impl Debounce {
    /// Starts with the buttons that are up now.
    pub const fn new(up: u32) -> Self {
        Self { up, stuck: !up }
    }

    /// Gives the buttons that were pressed since the last look, from those that are `up` now. Two
    /// looks must be further apart than contacts bounce: 10 ms.
    pub const fn look(&mut self, up: u32) -> u32 {
        let pressed = self.up & !up | self.stuck & up;
        self.up = up;
        self.stuck &= !up;
        pressed
    }

    /// Looks, and queues what was pressed: bit n is `buttons[n]`.
    pub fn queue(&mut self, up: u32, buttons: &[Button], presses: &mut Presses) {
        let pressed = self.look(up);
        for (bit, &button) in buttons.iter().enumerate() {
            if pressed >> bit & 1 == 1 {
                // Full: the queue's own rule says that it is lost.
                let _ = presses.push_back(button);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Debounce;

    /// Presses of one button, looked at as long after its millisecond `phase` as before: each bit of
    /// `levels` is a millisecond, 1 is up.
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
