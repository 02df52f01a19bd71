//! Decodes a board's log: defmt frames, with the format strings of the program's ELF file.

use std::fmt;

use anyhow::{Context, Result};
use defmt_decoder::Table;

/// Byte that ends a frame.
const FRAME_END: u8 = 0;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Seconds since the start, if the board has a clock for timestamps.
    pub timestamp: Option<String>,
    /// Level: `info`, `error`, …; empty if the line has none.
    pub level: String,
    /// The message. Events of the application read `Name { field: value, … }`.
    pub message: String,
}

impl Line {
    /// Whether the line is an event called `event`.
    pub fn is(&self, event: &str) -> bool {
        let rest = self.message.strip_prefix(event);
        rest.is_some_and(|rest| rest.starts_with(" {"))
    }

    /// Value of the event's field `name`, as printed.
    pub fn field(&self, name: &str) -> Option<&str> {
        let fields = self.message.split_once('{')?.1.strip_suffix('}')?;
        fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix(": "))
    }

    /// Value of the event's field `name`, if it is a whole number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.parse().ok()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(timestamp) = &self.timestamp {
            write!(f, "{timestamp} ")?;
        }
        write!(f, "{:5} {}", self.level, self.message)
    }
}

/// Decodes bytes into lines.
pub struct Decoder {
    table: Table,
    /// Bytes of an incomplete frame.
    bytes: Vec<u8>,
}

impl Decoder {
    /// Reads the format strings from a program's ELF file.
    ///
    /// # Errors
    ///
    /// If the program was built without defmt, or its format strings cannot be read.
    pub fn new(elf: &[u8]) -> Result<Self> {
        let table = Table::parse(elf)?.context("the program was built without defmt")?;
        Ok(Self { table, bytes: Vec::new() })
    }

    /// Takes the next bytes of the log. Returns the lines that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        self.bytes.extend(bytes);
        while let Some(end) = self.bytes.iter().position(|&byte| byte == FRAME_END) {
            let frame: Vec<u8> = self.bytes.drain(..=end).collect();
            if frame.len() > 1 {
                lines.push(self.decode(&frame));
            }
        }
        lines
    }

    fn decode(&self, frame: &[u8]) -> Line {
        let mut stream = self.table.new_stream_decoder();
        stream.received(frame);
        match stream.decode() {
            Ok(frame) => Line {
                timestamp: frame.display_timestamp().map(|time| time.to_string()),
                level: frame.level().map_or_else(String::new, |level| level.as_str().into()),
                message: frame.display_message().to_string(),
            },
            Err(error) => Line {
                timestamp: None,
                level: "error".into(),
                message: format!("a log frame of {} bytes is broken: {error}", frame.len()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let line = Line {
            timestamp: Some("1.204518".into()),
            level: "info".into(),
            message: "Shown { frame: 7, seed: 12, mode: Walk, held: false }".into(),
        };
        assert!(line.is("Shown") && !line.is("Show"));
        assert_eq!(line.number("seed"), Some(12));
        assert_eq!(line.field("mode"), Some("Walk"));
        assert_eq!(line.field("held"), Some("false"));
        assert_eq!(line.field("fram"), None);
        assert!(line.to_string().starts_with("1.204518 info  Shown {"));
    }
}
