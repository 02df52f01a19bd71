//! Writes a file, from a draft of it (feature `writer`, needs std).

mod error;
mod field;
mod layer;
mod part;
mod weights;

pub use error::WriteError;
pub use layer::{DraftActivation, DraftLayer};
pub use part::DraftPart;

use super::{
    FormatError, MAGIC, VERSION, checksum, direction, header, layer as record, part as part_record,
};
use crate::model::Model;
use field::{byte, put, put_section, put_text};

/// The content of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The model's name, 1 to 32 bytes of UTF-8, without zeros.
    pub name: String,
    /// SHA-256 of the ONNX file.
    pub source: [u8; 32],
    /// The parts of the latent.
    pub latent: Vec<DraftPart>,
    /// Number of layers, from the first on, that are computed whole ([`Plan`](crate::plan::Plan)).
    pub whole: usize,
    /// The layers, from the latent to the picture.
    pub layers: Vec<DraftLayer>,
    /// Named latent directions: a name of 1 to 24 bytes, and one value per latent element.
    pub directions: Vec<(String, Vec<f32>)>,
}

impl Draft {
    /// The file's bytes, which [`Model::parse`] accepts.
    ///
    /// # Errors
    ///
    /// [`WriteError`], if the draft does not fit the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let latent_len = self.latent.iter().map(|part| part.len).sum();
        let mut tables = self.header(latent_len)?.to_vec();
        let tables_len = header::LEN
            + self.layers.len() * record::LEN
            + self.latent.len() * part_record::LEN
            + self.directions.len() * direction::LEN;
        // Room for the tables, which are complete when all sections are appended.
        let mut file = vec![0; tables_len];
        let mut input = [1, 1, latent_len];
        for (index, layer) in self.layers.iter().enumerate() {
            tables.extend(layer.record(index, input, &mut file)?);
            input = layer.output;
        }
        for part in &self.latent {
            tables.extend(part.record()?);
        }
        for (name, values) in &self.directions {
            if values.len() != latent_len {
                let value = values.len();
                return Err(WriteError::Field { what: "length of a direction", value });
            }
            let mut record = [0; direction::LEN];
            put_text(&mut record, direction::NAME, "length of a direction's name", name)?;
            let section: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            put_section(&mut file, &section, &mut record, direction::VALUES)?;
            tables.extend(record);
        }
        file[..tables_len].copy_from_slice(&tables);

        let length = file.len();
        put(&mut file, header::LENGTH, "length of the file", length)?;
        seal(&mut file);
        // The reader computes the plan, and its error says how much working memory the layers need.
        if let Err(FormatError::Memory { need, .. }) = Model::parse(&file).map(drop) {
            put(&mut file, header::MEMORY, "working memory", need)?;
            seal(&mut file);
        }
        Model::parse(&file)?;
        Ok(file)
    }

    /// The header, without length, checksum and working memory.
    fn header(&self, latent_len: usize) -> Result<[u8; header::LEN], WriteError> {
        let mut header = [0; header::LEN];
        header[header::MAGIC].copy_from_slice(&MAGIC);
        header[header::VERSION].copy_from_slice(&VERSION.to_le_bytes());
        header[header::LAYERS] = byte("number of layers", self.layers.len())?;
        header[header::DIRECTIONS] = byte("number of directions", self.directions.len())?;
        put(&mut header, header::LATENT_LEN, "latent length", latent_len)?;
        header[header::PARTS] = byte("number of parts", self.latent.len())?;
        header[header::WHOLE] = byte("number of layers computed whole", self.whole)?;
        put_text(&mut header, header::NAME, "length of the name", &self.name)?;
        header[header::SOURCE].copy_from_slice(&self.source);
        Ok(header)
    }
}

/// Updates the checksum of a changed file. Does nothing if `file` is shorter than a header.
pub fn seal(file: &mut [u8]) {
    if file.len() < header::LEN {
        return;
    }
    let checksum = checksum(file);
    file[header::CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
}
