//! Buttons whose contacts bounce.

/// Tells presses from bouncing, for up to 32 buttons, a bit each.
///
/// Contacts bounce both when a button is pressed and when it is let go. A press is therefore an edge
/// after a quiet look: one at which the button was up and had been since the look before. It counts
/// at once.
///
/// A button that is down from the start counts when it is let go: QEMU has all of them so until
/// they move.
#[derive(Clone, Copy, Debug)]
pub struct Debounce {
    /// Down at the last look.
    down: u32,
    /// Not quiet at the last look.
    recent: u32,
    /// Down ever since the start.
    stuck: u32,
}

impl Debounce {
    /// Starts with the buttons that are up now.
    pub const fn new(up: u32) -> Self {
        Self { down: !up, recent: !up, stuck: !up }
    }

    /// Gives the buttons that were pressed, from those whose level `fell` since the last look and
    /// those that are `up` now. Two looks must be further apart than contacts bounce: 10 ms.
    pub const fn look(&mut self, fell: u32, up: u32) -> u32 {
        let pressed = fell & !self.recent | self.stuck & up;
        self.recent = !up | fell | self.down;
        self.down = !up;
        self.stuck &= !up;
        pressed
    }
}

#[cfg(test)]
mod tests {
    use super::Debounce;

    /// Presses of one button, looked at as long after its millisecond `phase` as before: each bit of
    /// `levels` is a millisecond, 1 is up.
    fn presses(levels: impl Iterator<Item = bool>, phase: usize) -> u32 {
        let (mut debounce, mut before, mut fell, mut presses) = (Debounce::new(1), true, 0, 0);
        for (millisecond, up) in levels.enumerate() {
            fell |= u32::from(before && !up);
            before = up;
            if millisecond % 10 == phase {
                presses += debounce.look(core::mem::take(&mut fell), up.into());
            }
        }
        presses
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
    fn a_press_between_two_looks_counts() {
        let mut debounce = Debounce::new(1);
        assert_eq!(debounce.look(1, 1), 1);
        assert_eq!(debounce.look(0, 1), 0);
    }

    #[test]
    fn a_button_down_from_the_start_counts_when_let_go() {
        let mut debounce = Debounce::new(0b10);
        assert_eq!(debounce.look(0, 0b10), 0);
        assert_eq!(debounce.look(0, 0b11), 0b01);
        // Bouncing as it is let go.
        assert_eq!(debounce.look(0b01, 0b11), 0);
        assert_eq!(debounce.look(0, 0b11), 0);
        assert_eq!(debounce.look(0b01, 0b10), 0b01);
    }

    #[test]
    fn buttons_do_not_wait_for_each_other() {
        let mut debounce = Debounce::new(0b11);
        assert_eq!(debounce.look(0b01, 0b10), 0b01);
        assert_eq!(debounce.look(0b10, 0b00), 0b10);
    }
}
