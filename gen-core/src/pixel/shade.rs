//! Converts 8-bit red, green, blue to a display's colour.

use super::dither::lit;
use embedded_graphics_core::pixelcolor::{
    Bgr555, Bgr565, Bgr666, Bgr888, BinaryColor, Gray2, Gray4, Gray8, GrayColor, PixelColor,
    Rgb555, Rgb565, Rgb666, Rgb888, RgbColor,
};

/// A display colour that an 8-bit pixel can be converted to.
///
/// Implemented for all colours of embedded-graphics. Colours are rounded to the nearest; [`BinaryColor`] uses ordered
/// dithering.
pub trait Shade: PixelColor {
    /// The colour for `rgb` at panel position (x, y). Only dithered colours depend on the position.
    fn shade(rgb: [u8; 3], x: u32, y: u32) -> Self;
}

/// Luma of ITU-R BT.601 in 8 bits, rounded. The luma of a grey is its value.
const fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((77 * r as u32 + 150 * g as u32 + 29 * b as u32 + 128) >> 8) as u8
}

/// Rescales `value` from 0…255 to 0…`max`, rounded to the nearest.
const fn round_to(value: u8, max: u8) -> u8 {
    ((value as u32 * max as u32 + 127) / 255) as u8
}

impl Shade for BinaryColor {
    fn shade(rgb: [u8; 3], x: u32, y: u32) -> Self {
        lit(luma(rgb), x, y).into()
    }
}

macro_rules! greys {
    ($($color:ty)*) => {$(
        impl Shade for $color {
            fn shade(rgb: [u8; 3], _: u32, _: u32) -> Self {
                Self::new(round_to(luma(rgb), Self::WHITE.luma()))
            }
        }
    )*};
}

macro_rules! colours {
    ($($color:ty)*) => {$(
        impl Shade for $color {
            fn shade([r, g, b]: [u8; 3], _: u32, _: u32) -> Self {
                let (r, g) = (round_to(r, Self::MAX_R), round_to(g, Self::MAX_G));
                Self::new(r, g, round_to(b, Self::MAX_B))
            }
        }
    )*};
}

greys!(Gray2 Gray4 Gray8);
colours!(Bgr555 Bgr565 Bgr666 Bgr888 Rgb555 Rgb565 Rgb666 Rgb888);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_ends_and_greys_stay_grey() {
        for value in 0..=255 {
            assert_eq!(Gray8::shade([value; 3], 0, 0).luma(), value);
        }
        assert_eq!(Gray4::shade([255; 3], 0, 0), Gray4::WHITE);
        assert_eq!(Gray4::shade([8; 3], 0, 0).luma(), 0);
        assert_eq!(Gray4::shade([9; 3], 0, 0).luma(), 1);
        assert_eq!(Rgb565::shade([255, 0, 255], 0, 0), Rgb565::MAGENTA);
        assert_eq!(Bgr565::shade([255, 0, 255], 0, 0), Bgr565::MAGENTA);
        assert_eq!(Bgr888::shade([1, 2, 3], 0, 0), Bgr888::new(1, 2, 3));
        assert_eq!(Gray2::shade([128; 3], 0, 0).luma(), 2);
        assert_eq!(Rgb888::shade([1, 2, 3], 0, 0), Rgb888::new(1, 2, 3));
        assert_eq!(Gray8::shade([255, 0, 0], 0, 0).luma(), 77);
    }
}
