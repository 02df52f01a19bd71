//! The screens of the boards.

use core::fmt;

/// A screen: its size and colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its name on `host-sim`'s command line.
    pub name: &'static str,
    /// The chip that drives the panel. `None`: a screen that no supported board has.
    pub controller: Option<&'static str>,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The colours of a pixel.
    pub color: Color,
}

impl Screen {
    /// What the application shows of a picture of this width and height, if it is larger than the screen.
    pub fn cut(&self, picture: [u32; 2]) -> Option<Cut> {
        let screen = [self.width, self.height];
        let shown = [0, 1].map(|side| picture[side].min(screen[side]));
        (shown != picture).then_some(Cut { picture, screen, shown })
    }
}

/// What a screen shows of a picture that is larger, as a sentence: the middle, unscaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Width and height of the picture.
    pub picture: [u32; 2],
    /// Width and height of the screen.
    pub screen: [u32; 2],
    /// Width and height of the part that is shown.
    pub shown: [u32; 2],
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { picture, screen, shown } = self;
        write!(
            f,
            "the picture ({}×{}) is larger than the screen ({}×{}): it is not scaled, only its middle {}×{} is shown",
            picture[0], picture[1], screen[0], screen[1], shown[0], shown[1]
        )
    }
}

/// Colour format of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// 65,536 colours.
    Rgb565,
    /// 16 greys.
    Gray4,
    /// On or off.
    Binary,
}

/// The OLED of lm3s6965evb.
pub const OLED: Screen = Screen {
    name: "oled",
    controller: Some("SSD0323"),
    width: 128,
    height: 64,
    color: Color::Gray4,
};

/// The screen of Waveshare's Pico-LCD-1.3, and of modules with the same controller.
pub const TFT240: Screen = Screen {
    name: "tft240",
    controller: Some("ST7789"),
    width: 240,
    height: 240,
    color: Color::Rgb565,
};

#[cfg(test)]
mod tests {
    use super::{OLED, TFT240};

    #[test]
    fn a_picture_is_cut_where_it_is_larger() {
        assert_eq!(OLED.cut([128, 64]), None);
        assert_eq!(TFT240.cut([240, 240]), None);
        assert_eq!(OLED.cut([96, 96]).map(|cut| cut.shown), Some([96, 64]));
        assert_eq!(
            OLED.cut([256, 65]).map(|cut| cut.to_string()).as_deref(),
            Some(
                "the picture (256×65) is larger than the screen (128×64): it is not scaled, only its middle 128×64 is shown"
            )
        );
    }
}
