//! A running board, in its emulator.

use std::collections::VecDeque;
use std::fs;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use boards::{Board, Emulator};
use output::Picture;
use serde_json::json;
use tempfile::TempDir;

use crate::image::Image;
use crate::launch::{self, Options};
use crate::log::{Decoder, Line};
use crate::picture::{from_ppm, unmagnified};
use crate::qmp::Qmp;

/// The file for what the emulator itself has to say.
const COMPLAINTS: &str = "stderr";

/// How long a key is down in QEMU. On a busy desk, while the processor fills the screen, QEMU's timers may
/// wait for longer than its usual 100 ms, and the board's next look at the buttons would be after that.
const HELD_MS: u32 = 400;

/// How long an emulator may take to open its socket.
const STARTING: Duration = Duration::from_secs(20);

/// A running board. Ends with its `Machine`.
///
/// Nothing runs in the background here: the log is read when it is asked for and while a command
/// waits. A board that nobody asks stands still once its emulator cannot write any more.
pub struct Machine {
    process: Process,
    qmp: Qmp,
    log: Log,
    /// Pixels of a screendump for one of the panel's, each way. 0: no screen.
    magnified: usize,
    /// Socket and screendumps.
    directory: TempDir,
}

/// The board's log, on the emulator's standard output.
struct Log {
    socket: UnixStream,
    decoder: Decoder,
    lines: VecDeque<Line>,
    ended: bool,
}

impl Machine {
    /// Starts a board with a program.
    ///
    /// # Errors
    ///
    /// If the board has no emulator, or that is not installed or does not like what it is told; its
    /// words are part of the error.
    pub fn start(board: &Board, image: &Image, options: Options<'_>) -> Result<Self> {
        let elf = fs::read(&image.elf).with_context(|| format!("{}", image.elf.display()))?;
        let decoder = Decoder::new(&elf).with_context(|| format!("{}", image.elf.display()))?;
        let directory = TempDir::with_prefix("emulator")?;
        let socket = directory.path().join("qmp");
        let complaints = directory.path().join(COMPLAINTS);
        // A socket, unlike a pipe, can be read with a timeout.
        let (ours, theirs) = UnixStream::pair()?;

        let mut emulator = launch::command(board, image, &socket, options)?;
        emulator.stdin(Stdio::null()).stdout(OwnedFd::from(theirs));
        emulator.stderr(fs::File::create(&complaints)?);
        let program = emulator.get_program().to_string_lossy().into_owned();
        let child = emulator.spawn().with_context(|| format!("cannot start {program}"))?;
        let mut process = Process(child);
        // Holds the emulator's end of the socket: only it may, or the log would never end.
        drop(emulator);

        let start = Instant::now();
        let mut qmp = loop {
            if let Ok(qmp) = Qmp::connect(&socket) {
                break qmp;
            }
            if process.0.try_wait()?.is_some() || start.elapsed() > STARTING {
                let complaints = fs::read_to_string(&complaints)?;
                bail!("{program} does not start: {}", complaints.trim().replace('\n', "; "));
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        // Halted until we are connected: a short program would be over before. One that ends at once
        // takes the answer with it.
        qmp.send("cont", json!({}))?;
        let log = Log { socket: ours, decoder, lines: VecDeque::new(), ended: false };
        let magnified = match board.emulator {
            Some(Emulator::Qemu { magnified }) => magnified as usize,
            Some(Emulator::Rp2040js) => 1,
            None => 0,
        };
        Ok(Self { process, qmp, log, magnified, directory })
    }

    /// The next line of the log; `None` when the board has ended.
    ///
    /// # Errors
    ///
    /// If there is none within `patience`.
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
            ensure!(!left.is_zero(), "the board has logged nothing for {patience:?}");
            self.log.read(Some(left))?;
        }
    }

    /// Every line that the board has logged and nobody has read. After [`Machine::stop`] there is
    /// nothing that comes later.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub fn drain(&mut self) -> Result<Vec<Line>> {
        while self.log.read(None)? {}
        Ok(self.log.lines.drain(..).collect())
    }

    /// Halts the processor, between two instructions.
    ///
    /// # Errors
    ///
    /// If the emulator does not obey.
    pub fn stop(&mut self) -> Result<()> {
        self.command("stop", json!({}))
    }

    /// Lets the processor go on.
    ///
    /// # Errors
    ///
    /// If the emulator does not obey.
    pub fn cont(&mut self) -> Result<()> {
        self.command("cont", json!({}))
    }

    /// Presses and releases a key, by QEMU's name for it: `left`, `up`, `ctrl`, …. In QEMU it is down for
    /// `HELD_MS`, and the next waits for as long again; in rp2040js for 100 ms of the processor's time.
    ///
    /// # Errors
    ///
    /// If the emulator does not know the key.
    pub fn send_key(&mut self, key: &str) -> Result<()> {
        let keys = json!({ "keys": [{ "type": "qcode", "data": key }], "hold-time": HELD_MS });
        self.command("send-key", keys)
    }

    /// What the panel shows: its own pixels, not the emulator's magnified ones.
    ///
    /// # Errors
    ///
    /// If the board has no screen.
    pub fn screendump(&mut self) -> Result<Picture> {
        ensure!(self.magnified > 0, "the board has no screen");
        let file = self.directory.path().join("screen.ppm");
        self.command("screendump", json!({ "filename": file }))?;
        unmagnified(&from_ppm(&fs::read(&file)?)?, self.magnified as u32)
    }

    /// What the board's memory holds: zeros where nothing was ever written to RAM.
    ///
    /// # Errors
    ///
    /// If the emulator does not obey.
    pub fn memory(&mut self, addresses: Range<u64>) -> Result<Vec<u8>> {
        let file = self.directory.path().join("memory");
        let size = addresses.end - addresses.start;
        let range = json!({ "val": addresses.start, "size": size, "filename": file });
        self.command("pmemsave", range)?;
        Ok(fs::read(&file)?)
    }

    /// What the emulator itself had to say so far, in one line.
    pub fn complaints(&self) -> String {
        let text = fs::read_to_string(self.directory.path().join(COMPLAINTS));
        text.unwrap_or_default().trim().replace('\n', "; ")
    }

    /// Waits for the board to end by itself. Read its log to the end first.
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
        self.qmp.execute(command, arguments, &mut read).map(drop)
    }
}

impl Log {
    /// Reads some of what is there, waiting for it at most `patience`. Says whether there was any.
    fn read(&mut self, patience: Option<Duration>) -> Result<bool> {
        self.socket.set_nonblocking(patience.is_none())?;
        if patience.is_some() {
            self.socket.set_read_timeout(patience)?;
        }
        let mut chunk = [0; 4096];
        match self.socket.read(&mut chunk) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                self.lines.extend(self.decoder.push(&chunk[..count]));
                return Ok(true);
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(e) => return Err(e).context("cannot read the board's log"),
        }
        Ok(false)
    }
}

/// The emulator itself, which does not outlive us.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is what was wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
