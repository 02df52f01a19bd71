//! `labels.csv` of the faces: the attributes that each face was drawn with.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

const NO_OR_YES: &[&str] = &["0", "1"];

/// The columns after the file name, each with its possible values.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("smile", NO_OR_YES),
    ("long_hair", NO_OR_YES),
    ("glasses", &["none", "light", "dark"]),
    ("beard", NO_OR_YES),
    ("hat", NO_OR_YES),
    ("skin", &["0", "1", "2", "3", "4", "5", "6", "7"]),
    (
        "hair",
        &[
            "sand", "ash", "hazel", "brown", "chestnut", "auburn", "mahogany", "black", "blue",
            "red", "green",
        ],
    ),
];

/// Cells of a line: the file name and one for each column.
const CELLS: usize = 1 + COLUMNS.len();

/// File name of the face at `index`.
pub fn file(index: usize) -> String {
    format!("{index:05}.png")
}

/// Checks a table of `faces` faces. Returns the frequency of each attribute in one line.
///
/// # Errors
///
/// If a line is wrong; the message names the first one.
pub fn check(table: &str, faces: usize) -> Result<String> {
    let mut lines = table.lines();
    let header = COLUMNS.iter().fold("file".to_owned(), |header, (name, _)| header + "," + name);
    ensure!(lines.next() == Some(&header), "labels.csv does not begin with {header}");
    let mut having = BTreeMap::new();
    let mut found = 0;
    for (index, line) in lines.enumerate() {
        let values: Vec<&str> = line.split(',').collect();
        let named = values[0] == file(index);
        let whole = values.len() == CELLS;
        ensure!(named && whole, "line {} of labels.csv is {line:?}", index + 2);
        for ((name, all), value) in COLUMNS.into_iter().zip(&values[1..]) {
            ensure!(all.contains(value), "line {} of labels.csv: {name} is {value:?}", index + 2);
            *having.entry((name, *value)).or_insert(0) += 1;
        }
        found = index + 1;
    }
    ensure!(found == faces, "labels.csv has {found} faces instead of {faces}");
    let percent = |name, value| {
        let count = having.get(&(name, value)).copied().unwrap_or(0);
        format!("{:.0} %", 100.0 * f64::from(count) / faces as f64)
    };
    let yes = |name: &'static str| format!("{name} {}", percent(name, "1"));
    Ok(format!(
        "{faces} faces: {}, {}, glasses light {} and dark {}, {}, {}",
        yes("smile"),
        yes("long_hair"),
        percent("glasses", "light"),
        percent("glasses", "dark"),
        yes("beard"),
        yes("hat"),
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    const TABLE: &str = "file,smile,long_hair,glasses,beard,hat,skin,hair\n\
                         00000.png,1,0,dark,0,0,7,sand\n\
                         00001.png,1,1,none,0,1,0,green\n";

    #[test]
    fn frequencies_are_counted() {
        let expected = "2 faces: smile 100 %, long_hair 50 %, glasses light 0 % and dark 50 %, \
                        beard 0 %, hat 50 %";
        assert_eq!(check(TABLE, 2).unwrap(), expected);
    }

    #[test]
    fn every_line_is_one_face_with_known_values() {
        let refusal = |from, to| check(&TABLE.replacen(from, to, 1), 2).unwrap_err().to_string();
        assert_eq!(refusal("dark", "blue"), "line 2 of labels.csv: glasses is \"blue\"");
        assert_eq!(refusal(",green", ",8"), "line 3 of labels.csv: hair is \"8\"");
        assert_eq!(refusal("00001", "1"), "line 3 of labels.csv is \"1.png,1,1,none,0,1,0,green\"");
        assert!(refusal(",sand", "").starts_with("line 2 of labels.csv is"));
        assert!(refusal("smile", "grin").starts_with("labels.csv does not begin with file,smile"));
        let few = check(TABLE, 3).unwrap_err().to_string();
        assert_eq!(few, "labels.csv has 2 faces instead of 3");
    }
}
