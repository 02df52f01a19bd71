//! Runs the application on a board with a screen.
#![no_std]
#![no_main]

#[cfg_attr(feature = "lm3s6965evb", path = "lm3s6965evb.rs")]
#[cfg_attr(any(feature = "pico", feature = "pico2"), path = "pico.rs")]
mod board;
#[path = "../support/mod.rs"]
mod support;
mod tick;

use firmware::App;
use firmware::built_in::{LATENT, MODEL, WORKING_MEMORY};
use gen_core::Model;
use static_cell::ConstStaticCell;
use support::entry;

static MEMORY: ConstStaticCell<[u8; WORKING_MEMORY]> = ConstStaticCell::new([0; WORKING_MEMORY]);

#[entry]
fn main() -> ! {
    let model = Model::parse(MODEL).expect("build.rs checked the model");
    let mut platform = board::bring_up();
    let app = App::<LATENT>::new(model, MEMORY.take(), board::seed());
    let mut app = app.expect("sized for the model");
    app.start(&mut platform).expect("the display obeys");
    loop {
        app.step(&mut platform).expect("the display obeys");
    }
}
