//! The firmware on emulated boards: their screens show the same pixels as host-sim.
//!
//! The board runs freely; the test neither sleeps nor guesses. The log says which frame is being drawn, which
//! one is shown, and which button was processed at which frame. To compare, the test halts the processor. If
//! the log then ends with a shown frame, the panel holds that frame, and host-sim reproduces it from the
//! logged seed and presses. If a frame is half drawn, the test lets the board go on to the next one.

use anyhow::{Context, Result, bail, ensure};
use boards::Screen;
use emulator::launch::Options;
use emulator::log::Line;
use emulator::machine::{Machine, Silence};
use emulator::size::Size;
use firmware::Button;
use host_sim::replay;
use output::Picture;
use pocket_tests::{PATIENCE, built};
use std::collections::BTreeSet;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Lines of the log within which a press must be processed. In QEMU a press waits for the end of the previous
/// one, which takes 400 ms down and 400 ms up, and a frame of a walk is two lines.
const LINES: usize = 100;
/// Halts that may hit a half-drawn frame before the test fails.
const TRIES: usize = 40;

/// A running board and its log so far.
struct Device {
    machine: Machine,
    screen: Screen,
    size: Size,
    working_memory: u64,
    seed: u64,
    presses: Vec<(u32, Button)>,
}

impl Device {
    fn start(board: &str, options: Options<'_>) -> Result<Self> {
        let (board, image) = built(board)?;
        let screen = board.screen.context("the board has no screen")?;
        let mut machine = Machine::start(board, &image, options)?;
        let started = machine.line(PATIENCE)?;
        let started =
            started.with_context(|| format!("the board ended at once: {}", machine.stderr()))?;
        ensure!(started.is("Started"), "unexpected: {started}");
        let working_memory =
            started.number("working_memory").context("working memory is logged")?;
        let stored = gen_core::working_memory(host_sim::BUILT_IN).context("a .gen file")? as u64;
        ensure!(working_memory == stored, "{working_memory} bytes in use, the file says {stored}");
        let seed = started.number("seed").context("the first seed is logged")?;
        let size = Size::of(&image.elf)?;
        Ok(Self { machine, screen, size, working_memory, seed, presses: Vec::new() })
    }

    /// Waits for the next line of the log.
    fn line(&mut self) -> Result<Line> {
        let line = self.machine.line(PATIENCE)?;
        line.with_context(|| format!("the board ended: {}", self.machine.stderr()))
    }

    /// Updates the state from a line of the log.
    fn hear(&mut self, line: Line) -> Result<()> {
        if line.is("Pressed") {
            let button = match line.field("button") {
                Some("Next") => Button::Next,
                Some("Mode") => Button::Mode,
                Some("Hold") => Button::Hold,
                other => bail!("no such button: {other:?}"),
            };
            let frame = line.number("frame").context("a press names its frame")?;
            self.presses.push((u32::try_from(frame)?, button));
            return Ok(());
        }
        ensure!(line.is("Shown") || line.is("Drawing"), "unexpected: {line}");
        Ok(())
    }

    /// Waits for a shown frame that satisfies `wanted`.
    fn until(&mut self, wanted: impl Fn(&Line) -> bool) -> Result<Line> {
        for _ in 0..LINES {
            let line = self.line()?;
            self.hear(line.clone())?;
            if line.is("Shown") && wanted(&line) {
                return Ok(line);
            }
        }
        bail!("{LINES} lines and not the frame that is waited for")
    }

    /// Presses a key and waits until the board has processed it. Keys only reach a running board.
    fn press(&mut self, key: &str, button: Button) -> Result<()> {
        let before = self.presses.len();
        self.machine.send_key(key)?;
        for _ in 0..LINES {
            if self.presses.len() > before {
                break;
            }
            let line = self.line()?;
            self.hear(line)?;
        }
        ensure!(self.presses.len() > before, "{key} is not obeyed");
        let obeyed = self.presses[before].1;
        ensure!(obeyed == button, "{key} is {obeyed:?}, not {button:?}");
        Ok(())
    }

