//! What the bench measured on emulated cores, and how it is written down: `bench.json`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A layer, or a whole network, drawing one picture on a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The core's name.
    pub core: String,
    /// The model's name.
    pub model: String,
    /// Which layer.
    pub layer: Layer,
    /// Instructions executed. Of a layer within a tick of the clock, 31 to 50 (of RISC-V: 1), for each
    /// of its rows, and with what it takes to measure them.
    pub instructions: u64,
    /// Products that land in the output.
    pub useful_macs: u64,
    /// What only the whole network has.
    #[serde(flatten)]
    pub whole: Option<Whole>,
}

/// A layer of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Layer {
    /// One, from 0.
    Index(usize),
    /// All of them.
    All(All),
}

/// The word for all layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum All {
    /// `"all"`.
    All,
}

/// What is known of a whole network on a core. Bytes, but for the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// The picture's CRC-32.
    pub picture: String,
    /// Working memory of the engine.
    pub working_memory: u64,
    /// Stack at its deepest, below the caller of the drawing.
    pub stack: u64,
    /// Flash of gen-core's own functions.
    pub engine: u64,
    /// Flash of gen-core's code, with what it needs of other crates and its constants.
    pub code: u64,
    /// Flash of the model: its file.
    pub file: u64,
}

impl Layer {
    /// All layers.
    pub const ALL: Self = Self::All(All::All);
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::All(_) => f.write_str("all"),
        }
    }
}

impl Record {
    /// Whether both are of the same layer on the same core.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.core, &self.model, self.layer) == (&other.core, &other.model, other.layer)
    }

    /// Instructions for each useful MAC.
    pub fn per_mac(&self) -> f64 {
        self.instructions as f64 / self.useful_macs as f64
    }
}

/// The records of `bench.json`: the figures as they were accepted.
///
/// # Panics
///
/// If the file was not written by [`to_json`], which the tests would say.
pub fn accepted() -> Vec<Record> {
    serde_json::from_str(include_str!("../bench.json")).expect("`cargo xtask bench` wrote it")
}

/// JSON with a record a line, so that a change shows what it changes.
///
/// # Errors
///
/// None that is known.
pub fn to_json(records: &[Record]) -> Result<String, serde_json::Error> {
    let lines: Vec<String> = records.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

#[cfg(test)]
mod tests {
    use super::{Layer, Record, Whole, accepted, to_json};

    #[test]
    fn json_is_read_back() {
        let record = |layer, whole| Record {
            core: "M3".into(),
            model: "faces".into(),
            layer,
            instructions: 1500,
            useful_macs: 1000,
            whole,
        };
        let whole = Whole {
            picture: "00c0ffee".into(),
            working_memory: 2048,
            stack: 300,
            engine: 12_000,
            code: 20_000,
            file: 150_000,
        };
        let records = [record(Layer::Index(0), None), record(Layer::ALL, Some(whole))];
        let text = to_json(&records).unwrap();
        let expected = r#"[
{"core":"M3","model":"faces","layer":0,"instructions":1500,"useful_macs":1000},
{"core":"M3","model":"faces","layer":"all","instructions":1500,"useful_macs":1000,"picture":"00c0ffee","working_memory":2048,"stack":300,"engine":12000,"code":20000,"file":150000}
]
"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Vec<Record>>(&text).unwrap(), records);
    }

    #[test]
    fn the_accepted_records_are_read_and_written_back() {
        assert_eq!(to_json(&accepted()).unwrap(), include_str!("../bench.json"));
    }
}
