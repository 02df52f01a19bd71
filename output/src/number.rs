//! Formats numbers and bytes.

/// Formats a number with its digits in groups of three: 65536 as `65,536`.
pub fn grouped(number: u64) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), number % 1000),
    }
}

/// Formats bytes in hexadecimal, two lower-case digits each, as checksums are usually written.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{grouped, hexadecimal};

    #[test]
    fn digits_are_in_groups_of_three() {
        let numbers = [0, 999, 1000, 65_536, 4_194_304].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "65,536", "4,194,304"]);
    }

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hexadecimal(&[0, 10, 255]), "000aff");
        assert_eq!(hexadecimal(&[]), "");
    }
}
