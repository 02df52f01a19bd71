//! Formats records as Markdown tables.

use boards::CORES;
use boards::record::{Layer, Record};
use output::number::grouped;

/// Two tables: instructions, and bytes. Records must be in the order of [`super::sort`].
pub fn tables(records: &[Record]) -> String {
    let cores: Vec<&str> = CORES
        .iter()
        .map(|core| core.name)
        .filter(|name| records.iter().any(|record| record.core == *name))
        .collect();
    let mut text = String::from(
        "Instructions per picture, in brackets per useful MAC. M0+ is ARMv6-M code on an \
         emulated\nCortex-M3, which runs it unchanged.\n\n",
    );
    row(&mut text, ["model", "layer", "useful MACs"].into_iter().chain(cores.iter().copied()));
    row(&mut text, ["---", "---"].into_iter().chain(std::iter::repeat_n("---:", cores.len() + 1)));
    let mut seen: Vec<(&str, Layer)> = Vec::new();
    for record in records {
        if seen.contains(&(&record.model, record.layer)) {
            continue;
        }
        seen.push((&record.model, record.layer));
        let mut cells =
            vec![record.model.clone(), record.layer.to_string(), grouped(record.useful_macs)];
        cells.extend(cores.iter().map(|core| {
            let same = |other: &&Record| {
                (other.model == record.model)
                    && (other.layer == record.layer)
                    && other.core == *core
            };
            records.iter().find(same).map_or_else(String::new, instructions)
        }));
        row(&mut text, cells.iter().map(String::as_str));
    }

    text.push_str("\nBytes, and the CRC-32 of the picture of seed 1.\n\n");
    row(
        &mut text,
        ["core", "model", "working memory", "stack", "gen-core", "code", "model", "picture"],
    );
    row(&mut text, ["---", "---", "---:", "---:", "---:", "---:", "---:", "---"]);
    for record in records {
        let Some(whole) = &record.whole else { continue };
        let [memory, stack, engine, code, file] =
            [whole.working_memory, whole.stack, whole.engine, whole.code, whole.file].map(grouped);
        let (core, model, picture) = (&*record.core, &*record.model, &*whole.picture);
        row(&mut text, [core, model, &memory, &stack, &engine, &code, &file, picture]);
    }
    text
}

fn instructions(record: &Record) -> String {
    format!("{} ({:.2})", grouped(record.instructions), record.per_mac())
}

fn row<'c>(text: &mut String, cells: impl IntoIterator<Item = &'c str>) {
    for cell in cells {
        text.push_str("| ");
        text.push_str(cell);
        text.push(' ');
    }
    text.push_str("|\n");
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
