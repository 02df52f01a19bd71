//! A display in memory.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::*;

use crate::Picture;

/// Error: something was drawn outside the screen. A real panel would drop the pixel or wrap it around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pixel was drawn at ({x}, {y}), outside the screen of {width}x{height}")]
pub struct Outside {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
}

/// A display in memory that refuses to draw outside its area.
#[derive(Clone, Debug)]
pub struct MemoryDisplay<C> {
    size: Size,
    pixels: Vec<C>,
}

impl<C: PixelColor> MemoryDisplay<C> {
    /// A display filled with `color`.
    pub fn new(size: Size, color: C) -> Self {
        let pixels = vec![color; (size.width * size.height) as usize];
        Self { size, pixels }
    }

    /// The picture that it shows, with colours rounded to 8 bits a channel.
    pub fn picture(&self) -> Picture
    where
        C: Into<Rgb888>,
    {
        let Size { width, height } = self.size;
        Picture::from_pixels(width, height, |x, y| {
            let color: Rgb888 = self.pixels[(y * width + x) as usize].into();
            [color.r(), color.g(), color.b()]
        })
    }
}

impl<C> OriginDimensions for MemoryDisplay<C> {
    fn size(&self) -> Size {
        self.size
    }
}

impl<C: PixelColor> DrawTarget for MemoryDisplay<C> {
    type Color = C;
    type Error = Outside;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Outside>
    where
        I: IntoIterator<Item = Pixel<C>>,
    {
        let Size { width, height } = self.size;
        for Pixel(Point { x, y }, color) in pixels {
            if !self.bounding_box().contains(Point::new(x, y)) {
                return Err(Outside { x, y, width, height });
            }
            self.pixels[(y as u32 * width + x as u32) as usize] = color;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::{BinaryColor, Gray4, Rgb565};
    use embedded_graphics::prelude::*;

    use super::MemoryDisplay;

    #[test]
    fn nothing_is_drawn_outside() {
        let mut display = MemoryDisplay::new(Size::new(3, 2), BinaryColor::Off);
        let mut draw = |x, y| display.draw_iter([Pixel(Point::new(x, y), BinaryColor::On)]);
        assert!(draw(2, 1).is_ok());
        for (x, y) in [(3, 0), (0, 2), (-1, 0), (0, -1)] {
            assert!(draw(x, y).is_err(), "({x}, {y})");
        }
    }

    #[test]
    fn shades_fill_the_range() {
        let grey = |luma| MemoryDisplay::new(Size::new(1, 1), Gray4::new(luma)).picture().rgb;
        for luma in 0..16 {
            assert_eq!(grey(luma), [17 * luma; 3]);
        }
        let white = MemoryDisplay::new(Size::new(1, 1), Rgb565::WHITE).picture().rgb;
        assert_eq!(white, [255; 3]);
    }
}
