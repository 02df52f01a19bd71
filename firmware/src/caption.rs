//! The text beside or below the picture.

use core::fmt::Write;

use embedded_graphics::mono_font::ascii::{FONT_4X6, FONT_6X10, FONT_8X13, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyleBuilder};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::text::{Baseline, Text};
use gen_core::pixel::Shade;
use heapless::String;

use crate::{Mode, Tour, WALK_STEPS};

/// Fonts, largest first; every width is even.
const FONTS: [&MonoFont<'static>; 4] = [&FONT_10X20, &FONT_8X13, &FONT_6X10, &FONT_4X6];

/// Most characters of a row.
const MAX_COLUMNS: usize = 48;
/// Characters of "seed 12345".
const SEED_COLUMNS: usize = 10;
/// Characters of "walk 15/16 hold".
const STATE_COLUMNS: usize = 15;

type Line = String<MAX_COLUMNS>;

/// A text area with 1, 2 or 4 rows in the largest font that leaves room for their text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Caption {
    pub(crate) area: Rectangle,
    /// Index into [`FONTS`]. Fonts themselves cannot be compared: each crate may have its own copy.
    font: usize,
    rows: u32,
}

impl Caption {
    /// Fits a caption into `area`; `None` if there is no room for one.
    pub fn new(area: Rectangle, title: &str) -> Option<Self> {
        let holds = |&(font, rows): &(usize, u32)| {
            let needed = match rows {
                4 => SEED_COLUMNS,
                2 => (title.len() + 1 + SEED_COLUMNS).max(STATE_COLUMNS),
                _ => title.len() + 1 + SEED_COLUMNS + 1 + STATE_COLUMNS,
            };
            let font = FONTS[font];
            // A title longer than the longest row is cut rather than rejected.
            columns(font, area.size.width) >= needed.min(MAX_COLUMNS)
                && font.character_size.height * rows <= area.size.height
        };
        let choices = (0..FONTS.len()).flat_map(|font| [4, 2, 1].map(|rows| (font, rows)));
        let (font, rows) = choices.into_iter().find(holds)?;
        Some(Self { area, font, rows })
    }

    /// Writes the state of `tour`, over the previous text.
    ///
    /// # Errors
    ///
    /// The display's own error.
    pub fn draw<D>(&self, title: &str, tour: &Tour, display: &mut D) -> Result<(), D::Error>
    where
        D: DrawTarget<Color: Shade>,
    {
        let mode = match tour.mode {
            Mode::Faces => line(format_args!("faces")),
            Mode::Walk => line(format_args!("walk {}/{WALK_STEPS}", tour.step)),
        };
        let hold = if tour.held { "hold" } else { "" };
        let font = FONTS[self.font];
        let columns = columns(font, self.area.size.width);
        // If the title is too long, its end is cut, never the text that changes.
        let cut = |rest: usize| line(format_args!("{title:.0$}", columns.saturating_sub(rest)));
        match self.rows {
            4 => {
                self.row(0, title, self.title_font(title), display)?;
                self.row(1, &seed(tour.seed, columns), font, display)?;
                self.row(2, &mode, font, display)?;
                self.row(3, hold, font, display)
            }
            2 => {
                let title = cut(1 + SEED_COLUMNS);
                let seed = seed(tour.seed, columns.saturating_sub(title.len() + 1));
                self.row(0, &line(format_args!("{title} {seed}")), font, display)?;
                self.row(1, &line(format_args!("{mode} {hold}")), font, display)
            }
            _ => {
                let title = cut(1 + SEED_COLUMNS + 1 + STATE_COLUMNS);
                let seed = seed(tour.seed, SEED_COLUMNS);
                let all = line(format_args!("{title} {seed} {mode} {hold}"));
                self.row(0, &all, font, display)
            }
        }
    }

    /// Font of a title that has a row of its own and may be too long for the font of the other rows. The
    /// other rows keep their font: if it changed with the tour, pixels of the larger font would remain.
    fn title_font(&self, title: &str) -> &'static MonoFont<'static> {
        let fits = |font: &&&MonoFont<'_>| columns(font, self.area.size.width) >= title.len();
        FONTS[self.font..].iter().find(fits).unwrap_or(&&FONT_4X6)
    }

    /// Draws one row, blank to its end. Glyphs are drawn with their background, so nothing has to be cleared
    /// first, which would flicker.
    fn row<D>(
        &self,
        row: u32,
        text: &str,
        font: &MonoFont<'_>,
        display: &mut D,
    ) -> Result<(), D::Error>
    where
        D: DrawTarget<Color: Shade>,
    {
        let columns = columns(font, self.area.size.width);
        let text = line(format_args!("{text:columns$.columns$}"));
        let style = MonoTextStyleBuilder::new()
            .font(font)
            .text_color(D::Color::shade([255; 3], 0, 0))
            .background_color(D::Color::shade([0; 3], 0, 0))
            .build();
        let pitch = self.area.size.height / self.rows;
        let y = row * pitch + (pitch - font.character_size.height) / 2;
        let corner = self.area.top_left + Point::new(0, y as i32);
        Text::with_baseline(&text, corner, style, Baseline::Top).draw(display)?;
        Ok(())
    }
}

/// Number of characters of `font` that fit in `width` pixels.
fn columns(font: &MonoFont<'_>, width: u32) -> usize {
    ((width / font.character_size.width) as usize).min(MAX_COLUMNS)
}

/// Text of a seed that fits in `columns`: with the word "seed", or the number alone, or its last digits after
/// a tilde.
fn seed(seed: u64, columns: usize) -> Line {
    let digits = line(format_args!("{seed}"));
    let named = line(format_args!("seed {seed}"));
    match digits.len().checked_sub(columns) {
        _ if named.len() <= columns => named,
        None | Some(0) => digits,
        Some(excess) => line(format_args!("~{}", digits.get(excess + 1..).unwrap_or_default())),
    }
}

/// Formats a line, cut to [`MAX_COLUMNS`] characters.
fn line(text: core::fmt::Arguments<'_>) -> Line {
    struct Cut(Line);
    impl Write for Cut {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            text.chars().try_for_each(|c| self.0.push(c)).map_err(|_| core::fmt::Error)
        }
    }
    let mut cut = Cut(Line::new());
    // An error only means that the line is full.
    let _ = cut.write_fmt(text);
    cut.0
}

#[cfg(test)]
mod tests {
    use embedded_graphics::prelude::*;
    use embedded_graphics::primitives::Rectangle;

    use super::{Caption, FONTS, STATE_COLUMNS, columns, line, seed};

    #[test]
    fn a_state_of_one_row_fits_whatever_the_title() {
        for (width, height) in (1..=480).flat_map(|width| [7, 13, 25, 50].map(|h| (width, h))) {
            let area = Rectangle::new(Point::zero(), Size::new(width, height));
            for length in 1..=48 {
                let title = line(format_args!("{:length$}", 'x'));
                let Some(caption) = Caption::new(area, &title) else { continue };
                let columns = columns(FONTS[caption.font], width);
                assert!(caption.rows == 4 || columns >= STATE_COLUMNS, "{title} on {width}");
            }
        }
    }

    #[test]
    fn long_seeds_keep_their_last_digits() {
        assert_eq!(seed(12345, 10), "seed 12345");
        assert_eq!(seed(123456, 10), "123456");
        assert_eq!(seed(u64::MAX, 10), "~709551615");
        assert_eq!(seed(7, 0), "~");
    }

    #[test]
    fn lines_are_cut_at_their_end() {
        let long = line(format_args!("{:>99}", 'x'));
        assert_eq!(long.len(), long.capacity());
    }
}
