//! Places the picture and the caption on a screen.

use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;

use crate::Caption;

/// Pixels between picture and caption.
const GAP: u32 = 4;

/// Places on a screen. Horizontal positions are even, so that panels that pack two pixels into a byte get
/// whole bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Top left corner of the picture; left of or above the screen if the picture is larger than the screen.
    pub picture: Point,
    /// Screen pixels per picture pixel, along each side.
    pub scale: u32,
    /// The text area; `None` if there is no room for it.
    pub caption: Option<Caption>,
}

impl Layout {
    /// Makes the picture as large as an integer scale allows, with the caption beside it on a wide screen and
    /// below it on others.
    pub fn new(screen: Size, picture: Size, title: &str) -> Self {
        let times = screen.component_div(picture.component_max(Size::new_equal(1)));
        let scale = times.width.min(times.height).max(1);
        let drawn = picture * scale;
        let wide = screen.width > screen.height;

        let beside = Size::new((drawn.width + GAP).next_multiple_of(2), 0);
        let taken = if wide { beside } else { drawn.y_axis() };
        let free = Rectangle::new(Point::zero() + taken, screen.saturating_sub(taken));
        let caption = Caption::new(free, title);

        let left = Point::zero() + screen - drawn;
        let mut corner = Point::new(left.x.div_euclid(2) & !1, left.y.div_euclid(2));
        match caption {
            Some(_) if wide => corner.x = 0,
            Some(_) => corner.y = 0,
            None => {}
        }
        Self { picture: corner, scale, caption }
    }
}

#[cfg(test)]
mod tests {
    use embedded_graphics::prelude::*;

    use super::Layout;

    const FACE: Size = Size::new(32, 32);

    fn layout(width: u32, height: u32) -> Layout {
        Layout::new(Size::new(width, height), FACE, "pixel-faces32")
    }

    #[test]
    fn wide_screens_have_the_caption_beside() {
        for (width, height) in [(128, 64), (160, 80)] {
            let layout = layout(width, height);
            assert_eq!((layout.scale, layout.picture.x), (2, 0));
            let area = layout.caption.expect("room beside").area;
            assert_eq!(area.top_left, Point::new(68, 0));
        }
    }

    #[test]
    fn square_screens_have_the_caption_below() {
        let layout = layout(240, 240);
        assert_eq!((layout.scale, layout.picture), (7, Point::new(8, 0)));
        let area = layout.caption.expect("room below").area;
        assert_eq!(area.top_left, Point::new(0, 224));
    }

    #[test]
    fn without_room_there_is_no_caption() {
        assert_eq!(layout(128, 128).caption, None);
        assert_eq!(layout(128, 128).scale, 4);
    }

    #[test]
    fn any_screen_has_a_layout_within_it() {
        for width in 1..200 {
            for height in 1..200 {
                let layout = layout(width, height);
                assert_eq!(layout.picture.x % 2, 0);
                if let Some(caption) = layout.caption {
                    let area = caption.area;
                    assert_eq!(area.top_left.x % 2, 0);
                    let end = area.bottom_right().unwrap();
                    assert!(end.x < width as i32 && end.y < height as i32);
                    let picture = Size::new_equal(32 * layout.scale);
                    let overlap = area.intersection(
                        &embedded_graphics::primitives::Rectangle::new(layout.picture, picture),
                    );
                    assert!(overlap.is_zero_sized(), "{width}x{height}");
                }
            }
        }
    }
}
