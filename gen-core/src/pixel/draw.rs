//! Draws a picture on a display, row by row.

use super::Shade;
use crate::engine::Picture;
use embedded_graphics_core::draw_target::DrawTarget;
use embedded_graphics_core::geometry::{Point, Size};
use embedded_graphics_core::primitives::Rectangle;

impl Picture<'_> {
    /// Computes and draws the remaining rows, every pixel `scale` × `scale`, with the picture's top left corner at
    /// `top_left`. Calls `fill_contiguous` once per row.
    ///
    /// # Errors
    ///
    /// The display's own.
    pub fn draw<D>(self, display: &mut D, top_left: Point, scale: u32) -> Result<(), D::Error>
    where
        D: DrawTarget<Color: Shade>,
    {
        self.draw_with(display, top_left, scale, D::Color::shade)
    }

    /// As [`draw`](Self::draw), with a conversion of your own: `color` gives the colour of each panel pixel from red,
    /// green, blue and the panel position x, y.
    ///
    /// # Errors
    ///
    /// The display's own.
    pub fn draw_with<D: DrawTarget>(
        mut self,
        display: &mut D,
        top_left: Point,
        scale: u32,
        color: impl Fn([u8; 3], u32, u32) -> D::Color,
    ) -> Result<(), D::Error> {
        let shape = self.shape();
        let size = Size::new(shape.width as u32 * scale, scale);
        let mut corner = top_left + Point::new(0, (self.rows_done() as u32 * scale) as i32);
        while let Some(row) = self.next_row() {
            let lines = (0..scale).flat_map(|dy| {
                let (color, y) = (&color, corner.y.wrapping_add_unsigned(dy));
                let pixels = row.chunks_exact(shape.channels).enumerate();
                pixels.flat_map(move |(column, pixel)| {
                    let rgb = rgb(pixel);
                    let x = corner.x.wrapping_add_unsigned(column as u32 * scale);
                    (0..scale)
                        .map(move |dx| color(rgb, x.wrapping_add_unsigned(dx) as u32, y as u32))
                })
            });
            display.fill_contiguous(&Rectangle::new(corner, size), lines)?;
            corner.y += scale as i32;
        }
        Ok(())
    }
}

/// Red, green, blue of a pixel; one channel is grey.
fn rgb(pixel: &[u8]) -> [u8; 3] {
    match *pixel {
        [r, g, b] => [r, g, b],
        _ => [pixel[0]; 3],
    }
}
