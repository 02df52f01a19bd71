//! Memory maps: the lengths of a linker script's regions.

/// Memory available to a program, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Flash, the model included.
    pub flash: usize,
    /// RAM.
    pub ram: usize,
}

impl Memory {
    /// Reads the lengths of the regions `FLASH` and `RAM` from a linker script; `None` if one has no length.
    pub(crate) fn of(map: &str) -> Option<Self> {
        Some(Self { flash: length(map, "FLASH")?, ram: length(map, "RAM")? })
    }
}

/// `LENGTH` of a region in a linker script, in bytes: `a` or `a - b - …`, since a map often excludes the
/// beginning of flash, which belongs to a boot loader.
fn length(map: &str, region: &str) -> Option<usize> {
    let of_region = map.lines().find_map(|line| {
        let rest = line.trim_start().strip_prefix(region)?;
        let longer_name = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        (!longer_name).then_some(rest)
    })?;
    let (_, rest) = of_region.split_once("LENGTH")?;
    let terms = rest.trim_start().strip_prefix('=')?;
    let mut terms = terms.split('-').map(|term| number(term.trim()));
    let first = terms.next()??;
    terms.try_fold(first, |left, term| left.checked_sub(term?))
}

/// A number of a linker script, for example 256, 0x100, 64K, 2M.
fn number(text: &str) -> Option<usize> {
    if let Some(digits) = text.strip_prefix("0x") {
        return usize::from_str_radix(digits, 16).ok();
    }
    let units = [('K', 1024), ('M', 1024 * 1024)];
    let with_unit =
        units.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(*unit)?, *bytes)));
    let (digits, unit) = with_unit.unwrap_or((text, 1));
    digits.parse::<usize>().ok()?.checked_mul(unit)
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
