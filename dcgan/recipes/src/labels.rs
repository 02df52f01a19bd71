//! `labels.csv` of the drawn sets: the attributes that each picture was drawn with.

use anyhow::{Result, ensure};

/// A column's name and its possible values.
pub type Column = (&'static str, &'static [&'static str]);

/// Name of the tables.
pub const FILE: &str = "labels.csv";

const NO_OR_YES: &[&str] = &["0", "1"];

/// The columns of the faces' tables, after the file name.
pub const FACES: &[Column] = &[
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

/// The columns of the cartoon heads' tables, after the file name.
pub const TOON: &[Column] = &[
    ("mouth", &["laugh", "angry", "agape", "smile", "sad"]),
    ("eyes", &["happy", "wide", "bow", "humble", "wink"]),
    ("eyebrows", &["raised", "angry", "happy", "sad", "neutral"]),
    ("hair", &["side_combed", "undercut", "spiky", "bun"]),
    ("rear_hair", &["none", "long_straight", "long_wavy", "shoulder_high", "neck_high"]),
    ("beard", &["none", "moustache", "full", "chin", "chin_moustache", "long"]),
    ("clothes", &["turtleneck", "open_jacket", "dress", "shirt", "t_shirt"]),
    ("skin", &["light", "tan", "brown", "dark"]),
    ("hair_color", &["black", "auburn", "ginger", "hazel", "blond"]),
    (
        "clothes_color",
        &["grey", "red", "blue", "green", "yellow", "purple", "pink", "orange", "black", "white"],
    ),
    ("background", &["lavender", "sky", "mint", "cream"]),
];

/// File name of the picture at `index`.
pub fn file(index: usize) -> String {
    format!("{index:05}.png")
}

fn header(columns: &[Column]) -> String {
    columns.iter().fold("file".to_owned(), |header, (name, _)| header + "," + name)
}

/// Checks a table of `count` pictures.
///
/// # Errors
///
/// If a line is wrong; the message names the first one.
pub fn check(table: &str, columns: &[Column], count: usize) -> Result<()> {
    let mut lines = table.lines();
    let header = header(columns);
    ensure!(lines.next() == Some(&header), "does not begin with {header}");
    let mut found = 0;
    for (index, line) in lines.enumerate() {
        let values: Vec<&str> = line.split(',').collect();
        let named = values[0] == file(index);
        let whole = values.len() == 1 + columns.len();
        ensure!(named && whole, "line {} is {line:?}", index + 2);
        for ((name, all), value) in columns.iter().zip(&values[1..]) {
            ensure!(all.contains(value), "line {}: {name} is {value:?}", index + 2);
        }
        found = index + 1;
    }
    ensure!(found == count, "has {found} pictures instead of {count}");
    Ok(())
}

/// A table of `count` pictures with the first value of each column.
#[cfg(test)]
pub fn table(columns: &[Column], count: usize) -> String {
    let values = columns.iter().fold(String::new(), |line, (_, all)| line + "," + all[0]);
    let lines = (0..count).map(|index| file(index) + &values);
    [header(columns)].into_iter().chain(lines).map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::{FACES, TOON, check, table};

    const TABLE: &str = "file,smile,long_hair,glasses,beard,hat,skin,hair\n\
                         00000.png,1,0,dark,0,0,7,sand\n\
                         00001.png,1,1,none,0,1,0,green\n";

    #[test]
    fn every_line_is_one_picture_with_known_values() {
        check(TABLE, FACES, 2).unwrap();
        let refusal =
            |from, to| check(&TABLE.replacen(from, to, 1), FACES, 2).unwrap_err().to_string();
        assert_eq!(refusal("dark", "blue"), "line 2: glasses is \"blue\"");
        assert_eq!(refusal(",green", ",8"), "line 3: hair is \"8\"");
        assert_eq!(refusal("00001", "1"), "line 3 is \"1.png,1,1,none,0,1,0,green\"");
        assert!(refusal(",sand", "").starts_with("line 2 is"));
        assert!(refusal("smile", "grin").starts_with("does not begin with file,smile"));
        let few = check(TABLE, FACES, 3).unwrap_err().to_string();
        assert_eq!(few, "has 2 pictures instead of 3");
    }

    #[test]
    fn a_trainer_takes_the_labels() {
        for columns in [FACES, TOON] {
            check(&table(columns, 3), columns, 3).unwrap();
            // The trainer's limit.
            assert!(columns.iter().all(|(_, all)| (2..=64).contains(&all.len())));
        }
    }
}
