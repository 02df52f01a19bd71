//! QEMU's machine protocol, which `pico/` also speaks: lines of JSON over a socket.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// Time allowed for a command; none here takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time to listen before calling `meanwhile` again.
const LISTEN: Duration = Duration::from_millis(10);

/// A connection to a running emulator.
pub struct Qmp {
    socket: BufReader<UnixStream>,
    /// Number of commands sent. It is sent with each command and returned with the answer.
    sent: u64,
}

impl Qmp {
    /// Connects to the emulator's socket and exchanges greetings.
    ///
    /// # Errors
    ///
    /// If nothing listens on the socket, or the greeting is not QMP's.
    pub fn connect(socket: &Path) -> Result<Self> {
        let socket = UnixStream::connect(socket)?;
        socket.set_read_timeout(Some(LISTEN))?;
        let mut qmp = Self { socket: BufReader::new(socket), sent: 0 };
        let greeting = qmp.message(&mut || Ok(()))?;
        ensure!(greeting.get("QMP").is_some(), "the emulator's greeting is unknown: {greeting}");
        qmp.execute("qmp_capabilities", json!({}), &mut || Ok(()))?;
        Ok(qmp)
    }

    /// Sends a command without waiting for the answer; returns the command's number.
    ///
    /// # Errors
    ///
    /// If the connection is closed.
    pub fn send(&mut self, command: &str, arguments: Value) -> Result<u64> {
        self.sent += 1;
        let request = json!({ "execute": command, "arguments": arguments, "id": self.sent });
        writeln!(self.socket.get_mut(), "{request}")
            .context("the emulator closed its QMP socket")?;
        Ok(self.sent)
    }

    /// Runs a command. Calls `meanwhile` repeatedly until the answer arrives: the emulator may block until
    /// its other output is read.
    ///
    /// # Errors
    ///
    /// If the emulator refuses, closes the connection, or takes more than 20 seconds.
    pub fn execute(
        &mut self,
        command: &str,
        arguments: Value,
        meanwhile: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let number = self.send(command, arguments)?;
        loop {
            let message = self.message(meanwhile)?;
            // Skip events, and answers to commands that were sent without waiting.
            if message["id"] != number {
                continue;
            }
            if let Some(error) = message.get("error") {
                bail!("the emulator refuses {command}: {error}");
            }
            if message.get("return").is_some() {
                return Ok(());
            }
        }
    }

    fn message(&mut self, meanwhile: &mut dyn FnMut() -> Result<()>) -> Result<Value> {
        let start = Instant::now();
        let mut line = Vec::new();
        loop {
            ensure!(start.elapsed() < PATIENCE, "the emulator has not answered for {PATIENCE:?}");
            // A time-out leaves what was read in `line`.
            match self.socket.read_until(b'\n', &mut line) {
                Ok(_) if !line.ends_with(b"\n") => bail!("the emulator closed its QMP socket"),
                Ok(_) => {
                    return serde_json::from_slice(&line)
                        .context("the emulator's answer is not JSON");
                }
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    meanwhile()?;
                }
                Err(e) => return Err(e).context("cannot read the emulator's QMP socket"),
            }
        }
    }
}
