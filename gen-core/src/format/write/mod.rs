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
use field::{byte, put_section, put_text, put_u16, put_u32, shift};

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
    /// [`WriteError`], if the draft does not fit the format.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let parts = header::LEN + self.layers.len() * record::LEN;
        let directions = parts + self.latent.len() * part_record::LEN;
        let latent_len = self.latent.iter().map(|part| part.len).sum();
        let mut file = vec![0; directions + self.directions.len() * direction::LEN];
        file[header::MAGIC].copy_from_slice(&MAGIC);
        file[header::VERSION].copy_from_slice(&VERSION.to_le_bytes());
        file[header::LAYERS] = byte("number of layers", self.layers.len())?;
        file[header::DIRECTIONS] = byte("number of directions", self.directions.len())?;
        put_u16(&mut file, header::LATENT_LEN, "latent length", latent_len)?;
        file[header::PARTS] = byte("number of parts", self.latent.len())?;
        file[header::WHOLE] = byte("number of layers computed whole", self.whole)?;
        put_text(&mut file, header::NAME, "length of the name", &self.name)?;
        file[header::SOURCE].copy_from_slice(&self.source);

        for (index, part) in self.latent.iter().enumerate() {
            part.write(&mut file, parts + index * part_record::LEN)?;
        }
        let mut input = [1, 1, latent_len];
        for (index, draft) in self.layers.iter().enumerate() {
            draft.write(index, input, &mut file)?;
            input = draft.output;
        }
        for (index, (name, values)) in self.directions.iter().enumerate() {
            let at = directions + index * direction::LEN;
            if values.len() != latent_len {
                let value = values.len();
                return Err(WriteError::Field { what: "length of a direction", value });
            }
            put_text(&mut file, shift(direction::NAME, at), "length of a direction's name", name)?;
            let section = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            put_section(&mut file, shift(direction::VALUES, at), section)?;
        }

        let length = file.len();
        put_u32(&mut file, header::LENGTH, "length of the file", length)?;
        seal(&mut file);
        // The reader computes the plan, and its error says how much working memory the layers need.
        if let Err(FormatError::Memory { need, .. }) = Model::parse(&file).map(drop) {
            put_u32(&mut file, header::MEMORY, "working memory", need)?;
            seal(&mut file);
        }
        Model::parse(&file).map_err(WriteError::Invalid)?;
        Ok(file)
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
