//! The screens of the boards.

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
