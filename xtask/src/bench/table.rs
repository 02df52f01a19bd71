//! Formats records as Markdown tables.

use std::borrow::Borrow;

use boards::CORES;
use boards::record::Record;
use output::number::grouped;

/// Two tables: instructions, and bytes. Records must be in the order of [`super::sort`].
pub fn tables(records: &[Record]) -> String {
    let mut cores = Vec::from(CORES.map(|core| core.name));
    cores.retain(|name| records.iter().any(|record| record.core == *name));
    let mut text = String::from(
        "Instructions per picture, in brackets per useful MAC. M0+ is ARMv6-M code on an \
         emulated\nCortex-M3, which runs it unchanged.\n\n",
    );
    text += &row(&[&["model", "layer", "useful MACs"], &cores[..]].concat());
    text += &row(&[&["---", "---"], &vec!["---:"; cores.len() + 1][..]].concat());
    for (index, record) in records.iter().enumerate() {
        let same = |it: &&Record| (&it.model, it.layer) == (&record.model, record.layer);
        if records[..index].iter().any(|it| same(&it)) {
            continue;
        }
        let mut cells =
            vec![record.model.clone(), record.layer.to_string(), grouped(record.useful_macs)];
        cells.extend(cores.iter().map(|core| {
            let of_core = records.iter().filter(same).find(|it| it.core == *core);
            of_core.map_or_else(String::new, |it| {
                format!("{} ({:.2})", grouped(it.instructions), it.per_mac())
            })
        }));
        text += &row(&cells);
    }

    text += "\nBytes, and the CRC-32 of the picture of seed 1.\n\n";
    text +=
        &row(&["core", "model", "working memory", "stack", "gen-core", "code", "model", "picture"]);
    text += &row(&["---", "---", "---:", "---:", "---:", "---:", "---:", "---"]);
    for record in records {
        let Some(whole) = &record.whole else { continue };
        let [memory, stack, engine, code, file] =
            [whole.working_memory, whole.stack, whole.engine, whole.code, whole.file].map(grouped);
        let (core, model, picture) = (&*record.core, &*record.model, &*whole.picture);
        text += &row(&[core, model, &memory, &stack, &engine, &code, &file, picture]);
    }
    text
}

fn row<C: Borrow<str>>(cells: &[C]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::super::network::network;
    use super::tables;

    #[test]
    fn a_core_is_a_column() {
        let mut records = Vec::from(network("M0+", "faces", 2500));
        records.extend(network("M3", "faces", 1500));
        records.extend(network("M3", "fashion", 12_345));
        let tables = tables(&records);
        let (instructions, bytes) = tables.split_once("\nBytes").unwrap();
        let rows: Vec<&str> = instructions.lines().filter(|line| line.starts_with('|')).collect();
        let expected = [
            "| model | layer | useful MACs | M0+ | M3 |",
            "| --- | --- | ---: | ---: | ---: |",
            "| faces | 0 | 1,000 | 2,500 (2.50) | 1,500 (1.50) |",
            "| faces | all | 1,000 | 2,500 (2.50) | 1,500 (1.50) |",
            "| fashion | 0 | 1,000 |  | 12,345 (12.35) |",
            "| fashion | all | 1,000 |  | 12,345 (12.35) |",
        ];
        assert_eq!(rows, expected);
        let last = "| M3 | fashion | 2,048 | 300 | 12,000 | 20,000 | 150,000 | 00c0ffee |";
        assert_eq!(bytes.lines().last(), Some(last));
    }
}
