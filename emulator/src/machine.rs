//! Controls a running board in its emulator.

use std::collections::VecDeque;
use std::fs;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use boards::{Board, Screen};
use output::Picture;
use serde_json::json;
use tempfile::TempDir;

use crate::image::Image;
use crate::launch::{self, Options};
use crate::log::{Decoder, Line};
use crate::picture::{from_ppm, unmagnified};
use crate::qmp::Qmp;

/// File for the emulator's own messages.
const STDERR: &str = "stderr";

/// Milliseconds that a key is down in QEMU. On a busy computer, while the processor fills the screen, QEMU's
/// timers may fire later than its usual 100 ms, and the board would sample the buttons only after the
/// release.
const HELD_MS: u32 = 400;

/// Time allowed for an emulator to open its socket.
const STARTING: Duration = Duration::from_secs(20);

/// A running board. Dropping it ends the emulator.
///
/// Nothing runs in the background: the log is read only when it is requested and while a command waits. If
/// nobody reads it, the board stops once the emulator cannot write any more.
pub struct Machine {
    process: Process,
    qmp: Qmp,
    log: Log,
    screen: Option<Screen>,
    /// Directory of the socket and the screendumps.
    directory: TempDir,
}

/// The error of [`Machine::line`] if the board logs nothing for so long.
#[derive(Debug, thiserror::Error)]
#[error("the board has logged nothing for {0:?}")]
pub struct Silence(Duration);

/// The board's log, on the emulator's standard output.
struct Log {
    socket: UnixStream,
    decoder: Decoder,
    lines: VecDeque<Line>,
    /// The last line that says which frame is shown or being drawn.
    frame: Option<Line>,
    ended: bool,
}