    /// Halts the board at a shown frame, compares the panel with host-sim's picture, and returns the frame's
    /// line.
    fn compare(&mut self) -> Result<Line> {
        for _ in 0..TRIES {
            let shown = self.machine.stop_at_frame()?;
            for line in self.machine.drain()? {
                self.hear(line)?;
            }
            if let Some(shown) = shown {
                let panel = self.machine.screendump()?;
                self.machine.cont()?;
                self.assert_same(&panel, &shown)?;
                return Ok(shown);
            }
            self.machine.cont()?;
            self.until(|_| true)?;
        }
        bail!("{TRIES} halts and never a whole frame");
    }

    fn assert_same(&self, panel: &Picture, shown: &Line) -> Result<()> {
        let frame = u32::try_from(shown.number("frame").context("a frame has a number")?)?;
        let desk = replay(host_sim::BUILT_IN, self.screen, self.seed, &self.presses, frame)?;
        let lit = panel.rgb.iter().filter(|&&value| value > 0).count();
        ensure!(lit > panel.rgb.len() / 10, "the panel is dark");
        same(panel, &desk).with_context(|| format!("{shown}"))
    }
}

/// Compares a panel with what host-sim shows, pixel by pixel.
fn same(panel: &Picture, desk: &Picture) -> Result<()> {
    let size = |picture: &Picture| (picture.width, picture.height);
    ensure!(size(panel) == size(desk), "the sizes differ");
    let different = panel.rgb.chunks(3).zip(desk.rgb.chunks(3)).filter(|(a, b)| a != b).count();
    if different > 0 {
        let test = thread::current().name().unwrap_or("screen").replace("::", "-");
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.png"));
        side_by_side(panel, desk).save_png(&place)?;
        bail!("{different} pixels differ; panel above host-sim: {}", place.display());
    }
    Ok(())
}

/// The panel's picture above host-sim's, for inspection.
fn side_by_side(panel: &Picture, desk: &Picture) -> Picture {
    Picture::from_pixels(desk.width, desk.height * 2, |x, y| {
        if y < desk.height { panel.pixel(x, y) } else { desk.pixel(x, y - desk.height) }
    })
}

/// Single faces, one seed after another.
fn faces(board: &str) -> Result<()> {
    let mut device = Device::start(board, Options::default())?;
    let mut seeds = BTreeSet::new();
    while seeds.len() < 4 {
        device.until(|shown| !seeds.contains(&shown.number("seed")))?;
        let shown = device.compare()?;
        seeds.insert(shown.number("seed"));
    }
    Ok(())
}

/// A walk started by a button: compares frames at the start, in between and at the next seed.
fn walk(board: &str) -> Result<()> {
    let mut device = Device::start(board, Options::default())?;
    device.until(|_| true)?;
    device.press("up", Button::Mode)?;
    let mut steps = BTreeSet::new();
    while steps.len() < 5 {
        let next = device.until(|shown| shown.field("mode") == Some("Walk"))?;
        if !steps.contains(&next.number("step")) {
            steps.insert(device.compare()?.number("step"));
        }
    }
    Ok(())
}

/// Every button, and hold: the held picture stays, and the following ones are the same as without hold.
fn buttons(board: &str, [next, mode, hold]: [&str; 3]) -> Result<()> {
    let mut device = Device::start(board, Options::default())?;
    device.until(|_| true)?;
    device.press(hold, Button::Hold)?;
    let held = device.until(|shown| shown.field("held") == Some("true"))?;
    assert_eq!(device.compare()?, held);
    device.press(next, Button::Next)?;
    let following = device.until(|_| true)?;
    assert_eq!(following.number("seed"), held.number("seed").map(|seed| seed + 1));
    assert_eq!(device.compare()?, following);
    device.press(mode, Button::Mode)?;
    let walk = device.until(|shown| shown.field("mode") == Some("Walk"))?;
    assert_eq!(walk.field("held"), Some("true"));
    assert_eq!(device.compare()?, walk);
    device.press(hold, Button::Hold)?;
    device.until(|shown| shown.number("step") == Some(3))?;
    device.compare()?;
    Ok(())
}

