//! The tiny network of examples and documentation: 8 latents to 8×8 pixels of red, green, blue.
//!
//! `BLESS=1 cargo test -p gen-core --test fixture` rebuilds it.

mod common;

use common::net::{self, Geometry, Sampler, Values};
use gen_core::latent::Random;
use std::path::Path;

#[test]
fn fixture_is_what_it_says() {
    let mut sampler = Sampler(Random::new(1511), Values::Random);
    let mut draft = net::empty(8);
    draft.name = "tiny".into();
    let up = Geometry::TRUNK;
    draft.layers.push(net::dense(&mut sampler, 8, [4, 4, 6]));
    draft.layers.extend(net::layer(&mut sampler, [4, 4, 6], up, up, 3, 0));
    let file = draft.to_bytes().expect("the draft is valid");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture/tiny.gen");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &file).expect("the fixture can be written");
    }
    let stored = std::fs::read(&path).expect("the fixture is there");
    assert!(stored == file, "{} differs; see this test's head", path.display());
}