impl Machine {
    /// Starts a board with the program in `image`.
    ///
    /// # Errors
    ///
    /// If the board has no emulator, or the emulator is not installed or rejects its arguments. The error
    /// contains the emulator's message.
    pub fn start(board: &Board, image: &Image, options: Options<'_>) -> Result<Self> {
        let elf = fs::read(&image.elf).with_context(|| format!("{}", image.elf.display()))?;
        let decoder = Decoder::new(&elf).with_context(|| format!("{}", image.elf.display()))?;
        let directory = TempDir::with_prefix("emulator")?;
        let socket = directory.path().join("qmp");
        // Unlike a pipe, a socket can be read with a timeout.
        let (ours, theirs) = UnixStream::pair()?;

        let mut emulator = launch::command(board, image, &socket, options)?;
        emulator.stdin(Stdio::null()).stdout(OwnedFd::from(theirs));
        emulator.stderr(fs::File::create(directory.path().join(STDERR))?);
        let program = emulator.get_program().to_string_lossy().into_owned();
        let name = board.name;
        let mut process = Process(emulator.spawn().with_context(|| {
            format!("cannot start {program}: type cargo xtask qemu {name}, which installs it")
        })?);
        // Drops the emulator's end of the socket: while it is open here, the log would never end.
        drop(emulator);

        let start = Instant::now();
        let mut qmp = loop {
            if let Ok(qmp) = Qmp::connect(&socket) {
                break qmp;
            }
            if process.0.try_wait()?.is_some() || start.elapsed() > STARTING {
                bail!("{program} does not start: {}", stderr(directory.path()));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        // The board is halted until we are connected: a short program could end before. If the program ends
        // at once, the answer to this command is lost.
        qmp.send("cont", json!({}))?;
        let log = Log { socket: ours, decoder, lines: VecDeque::new(), frame: None, ended: false };
        Ok(Self { process, qmp, log, screen: board.screen, directory })
    }

    /// Waits for the next line of the log; `None` if the board has ended.
    ///
    /// # Errors
    ///
    /// If no line comes within `patience`, which is a [`Silence`], or the log cannot be read.
    pub fn line(&mut self, patience: Duration) -> Result<Option<Line>> {
        let start = Instant::now();
        loop {
            if let Some(line) = self.log.lines.pop_front() {
                return Ok(Some(line));
            }
            if self.log.ended {
                return Ok(None);
            }
            let left = patience.saturating_sub(start.elapsed());
            ensure!(!left.is_zero(), Silence(patience));
            self.log.read(Some(left))?;
        }
    }

    /// Returns all lines logged but not yet read. After [`Machine::stop`] no more lines follow.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub fn drain(&mut self) -> Result<Vec<Line>> {
        self.log.read_all()?;
        Ok(self.log.lines.drain(..).collect())
    }

    /// Halts the processor between two instructions.
    ///
    /// # Errors
    ///
    /// If the emulator refuses.
    pub fn stop(&mut self) -> Result<()> {
        self.command("stop", json!({}))
    }

    /// Halts the processor and returns the `Shown` line of the frame that the screen holds; `None` if a frame
    /// is only half drawn. No line follows until [`Machine::cont`].
    ///
    /// # Errors
    ///
    /// If the emulator refuses, or the log cannot be read.
    pub fn stop_at_frame(&mut self) -> Result<Option<Line>> {
        self.stop()?;
        self.log.read_all()?;
        Ok(self.log.frame.clone().filter(|line| line.is("Shown")))
    }

    /// Resumes the processor.
    ///
    /// # Errors
    ///
    /// If the emulator refuses.
    pub fn cont(&mut self) -> Result<()> {
        self.command("cont", json!({}))
    }

    /// Presses and releases a key, given by QEMU's name: `left`, `up`, `ctrl`, …. QEMU holds it for `HELD_MS`
    /// and waits as long before the next one; rp2040js holds it for 100 ms of the processor's time.
    ///
    /// # Errors
    ///
    /// If the emulator does not know the key.
    pub fn send_key(&mut self, key: &str) -> Result<()> {
        let keys = json!({ "keys": [{ "type": "qcode", "data": key }], "hold-time": HELD_MS });
        self.command("send-key", keys)
    }

    /// The panel's picture, in the panel's own pixels rather than the emulator's magnified ones.
    ///
    /// # Errors
    ///
    /// If the board has no screen.
    pub fn screendump(&mut self) -> Result<Picture> {
        let screen = self.screen.context("the board has no screen")?;
        let file = self.directory.path().join("screen.ppm");
        self.command("screendump", json!({ "filename": file }))?;
        unmagnified(&from_ppm(&fs::read(&file)?)?, screen.width, screen.height)
    }

    /// Reads the board's memory; RAM that was never written is zero.
    ///
    /// # Errors
    ///
    /// If the emulator refuses.
    pub fn memory(&mut self, addresses: Range<u64>) -> Result<Vec<u8>> {
        let file = self.directory.path().join("memory");
        let size = addresses.end - addresses.start;
        let range = json!({ "val": addresses.start, "size": size, "filename": file });
        self.command("pmemsave", range)?;
        Ok(fs::read(&file)?)
    }

    /// The emulator's own messages so far, in one line.
    pub fn stderr(&self) -> String {
        stderr(self.directory.path())
    }

    /// Waits until the board ends. Read its log to the end first.
    ///
    /// # Errors
    ///
    /// If the emulator cannot be waited for.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        Ok(self.process.0.wait()?)
    }

    fn command(&mut self, command: &str, arguments: serde_json::Value) -> Result<()> {
        let log = &mut self.log;
        let mut read = || log.read(None).map(drop);
        self.qmp.execute(command, arguments, &mut read)
    }
}

/// The emulator's own messages in its directory, in one line.
fn stderr(directory: &Path) -> String {
    let text = fs::read_to_string(directory.join(STDERR));
    text.unwrap_or_default().trim().replace('\n', "; ")
}

impl Log {
    /// Reads what has been logged so far, without waiting.
    fn read_all(&mut self) -> Result<()> {
        while self.read(None)? {}
        Ok(())
    }

    /// Reads some bytes of the log, waiting at most `patience`. Returns whether there were any.
    fn read(&mut self, patience: Option<Duration>) -> Result<bool> {
        self.socket.set_nonblocking(patience.is_none())?;
        if patience.is_some() {
            self.socket.set_read_timeout(patience)?;
        }
        let mut chunk = [0; 4096];
        match self.socket.read(&mut chunk) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                let lines = self.decoder.push(&chunk[..count]);
                let frame = lines.iter().rfind(|line| line.is("Shown") || line.is("Drawing"));
                self.frame = frame.cloned().or(self.frame.take());
                self.lines.extend(lines);
                return Ok(true);
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(e) => return Err(e).context("cannot read the board's log"),
        }
        Ok(false)
    }
}

/// The emulator's process, killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
