//! Tests the OLED driver against a model of its panel.

mod panel;

use std::cell::RefCell;
use std::rc::Rc;

use embedded_graphics::framebuffer::{Framebuffer, buffer_size};
use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_6X10;
use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::pixelcolor::raw::{BigEndian, RawU4};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::{Circle, PrimitiveStyle, Rectangle};
use embedded_graphics::text::Text;
use firmware::ssd0323::{HEIGHT, Ssd0323, WIDTH};
use panel::{DataCommand, Panel, Port};

/// The same drawing by embedded-graphics itself.
type Expected =
    Framebuffer<Gray4, RawU4, BigEndian, WIDTH, HEIGHT, { buffer_size::<Gray4>(WIDTH, HEIGHT) }>;

fn driver() -> (Ssd0323<Port, DataCommand>, Rc<RefCell<Panel>>) {
    let panel = Panel::new();
    let Ok(driver) = Ssd0323::new(Port(panel.clone()), DataCommand(panel.clone()));
    (driver, panel)
}

fn assert_shows(panel: &Panel, expected: &Expected, what: &str) {
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let want = expected.pixel(Point::new(x as i32, y as i32)).unwrap().luma();
            assert_eq!(panel.grey(x, y), want, "{what}: pixel ({x}, {y})");
        }
    }
}

/// A small seeded random number generator, good enough to pick rectangles.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, low: i32, high: i32) -> i32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        low + ((self.0 >> 33) as i32).rem_euclid(high - low)
    }
}

#[test]
fn setup_clears_the_panel_and_lights_it_last() {
    let (_, panel) = driver();
    let panel = panel.borrow();
    assert_shows(&panel, &Expected::new(), "after power-up");
    let mut commands: Vec<&[u8]> = panel.commands.iter().map(Vec::as_slice).collect();
    let dark: &[&[u8]] = &[&[0x15, 0, 63], &[0x75, 0, 79], &[0xAF]];
    assert_eq!(commands.remove(0), [0xAE], "off first");
    assert_eq!(commands.split_off(commands.len() - dark.len()), dark, "all of the memory, then on");
    // The controller accepts the others in any order.
    commands.sort();
    assert_eq!(commands, BOARD_MAKER);
}

/// The commands of the board maker's own driver (TI, Stellaris DriverLib, osram128x64x4.c), sorted by opcode.
const BOARD_MAKER: [&[u8]; 15] = [
    &[0x81, 50],
    &[0x85],
    &[0xA0, 0x52],
    &[0xA1, 0],
    &[0xA2, 0x4C],
    &[0xA4],
    &[0xA8, 63],
    &[0xAD, 0x03],
    &[0xB1, 0x22],
    &[0xB2, 70],
    &[0xB3, 0xF1],
    &[0xB8, 0x01, 0x11, 0x22, 0x32, 0x43, 0x54, 0x65, 0x76],
    &[0xBC, 0x10],
    &[0xBE, 0x02],
    &[0xBF, 0x0D],
];

#[test]
fn rectangles_at_odd_edges_leave_their_neighbours_alone() {
    let (mut driver, panel) = driver();
    let mut expected = Expected::new();
    let mut dice = Dice(7);
    for round in 0..500 {
        let size = Size::new(dice.roll(0, 40) as u32, dice.roll(0, 20) as u32);
        let area = Rectangle::new(Point::new(dice.roll(-20, 140), dice.roll(-10, 70)), size);
        let mut greys = Dice(round);
        let colors: Vec<Gray4> =
            (0..size.width * size.height).map(|_| Gray4::new(greys.roll(0, 16) as u8)).collect();
        driver.fill_contiguous(&area, colors.iter().copied()).unwrap();
        expected.fill_contiguous(&area, colors.iter().copied()).unwrap();
        assert_shows(&panel.borrow(), &expected, &format!("round {round}, {area:?}"));
    }
}

#[test]
fn shapes_and_text_are_what_embedded_graphics_draws() {
    let (mut driver, panel) = driver();
    let mut expected = Expected::new();
    fn draw<D: DrawTarget<Color = Gray4>>(target: &mut D) -> Result<(), D::Error> {
        target.clear(Gray4::new(3))?;
        let ring = PrimitiveStyle::with_stroke(Gray4::new(12), 3);
        Circle::new(Point::new(-9, 21), 61).into_styled(ring).draw(target)?;
        let style = MonoTextStyle::new(&FONT_6X10, Gray4::WHITE);
        Text::new("odd", Point::new(117, 13), style).draw(target)?;
        target.draw_iter([
            Pixel(Point::new(127, 63), Gray4::new(9)),
            Pixel(Point::new(128, 64), Gray4::WHITE),
        ])
    }
    draw(&mut driver).unwrap();
    draw(&mut expected).unwrap();
    assert_shows(&panel.borrow(), &expected, "shapes and text");
}

#[test]
fn too_few_colours_change_only_what_they_cover() {
    let (mut driver, panel) = driver();
    let mut expected = Expected::new();
    let area = Rectangle::new(Point::new(5, 5), Size::new(7, 4));
    let colors = || (0..17).map(|_| Gray4::new(8));
    driver.fill_contiguous(&area, colors()).unwrap();
    expected.fill_contiguous(&area, colors()).unwrap();
    assert_shows(&panel.borrow(), &expected, "17 of 28 pixels");
}

#[test]
fn nothing_is_sent_for_what_nobody_sees() {
    let (mut driver, panel) = driver();
    let before = panel.borrow().pixel_bytes;
    for corner in [Point::new(128, 0), Point::new(0, 64), Point::new(-8, 0), Point::new(0, -8)] {
        let area = Rectangle::new(corner, Size::new(8, 8));
        driver.fill_solid(&area, Gray4::WHITE).unwrap();
    }
    assert_eq!(panel.borrow().pixel_bytes, before);
}

#[test]
fn a_row_costs_half_a_byte_a_pixel() {
    let (mut driver, panel) = driver();
    let before = panel.borrow().pixel_bytes;
    let row = Rectangle::new(Point::new(0, 9), Size::new(64, 1));
    driver.fill_solid(&row, Gray4::WHITE).unwrap();
    assert_eq!(panel.borrow().pixel_bytes - before, 32);
}
