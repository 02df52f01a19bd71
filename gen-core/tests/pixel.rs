//! Pictures on displays.

mod common;

use common::net::{self, Sampler, Values};
use common::oracle;
use embedded_graphics_core::pixelcolor::{BinaryColor, Gray4, Gray8, Rgb565, Rgb888};
use embedded_graphics_core::prelude::*;
use embedded_graphics_core::primitives::Rectangle;
use gen_core::latent::Random;
use gen_core::pixel::Shade;
use gen_core::{Engine, Model};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// A display that refuses single pixels and overdrawing, and counts fills.
struct Strict<C> {
    pixels: BTreeMap<(i32, i32), C>,
    fills: usize,
}

impl<C> OriginDimensions for Strict<C> {
    fn size(&self) -> Size {
        Size::new(240, 240)
    }
}

impl<C: PixelColor> DrawTarget for Strict<C> {
    type Color = C;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<C>>>(&mut self, _: I) -> Result<(), Infallible> {
        panic!("a row is one fill_contiguous");
    }

    fn fill_contiguous<I>(&mut self, area: &Rectangle, colors: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = C>,
    {
        let colors: Vec<C> = colors.into_iter().collect();
        assert_eq!(colors.len() as u32, area.size.width * area.size.height);
        for (point, color) in area.points().zip(colors) {
            let earlier = self.pixels.insert((point.x, point.y), color);
            assert!(earlier.is_none(), "{point} drawn twice");
        }
        self.fills += 1;
        Ok(())
    }
}

/// Every panel pixel is the shade of the picture's pixel that covers it.
fn check<C: Shade>(channels: usize, scale: u32, corner: Point) {
    let mut sampler = Sampler(Random::new(6), Values::Random);
    let mut draft = net::empty(3);
    draft.layers.push(net::dense(&mut sampler, 3, [5, 4, channels]));
    let latent = sampler.latent(3);
    let expected = oracle::run(&draft, &latent);
    let file = draft.to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    let mut memory = vec![0; model.working_memory()];
    let mut engine = Engine::new(model, &mut memory).unwrap();
    let mut display = Strict::<C> { pixels: BTreeMap::new(), fills: 0 };
    engine.draw(&latent).unwrap().draw(&mut display, corner, scale).unwrap();

    assert_eq!(display.fills, 5);
    assert_eq!(display.pixels.len() as u32, 5 * 4 * scale * scale);
    for (&(x, y), &color) in &display.pixels {
        let (column, row) =
            ((x - corner.x) as usize / scale as usize, (y - corner.y) as usize / scale as usize);
        let at = (row * 4 + column) * channels;
        let rgb =
            if channels == 3 { [0, 1, 2].map(|c| expected[at + c]) } else { [expected[at]; 3] };
        assert!(color == C::shade(rgb, x as u32, y as u32), "at ({x}, {y})");
    }
}

#[test]
fn every_colour_scale_and_channel_count() {
    for channels in [1, 3] {
        for scale in [1, 2, 7] {
            for corner in [Point::zero(), Point::new(3, 9)] {
                check::<Gray4>(channels, scale, corner);
                check::<Gray8>(channels, scale, corner);
                check::<Rgb565>(channels, scale, corner);
                check::<Rgb888>(channels, scale, corner);
                check::<BinaryColor>(channels, scale, corner);
            }
        }
    }
}
