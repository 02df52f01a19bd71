//! Contact sheets: many pictures in one PNG.

use crate::picture::Planes;
use anyhow::Result;
use output::png;

/// White pixels between pictures.
const GAP: usize = 4;
/// Pictures are enlarged to at most this width in pixels.
const WIDTH: usize = 96;
/// More pictures than this are not enlarged.
const MANY: usize = 400;

/// The bytes of a PNG with `pictures` in about as many rows as columns. There is at least one, and all have one size.
///
/// # Errors
///
/// If the PNG can't be encoded.
pub fn encode(pictures: &[Planes]) -> Result<Vec<u8>> {
    let root = pictures.len().isqrt();
    rows(pictures, root + usize::from(root.pow(2) < pictures.len()))
}

/// The bytes of a PNG with `pictures` in rows of `columns`, at least one. All pictures have one size.
///
/// # Errors
///
/// If the PNG can't be encoded.
pub fn rows(pictures: &[Planes], columns: usize) -> Result<Vec<u8>> {
    let Planes { channels, height, width, .. } = pictures[0];
    let zoom = if pictures.len() > MANY { 1 } else { (WIDTH / width).max(1) };
    let rows = pictures.len().div_ceil(columns);
    let (step_x, step_y) = (width * zoom + GAP, height * zoom + GAP);
    let [sheet_width, sheet_height] =
        [columns * step_x + GAP, rows * step_y + GAP].map(u32::try_from);

    // The colour at column `x` of row `y`; `None` between pictures.
    let colour = |x: u32, y: u32| {
        let (x, y) = ((x as usize).checked_sub(GAP)?, (y as usize).checked_sub(GAP)?);
        let picture = pictures.get(y / step_y * columns + x / step_x)?;
        let (x, y) = (x % step_x / zoom, y % step_y / zoom);
        let at = (x < width && y < height).then_some(y * width + x)?;
        Some([0, 1, 2].map(|colour| picture.plane(colour % channels)[at]))
    };
    let pixel = |x, y| colour(x, y).unwrap_or([255; 3]);
    let sheet = output::Picture::from_pixels(sheet_width?, sheet_height?, pixel);
    png::encode(sheet.width, sheet.height, &sheet.rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_in_rows_with_gaps() {
        let picture = |value| Planes { channels: 1, height: 1, width: 96, pixels: vec![value; 96] };
        let png = encode(&[picture(10), picture(20), picture(30)]).unwrap();
        let sheet = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(sheet.dimensions(), (2 * 100 + 4, 2 * 5 + 4));
        let grey = |x, y| sheet.get_pixel(x, y).0;
        assert_eq!([grey(4, 4), grey(199, 4), grey(4, 9)], [[10; 3], [20; 3], [30; 3]]);
        assert_eq!([grey(3, 4), grey(100, 4), grey(104, 9)], [[255; 3]; 3]);
    }
}
