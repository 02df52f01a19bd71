//! Captions of all titles on all widths: nothing is drawn outside, and no text is left over or missing.

use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use firmware::{Button, Caption, Tour, WALK_STEPS};
use host_sim::{MemoryDisplay, Picture};

/// The area after a caption has been drawn for each tour in turn.
fn shown(area: Size, caption: &Caption, title: &str, tours: &[Tour]) -> Picture {
    let mut display = MemoryDisplay::new(area, BinaryColor::Off);
    for tour in tours {
        caption.draw(title, tour, &mut display).unwrap();
    }
    display.picture()
}

#[test]
fn a_caption_says_all_of_a_tour_and_nothing_else() {
    let short = Tour::new(7);
    let mut long = Tour::new(u64::MAX);
    long.press(Button::Mode);
    while long.step < WALK_STEPS - 1 {
        long.advance();
    }
    let moving = long;
    long.press(Button::Hold);
    // Heights with room for one, two and four rows.
    for height in [7, 13, 25] {
        for width in (4..=244).step_by(16) {
            let area = Size::new(width, height);
            for length in 1..=48 {
                let title = "M".repeat(length);
                let place = Rectangle::new(Point::zero(), area);
                let Some(caption) = Caption::new(place, &title) else { continue };
                let shown = |tours: &[Tour]| shown(area, &caption, &title, tours);
                let what = format!("a title of {length} on {width}x{height}");
                assert!(shown(&[long, short]) == shown(&[short]), "left behind: {what}");
                assert!(shown(&[long]) != shown(&[moving]), "left out: {what}");
            }
        }
    }
}
