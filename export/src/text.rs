//! Text for tables: numbers with three significant digits, long names shortened, sentences in lines.

/// `number` with three significant digits and at most 12 decimals.
pub(crate) fn significant(number: f64) -> String {
    let decimals = 2.0 - libm::log10(number.abs().max(1e-12)).floor();
    format!("{number:.*}", decimals.clamp(0.0, 12.0) as usize)
}

/// `name` in at most `columns` characters: a longer name is shortened to `…` and its end.
pub(crate) fn ending(name: &str, columns: usize) -> String {
    let len = name.chars().count();
    if len <= columns {
        return name.to_owned();
    }
    let end: String = name.chars().skip(len - columns + 1).collect();
    format!("…{end}")
}

/// `text` in lines of at most `columns` characters, unless a word is longer. Lines after the first are indented.
pub(crate) fn wrapped(text: &str, columns: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.len() - 1;
        match lines[line].chars().count() {
            0 => lines[line].push_str(word),
            len if len + 1 + word.chars().count() <= columns => {
                lines[line].push(' ');
                lines[line].push_str(word);
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{ending, significant, wrapped};

    #[test]
    fn sentences_are_wrapped() {
        assert_eq!(wrapped("one two three", 7), "one two\n  three");
        assert_eq!(wrapped("one two three", 13), "one two three");
        assert_eq!(wrapped("longer words", 3), "longer\n  words");
    }

    #[test]
    fn numbers_are_short_and_names_cut_in_front() {
        assert_eq!(
            [0.0, 0.006_814, 1.2345, 123.4].map(significant),
            ["0.000000000000", "0.00681", "1.23", "123"]
        );
        assert_eq!(ending("abcdef", 6), "abcdef");
        assert_eq!(ending("abcdefg", 6), "…cdefg");
    }
}
