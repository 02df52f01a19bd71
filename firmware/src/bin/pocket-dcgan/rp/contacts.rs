//! Buttons that connect a pin to ground.

use embassy_rp::Peri;
use embassy_rp::gpio::{AnyPin, Input, Pull};
use firmware::Button;

/// Number of buttons.
const COUNT: usize = 8;

/// The buttons' pins and meanings.
pub(crate) struct Contacts {
    inputs: [Input<'static>; COUNT],
    buttons: [Button; COUNT],
}

impl Contacts {
    /// Configures the pins as inputs with pull-ups.
    pub(crate) fn new(pins: [(Peri<'static, AnyPin>, Button); COUNT]) -> Self {
        let buttons = pins.each_ref().map(|(_, button)| *button);
        Self { inputs: pins.map(|(pin, _)| Input::new(pin, Pull::Up)), buttons }
    }

    /// The buttons that are up now, a bit each.
    pub(crate) fn up(&self) -> u32 {
        let bits = self.inputs.iter().enumerate();
        bits.fold(0, |up, (bit, input)| up | u32::from(input.is_high()) << bit)
    }

    pub(crate) fn buttons(&self) -> &[Button] {
        &self.buttons
    }

    /// Whether any button is down.
    pub(super) fn any_down(&self) -> bool {
        self.inputs.iter().any(Input::is_low)
    }
}
