//! The test card on a simulated screen.

use boards::{Color, Screen};
use embedded_graphics::pixelcolor::{BinaryColor, Gray4, Rgb565, Rgb888};
use embedded_graphics::prelude::*;
use firmware::TestCard;
use gen_core::pixel::Shade;

use crate::{MemoryDisplay, Outside, Picture};

/// What a correctly wired and mounted screen shows as its test card.
///
/// # Errors
///
/// If the card draws outside the screen.
pub fn test_card(screen: Screen) -> Result<Picture, Outside> {
    fn draw<C: Shade + Into<Rgb888>>(screen: Screen, noise: C) -> Result<Picture, Outside> {
        let mut display = MemoryDisplay::new(Size::new(screen.width, screen.height), noise);
        TestCard.draw(&mut display)?;
        Ok(display.picture())
    }
    match screen.color {
        Color::Rgb565 => draw(screen, Rgb565::BLUE),
        Color::Gray4 => draw(screen, Gray4::WHITE),
        Color::Binary => draw(screen, BinaryColor::On),
    }
}

#[cfg(test)]
mod tests {
    use super::test_card;
    use crate::SCREENS;

    /// On every screen all outermost pixels are white, and nothing is drawn outside.
    #[test]
    fn the_border_is_the_outermost_pixels() {
        for screen in SCREENS {
            let card = test_card(screen).unwrap();
            let (right, bottom) = (screen.width - 1, screen.height - 1);
            for x in 0..=right {
                assert_eq!([card.pixel(x, 0), card.pixel(x, bottom)], [[255; 3]; 2], "{screen:?}");
            }
            for y in 0..=bottom {
                assert_eq!([card.pixel(0, y), card.pixel(right, y)], [[255; 3]; 2], "{screen:?}");
            }
        }
    }

    /// The card as the user sees it: bars from left to right, greys from black, the arrow at the top left.
    #[test]
    fn a_turned_mirrored_or_negative_card_is_another() {
        let screen = boards::TFT240;
        let card = test_card(screen).unwrap();
        let bars = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];
        for (column, rgb) in [20, 100, 180].into_iter().zip(bars) {
            assert_eq!(card.pixel(column, 100), rgb);
        }
        assert_eq!(card.pixel(7, 200), [0; 3]);
        assert_eq!(card.pixel(232, 200), [255; 3]);
        assert_eq!(card.pixel(60, 24), [255; 3], "the arrow's tip");
        assert_eq!(card.pixel(45, 24), [0; 3], "beside it");
    }
}
