//! The screens.

/// A screen to imitate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// What a pixel can be.
    pub color: Color,
}

/// What a pixel can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// 65,536 colours.
    Rgb565,
    /// 16 greys.
    Gray4,
    /// On or off.
    Binary,
}

/// The first is the default: colourful, and half as large it fits a terminal of 80 × 24.
pub const SCREENS: [Screen; 4] = [
    Screen { name: "tft", width: 160, height: 80, color: Color::Rgb565 },
    // lm3s6965evb's.
    Screen { name: "oled", width: 128, height: 64, color: Color::Gray4 },
    // The Pico's.
    Screen { name: "tft240", width: 240, height: 240, color: Color::Rgb565 },
    Screen { name: "mono", width: 128, height: 64, color: Color::Binary },
];

impl Screen {
    /// Finds a screen by its name.
    pub fn named(name: &str) -> Option<Self> {
        SCREENS.into_iter().find(|screen| screen.name == name)
    }
}
