//! A picture that reveals what is wrong with a screen.

use embedded_graphics::mono_font::MonoTextStyleBuilder;
use embedded_graphics::mono_font::ascii::{FONT_6X10, FONT_10X20};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};
use gen_core::pixel::Shade;

/// Name and colour of each bar.
const BARS: [(&str, [u8; 3]); 3] = [("R", [255, 0, 0]), ("G", [0, 255, 0]), ("B", [0, 0, 255])];

/// Number of greys from black to white.
const GREYS: u32 = 16;

/// A test card, for a screen of any size.
///
/// - a white frame of the outermost pixels, incomplete if the picture is shifted
/// - at the top, an arrow that points up and the word "UP", to distinguish a rotated screen from a mirrored
///   one
/// - red, green and blue bars with their initials, to reveal swapped and inverted colours
/// - at the bottom, 16 greys, black on the left
#[derive(Clone, Copy, Debug)]
pub struct TestCard;

impl TestCard {
    /// Draws the card over the whole display.
    ///
    /// # Errors
    ///
    /// The display's own error.
    pub fn draw<D>(&self, display: &mut D) -> Result<(), D::Error>
    where
        D: DrawTarget<Color: Shade>,
    {
        let screen = display.bounding_box();
        display.clear(color([255; 3]))?;
        // The frame stays white.
        let inside = screen.offset(-1);
        let display = &mut display.clipped(&inside);
        let third = screen.size.height / 3;
        let band = |row: u32| {
            let corner = screen.top_left + Point::new(0, (row * third) as i32);
            Rectangle::new(corner, Size::new(screen.size.width, third))
        };
        display.fill_solid(&inside, color([0; 3]))?;
        self.up(band(0), display)?;
        for (column, (name, rgb)) in BARS.into_iter().enumerate() {
            let bar = part(band(1), column as u32, BARS.len() as u32);
            display.fill_solid(&bar, color(rgb))?;
            write(name, bar, display)?;
        }
        for step in 0..GREYS {
            let grey = (step * 255 / (GREYS - 1)) as u8;
            display.fill_solid(&part(band(2), step, GREYS), color([grey; 3]))?;
        }
        Ok(())
    }

    /// Draws an arrow and the word beside it.
    fn up<D>(&self, band: Rectangle, display: &mut D) -> Result<(), D::Error>
    where
        D: DrawTarget<Color: Shade>,
    {
        let half = band.size.height / 4;
        let tip = part(band, 0, 2).center() - Point::new(0, half as i32);
        for row in 0..2 * half {
            let left = tip + Point::new(-(row as i32) / 2, row as i32);
            let line = Rectangle::new(left, Size::new(row / 2 * 2 + 1, 1));
            display.fill_solid(&line, color([255; 3]))?;
        }
        write("UP", part(band, 1, 2), display)
    }
}

/// Writes white letters on black, centred in an area.
fn write<D>(text: &str, area: Rectangle, display: &mut D) -> Result<(), D::Error>
where
    D: DrawTarget<Color: Shade>,
{
    let font = if area.size.height < 40 { &FONT_6X10 } else { &FONT_10X20 };
    let letters = MonoTextStyleBuilder::new()
        .font(font)
        .text_color(color([255; 3]))
        .background_color(color([0; 3]))
        .build();
    let place =
        TextStyleBuilder::new().alignment(Alignment::Center).baseline(Baseline::Middle).build();
    Text::with_text_style(text, area.center(), letters, place).draw(display)?;
    Ok(())
}

/// Column `column` of a band that is divided into `columns` of about equal width.
fn part(band: Rectangle, column: u32, columns: u32) -> Rectangle {
    let [left, right] = [column, column + 1].map(|edge| band.size.width * edge / columns);
    let corner = band.top_left + Point::new(left as i32, 0);
    Rectangle::new(corner, Size::new(right - left, band.size.height))
}

/// A colour without dithering: all pixels of an area are equal.
fn color<C: Shade>(rgb: [u8; 3]) -> C {
    C::shade(rgb, 0, 0)
}
