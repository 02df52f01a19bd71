//! What the bench measured on emulated cores, and its file format: `bench.json`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Measurements of one layer, or of a whole network, for one picture on one core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The core's name.
    pub core: String,
    /// The model's name.
    pub model: String,
    /// The layer, or all layers.
    pub layer: Layer,
    /// Instructions executed. For a single layer the figure includes the measuring itself and is exact only
    /// to a tick of the clock for each of its rows: 31 to 50 instructions, on RISC-V 1.
    pub instructions: u64,
    /// Multiply-accumulate operations whose result lands in the output.
    pub useful_macs: u64,
    /// Figures that only a whole network has.
    #[serde(flatten)]
    pub whole: Option<Whole>,
}

/// Which part of a network a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Layer {
    /// One layer, counted from 0.
    Index(usize),
    /// The whole network.
    All(All),
}

/// The word for the whole network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum All {
    /// `"all"`.
    All,
}

/// Figures of a whole network on a core, in bytes except for the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// CRC-32 of the picture of seed 1.
    pub picture: String,
    /// The engine's working memory.
    pub working_memory: u64,
    /// Largest depth of the stack, below the frame that starts the drawing.
    pub stack: u64,
    /// Flash of gen-core's own functions, except those for latents.
    pub engine: u64,
    /// Flash of gen-core with its constants, inlined code and what it needs from other crates.
    pub code: u64,
    /// Flash of the model, that is, the size of its file.
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
    /// Whether both records are of the same layer, model and core.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.core, &self.model, self.layer) == (&other.core, &other.model, other.layer)
    }

    /// Instructions per useful MAC.
    pub fn per_mac(&self) -> f64 {
        self.instructions as f64 / self.useful_macs as f64
    }
}

/// The accepted records of `bench.json`.
///
/// # Panics
///
/// If the file was not written by [`to_json`]; tests exclude that.
pub fn accepted() -> Vec<Record> {
    serde_json::from_str(include_str!("../bench.json")).expect("`cargo xtask bench` wrote it")
}

/// Encodes records as JSON, one per line, so that a diff shows which ones changed.
///
/// # Errors
///
/// None are known.
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
