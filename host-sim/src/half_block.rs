//! Encodes pictures as text for a terminal with 24-bit colour.

use std::fmt::Write;

use crate::Picture;

/// Encodes two pixels per character: an upper half block in the colour of the upper pixel on a background of
/// the lower. Lines end in `\r\n`, which a terminal in raw mode needs.
pub fn half_blocks(picture: &Picture) -> String {
    let mut text = String::new();
    for y in (0..picture.height).step_by(2) {
        let mut before = None;
        for x in 0..picture.width {
            let upper = picture.pixel(x, y);
            let lower = if y + 1 < picture.height { picture.pixel(x, y + 1) } else { [0; 3] };
            if before.replace((upper, lower)) != Some((upper, lower)) {
                let ([r, g, b], [lr, lg, lb]) = (upper, lower);
                // Writing to a string cannot fail.
                let _ = write!(text, "\x1b[38;2;{r};{g};{b};48;2;{lr};{lg};{lb}m");
            }
            text.push('▀');
        }
        text.push_str("\x1b[0m\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Picture, half_blocks};

    #[test]
    fn colours_are_named_when_they_change() {
        let picture = Picture::from_pixels(2, 3, |_, y| [y as u8, 0, 0]);
        let expected =
            "\x1b[38;2;0;0;0;48;2;1;0;0m▀▀\x1b[0m\r\n\x1b[38;2;2;0;0;48;2;0;0;0m▀▀\x1b[0m\r\n";
        assert_eq!(half_blocks(&picture), expected);
    }
}
