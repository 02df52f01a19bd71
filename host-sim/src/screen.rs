//! The screens that can be simulated: those of the boards, and some that no supported board has.

use boards::{Color, OLED, Screen, TFT240};

const TFT: Screen =
    Screen { name: "tft", controller: None, width: 160, height: 80, color: Color::Rgb565 };
const MONO: Screen =
    Screen { name: "mono", controller: None, width: 128, height: 64, color: Color::Binary };

/// The screens. The first is the default: in colour, and at half size it fits a terminal of 80 × 24.
pub const SCREENS: [Screen; 4] = [TFT, OLED, TFT240, MONO];

#[cfg(test)]
mod tests {
    use super::SCREENS;

    #[test]
    fn every_board_has_a_screen_that_can_be_imitated() {
        for board in &boards::BOARDS {
            assert!(board.screen.is_none_or(|screen| SCREENS.contains(&screen)), "{}", board.name);
        }
    }
}
