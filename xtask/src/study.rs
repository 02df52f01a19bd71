//! What docs/studies.md measures on an emulated core.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use setup::{rustup, step, workspace};

use crate::bench::program::ONE_EACH;
use crate::board::{BARE, Board};
use crate::emulator::Options;
use crate::image::Image;
use crate::machine::Machine;
use crate::{firmware, tools};

/// The program with weights in an order made for Arm's vectors, on a core that has them.
pub(crate) const VECTORS: Board =
    Board::emulated("mps3-an547", "thumbv8m.main-none-eabihf", "vectors", BARE).on("cortex-m55");

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the program, which checks its sums, and prints what a product takes.
///
/// # Errors
///
/// If it cannot be built or run, or its sums are wrong.
pub fn vectors() -> Result<()> {
    rustup::targets(&[VECTORS.target])?;
    tools::emulator(&VECTORS, false)?;
    let place = workspace::target_directory()?.join("study");
    let image = step::job("program of the study of vectors", || {
        let _lock = firmware::lock()?;
        Image::write(&place, &VECTORS, &firmware::compile(&VECTORS, None)?)
    })?;
    let arguments = ONE_EACH.map(String::from);
    let options = Options { arguments: &arguments, ..Options::default() };
    let mut machine = Machine::start(&VECTORS, &image, options)?;
    let line = machine.line(PATIENCE)?.context("the program said nothing")?;
    let counts = ["instructions", "products"].map(|name| line.number(name));
    let [Some(instructions), Some(products)] = counts else {
        anyhow::bail!("the program said: {line}");
    };
    ensure!(machine.wait()?.success(), "the program failed: {}", machine.complaints());
    let each = instructions as f64 / products as f64;
    println!("{instructions} instructions for {products} products: {each:.3} each");
    Ok(())
}
