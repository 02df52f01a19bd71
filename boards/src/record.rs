//! What the bench measured on emulated cores, and its file format: `bench.json`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;

/// The content of `bench.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurements {
    /// The compiler's name and version. Another one changes instructions, stack and code, but no picture.
    pub compiler: String,
    /// The emulators' names and versions.
    pub emulator: String,
    /// What was measured.
    pub records: Vec<Record>,
}

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

    /// The layer's index; `None` for the whole network.
    pub(crate) fn index(self) -> Option<usize> {
        match self {
            Self::Index(index) => Some(index),
            Self::All(_) => None,
        }
    }
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

/// The accepted measurements: `bench.json`.
///
/// # Panics
///
/// If the file was not written by [`Measurements::to_json`]; tests exclude that.
pub fn accepted() -> Measurements {
    serde_json::from_str(include_str!("../bench.json")).expect("`cargo xtask bench` wrote it")
}

impl Measurements {
    /// A sentence with the versions of compiler and emulator.
    pub fn versions(&self) -> String {
        format!("Measured with {} and {}.", self.compiler, self.emulator)
    }

    /// Encodes the measurements as JSON, a record per line, so that a diff shows which ones changed.
    ///
    /// # Errors
    ///
    /// None are known.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let (compiler, emulator) = (json!(self.compiler), json!(self.emulator));
        let head = format!("\"compiler\":{compiler},\n\"emulator\":{emulator},\n\"records\":[");
        let records = self.records.iter().map(serde_json::to_string);
        let records = records.collect::<Result<Vec<_>, _>>()?.join(",\n");
        Ok(format!("{{\n{head}\n{records}\n]\n}}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Layer, Measurements, Record, Whole, accepted};

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
        let measurements = Measurements {
            compiler: "rustc 1".into(),
            emulator: "QEMU 2".into(),
            records: vec![record(Layer::Index(0), None), record(Layer::ALL, Some(whole))],
        };
        let text = measurements.to_json().unwrap();
        let expected = r#"{
"compiler":"rustc 1",
"emulator":"QEMU 2",
"records":[
{"core":"M3","model":"faces","layer":0,"instructions":1500,"useful_macs":1000},
{"core":"M3","model":"faces","layer":"all","instructions":1500,"useful_macs":1000,"picture":"00c0ffee","working_memory":2048,"stack":300,"engine":12000,"code":20000,"file":150000}
]
}
"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Measurements>(&text).unwrap(), measurements);
    }

    #[test]
    fn the_accepted_records_are_read_and_written_back() {
        assert_eq!(accepted().to_json().unwrap(), include_str!("../bench.json"));
    }
}
