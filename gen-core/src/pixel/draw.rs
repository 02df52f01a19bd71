//! A picture onto a display, row by row.

use super::Shade;
use crate::engine::Picture;
use embedded_graphics_core::draw_target::DrawTarget;
use embedded_graphics_core::geometry::{Point, Size};
use embedded_graphics_core::primitives::Rectangle;

impl Picture<'_> {
    /// Draws what is left of the picture, every pixel `scale` × `scale`, with the picture's top left
    /// corner at `top_left`. One `fill_contiguous` per row.
    ///
    /// # Errors
    /// The display's own.
    pub fn draw<D>(mut self, display: &mut D, top_left: Point, scale: u32) -> Result<(), D::Error>
    where
        D: DrawTarget<Color: Shade>,
    {
        let shape = self.shape();
        let width = shape.width as u32 * scale;
        let mut corner = top_left + Point::new(0, (self.rows_done() as u32 * scale) as i32);
        while let Some(row) = self.next_row() {
            let strip = Rectangle::new(corner, Size::new(width, scale));
            let origin = corner;
            let lines = (0..scale).flat_map(|dy| {
                let pixels = row.chunks_exact(shape.channels).enumerate();
                pixels.flat_map(move |(column, pixel)| {
                    let rgb = [pixel[0], pixel[pixel.len() / 2], pixel[pixel.len() - 1]];
                    (0..scale).map(move |dx| {
                        let x = origin.x.wrapping_add_unsigned(column as u32 * scale + dx);
                        let y = origin.y.wrapping_add_unsigned(dy);
                        D::Color::shade(rgb, x as u32, y as u32)
                    })
                })
            });
            display.fill_contiguous(&strip, lines)?;
            corner.y += scale as i32;
        }
        Ok(())
    }
}
