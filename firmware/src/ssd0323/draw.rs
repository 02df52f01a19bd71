//! Drawing on the panel with embedded-graphics.

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiDevice;

use super::{Error, HEIGHT, STRIDE, Ssd0323, WIDTH};

impl<S, P> OriginDimensions for Ssd0323<S, P> {
    fn size(&self) -> Size {
        Size::new(WIDTH as u32, HEIGHT as u32)
    }
}

impl<S: SpiDevice, P: OutputPin> DrawTarget for Ssd0323<S, P> {
    type Color = Gray4;
    type Error = Error<S::Error, P::Error>;

    /// Sends one window and one byte per pixel: for a few pixels.
    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Self::Error>
    where
        I: IntoIterator<Item = Pixel<Self::Color>>,
    {
        for Pixel(point, color) in pixels {
            self.fill_contiguous(&Rectangle::new(point, Size::new_equal(1)), [color])?;
        }
        Ok(())
    }

    /// Sends one window, then whole rows: a byte for two pixels.
    fn fill_contiguous<I>(&mut self, area: &Rectangle, colors: I) -> Result<(), Self::Error>
    where
        I: IntoIterator<Item = Self::Color>,
    {
        let visible = area.intersection(&self.bounding_box());
        let Some(end) = visible.bottom_right() else {
            return Ok(());
        };
        // A window starts and ends at bytes: at an odd edge, the pixel outside is sent again unchanged.
        let bytes = (visible.top_left.x as usize / 2, end.x as usize / 2);
        let rows = (visible.top_left.y as usize, end.y as usize);
        self.window(bytes, rows)?;

        let mut colors = colors.into_iter();
        for y in area.rows().take_while(|&y| y <= end.y) {
            let mut row = area.columns().zip(&mut colors).peekable();
            if row.peek().is_none() {
                break;
            }
            let visible_row = y >= visible.top_left.y;
            for (x, color) in row {
                if visible_row && visible.columns().contains(&x) {
                    put(&mut self.sent[y as usize], x as usize, color);
                }
            }
            if visible_row {
                let row = &self.sent[y as usize][bytes.0..=bytes.1];
                self.spi.write(row).map_err(Error::Spi)?;
            }
        }
        Ok(())
    }
}

/// Sets one pixel of a row and keeps the other pixel of its byte.
fn put(row: &mut [u8; STRIDE], x: usize, color: Gray4) {
    let shift = if x.is_multiple_of(2) { 4 } else { 0 };
    let byte = &mut row[x / 2];
    *byte = (*byte & !(0xF << shift)) | color.luma() << shift;
}
