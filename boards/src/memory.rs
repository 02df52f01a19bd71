//! Memory maps: linker scripts, and the region lengths parsed from them.
//!
//! They are parsed at compile time, so that a map without lengths is a compile error.

/// Memory available to a program, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Flash, the model included.
    pub flash: usize,
    /// RAM.
    pub ram: usize,
}

/// The memory map of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryMap {
    /// Text of the linker script.
    pub script: &'static str,
    /// Lengths of its regions `FLASH` and `RAM`.
    pub memory: Memory,
}

impl MemoryMap {
    /// Parses a linker script.
    ///
    /// # Panics
    ///
    /// If the regions `FLASH` and `RAM` do not both have a `LENGTH`.
    pub const fn new(script: &'static str) -> Self {
        let (Some(flash), Some(ram)) = (length(script, "FLASH"), length(script, "RAM")) else {
            panic!(
                "give FLASH and RAM a LENGTH each: a number such as 256, 0x100, 64K or 2M, or a difference of numbers"
            )
        };
        Self { script, memory: Memory { flash, ram } }
    }
}

/// `LENGTH` of a region in a linker script, in bytes; `None` if it has none.
const fn length(script: &str, region: &str) -> Option<usize> {
    let mut rest = Some(script.as_bytes());
    while let Some(lines) = rest {
        let (line, after) = cut(lines, b'\n');
        if let Some(of_region) = strip(line.trim_ascii_start(), region.as_bytes())
            && !begins_with_word(of_region)
        {
            return difference(behind_length(of_region));
        }
        rest = after;
    }
    None
}

/// The text after `LENGTH =`; empty if that does not occur.
const fn behind_length(mut text: &[u8]) -> &[u8] {
    while let Some((_, next)) = text.split_first() {
        if let Some(rest) = strip(text, b"LENGTH") {
            return match strip(rest.trim_ascii_start(), b"=") {
                Some(sum) => sum,
                None => b"",
            };
        }
        text = next;
    }
    text
}

/// The value of `a - b - …`: a map often excludes the beginning of flash, which belongs to a boot loader.
const fn difference(text: &[u8]) -> Option<usize> {
    let (first, mut rest) = cut(text, b'-');
    let mut value = number(first.trim_ascii());
    while let (Some(left), Some(terms)) = (value, rest) {
        let (term, after) = cut(terms, b'-');
        value = match number(term.trim_ascii()) {
            Some(term) => left.checked_sub(term),
            None => None,
        };
        rest = after;
    }
    value
}

/// A number of a linker script, for example 256, 0x100, 64K, 2M.
const fn number(text: &[u8]) -> Option<usize> {
    if let Some(digits) = strip(text, b"0x") {
        return parse(digits, 16);
    }
    let (digits, unit) = match text.split_last() {
        Some((b'K', digits)) => (digits, 1024),
        Some((b'M', digits)) => (digits, 1024 * 1024),
        _ => (text, 1),
    };
    match parse(digits, 10) {
        Some(value) => value.checked_mul(unit),
        None => None,
    }
}

const fn parse(digits: &[u8], radix: u32) -> Option<usize> {
    let Ok(digits) = core::str::from_utf8(digits) else { return None };
    match usize::from_str_radix(digits, radix) {
        Ok(value) => Some(value),
        Err(_) => None,
    }
}

const fn begins_with_word(text: &[u8]) -> bool {
    matches!(text.first(), Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// `text` without `prefix`; `None` if it does not begin with it.
const fn strip<'t>(mut text: &'t [u8], mut prefix: &[u8]) -> Option<&'t [u8]> {
    while let Some((&expected, after)) = prefix.split_first() {
        match text.split_first() {
            Some((&byte, rest)) if byte == expected => (text, prefix) = (rest, after),
            _ => return None,
        }
    }
    Some(text)
}

/// `text` before the first `byte`, and the text after it if there is one.
const fn cut(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    let mut at = 0;
    while at < text.len() {
        if text[at] == byte {
            let (before, from) = text.split_at(at);
            return (before, strip(from, &[byte]));
        }
        at += 1;
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn lengths_are_read_as_a_linker_reads_them() {
        let map = "MEMORY {\n BOOT2 : ORIGIN = 0x10000000, LENGTH = 0x100\n  \
                   FLASH : ORIGIN = 0x10000100, LENGTH = 2048K - 0x100\n  \
                   RAM(rwx):ORIGIN=0x20000000,LENGTH=1M\n RAMPART : LENGTH = 7\n}";
        assert_eq!(length(map, "FLASH"), Some(2048 * 1024 - 256));
        assert_eq!(length(map, "BOOT2"), Some(256));
        assert_eq!(length(map, "RAM"), Some(1024 * 1024));
        assert_eq!(length(map, "RAMPART"), Some(7));
        assert_eq!(length(map, "SRAM"), None);
        assert_eq!(length("FLASH : LENGTH = 1K - 2K", "FLASH"), None);
        assert_eq!(length("FLASH : LENGTH = ORIGIN(RAM)", "FLASH"), None);
        assert_eq!(length("FLASH : ORIGIN = 0", "FLASH"), None);
    }
}