/// The program takes no more memory than `build.rs` reserves beside the model: flash for code, and RAM for
/// stack and variables after faces, a walk and every button. `--nocapture` prints the figures.
fn memory(board: &str) -> Result<()> {
    let mut device = Device::start(board, Options::default())?;
    let fourth = device.seed + 3;
    device.until(|shown| shown.number("seed") == Some(fourth))?;
    for (key, button) in [("ctrl", Button::Hold), ("up", Button::Mode), ("ctrl", Button::Hold)] {
        device.press(key, button)?;
    }
    device.press("right", Button::Next)?;
    device.until(|shown| shown.number("step") == Some(15))?;
    device.machine.stop()?;
    let size = device.size;
    let stack = device.machine.memory(size.stack())?;
    let untouched = stack.iter().take_while(|&&byte| byte == 0).count() as u64;
    ensure!(untouched > 0, "the stack has reached the variables");
    let ram = size.ram_total - untouched - device.working_memory;
    let flash = size.flash - host_sim::BUILT_IN.len() as u64;
    for (what, used, kept) in
        [("RAM", ram, size.ram_reserved), ("flash", flash, size.flash_reserved)]
    {
        println!("{}: {what}: {used} of {kept} bytes", board);
        ensure!(used <= kept, "{what}: {used} bytes used, {kept} kept");
    }
    Ok(())
}

mod lm3s6965evb {
    use super::Result;

    const BOARD: &str = "lm3s6965evb";

    #[test]
    fn faces() -> Result<()> {
        super::faces(BOARD)
    }

    #[test]
    fn walk() -> Result<()> {
        super::walk(BOARD)
    }

    #[test]
    fn buttons() -> Result<()> {
        super::buttons(BOARD, ["right", "down", "ctrl"])
    }

    #[test]
    fn memory() -> Result<()> {
        super::memory(BOARD)
    }
}

mod pico {
    use super::{BTreeSet, Button, Device, Duration, Options, Result, Silence, ensure, same};

    const WATCHDOG: Duration = Duration::from_secs(8);

    const BOARD: &str = "pico";

    #[test]
    fn faces() -> Result<()> {
        super::faces(BOARD)
    }

    #[test]
    fn walk() -> Result<()> {
        super::walk(BOARD)
    }

    #[test]
    fn joystick() -> Result<()> {
        super::buttons(BOARD, ["left", "down", "ctrl"])
    }

    #[test]
    fn keys() -> Result<()> {
        super::buttons(BOARD, ["a", "b", "x"])
    }

    #[test]
    fn memory() -> Result<()> {
        super::memory(BOARD)
    }

    /// A held picture stays for longer than the watchdog's timeout: waiting feeds the watchdog.
    #[test]
    fn a_held_picture_stays() -> Result<()> {
        let mut device = Device::start(BOARD, Options::default())?;
        device.until(|_| true)?;
        device.press("x", Button::Hold)?;
        let held = device.until(|_| true)?;
        let silent = device.machine.line(WATCHDOG + Duration::from_secs(2));
        ensure!(silent.as_ref().is_err_and(|error| error.is::<Silence>()), "{silent:?}");
        assert_eq!(device.compare()?, held);
        Ok(())
    }

    /// The first seed comes from the ring oscillator: different random bits give different seeds.
    #[test]
    fn seeds_differ() -> Result<()> {
        let mut seeds = BTreeSet::new();
        for entropy in [1, 2] {
            let options = Options { entropy: Some(entropy), ..Options::default() };
            let mut device = Device::start(BOARD, options)?;
            let first = device.until(|_| true)?;
            assert_eq!(first.number("seed"), Some(device.seed));
            device.compare()?;
            seeds.insert(device.seed);
        }
        assert_eq!(seeds.len(), 2, "{seeds:?}");
        Ok(())
    }

    /// Holding key A at power-on shows the test card; releasing it ends the test card and counts as no other
    /// press.
    #[test]
    fn test_card() -> Result<()> {
        let options = Options { down: &["a"], ..Options::default() };
        let mut device = Device::start(BOARD, options)?;
        let line = device.line()?;
        assert_eq!(line.message, "TestCard");
        device.machine.stop()?;
        let panel = device.machine.screendump()?;
        same(&panel, &host_sim::test_card(device.screen)?)?;
        device.machine.cont()?;
        device.machine.send_key("a")?;
        let first = device.until(|_| true)?;
        assert_eq!((first.number("frame"), first.number("seed")), (Some(0), Some(device.seed)));
        device.compare()?;
        Ok(())
    }
}
