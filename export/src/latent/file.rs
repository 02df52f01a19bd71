//! Reads latents from a NumPy file.

use crate::file::{self, npz};
use anyhow::{Context, Result, anyhow, bail, ensure};
use ndarray::{ArrayD, ArrayViewD, Dimension};
use ndarray_npy::{ViewNpyError, ViewNpyExt};
use std::borrow::Cow;
use std::path::Path;

/// Maximum number of bytes that are unpacked from a `.npz`: enough for 100,000 latents of 512 elements.
const UNZIP_LIMIT: u64 = 1 << 28;

/// Latents of `len` elements from a `.npy` of shape `[n, len]` (or `[n, len, 1, 1]`), float32 or
/// float64, or from the array `z` of a `.npz`.
///
/// # Errors
/// If the file can't be read, its shape or type is another, or a number isn't finite.
pub fn read(path: &Path, len: usize) -> Result<Vec<Vec<f32>>> {
    let array = decode(&file::read(path)?).with_context(|| path.display().to_string())?;
    let shape = array.shape();
    ensure!(
        shape.len() >= 2 && shape[0] > 0 && shape[1] == len && shape[2..].iter().all(|&s| s == 1),
        "{}: latents of shape {shape:?}, the model takes [n, {len}]",
        path.display()
    );
    if let Some((at, bad)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
        let at = at.slice().to_vec();
        bail!("{}: {bad} at {at:?}: latents must be finite", path.display());
    }
    let values: Vec<f32> = array.iter().copied().collect();
    Ok(values.chunks_exact(len).map(<[f32]>::to_vec).collect())
}

/// The array of latents in `bytes`, a `.npy` or `.npz`, in float32.
fn decode(bytes: &[u8]) -> Result<ArrayD<f32>> {
    let bytes = if bytes.starts_with(b"PK") {
        Cow::Owned(npz::array(bytes, "z", UNZIP_LIMIT, "take fewer latents, or a .npy file")?)
    } else {
        Cow::Borrowed(bytes)
    };
    ensure!(bytes.starts_with(b"\x93NUMPY"), "not a .npy file");
    // Views allocate nothing, whatever size the header claims.
    let view = match ArrayViewD::<f32>::view_npy(&bytes) {
        Ok(view) => return Ok(view.to_owned()),
        Err(ViewNpyError::WrongDescriptor(_)) => ArrayViewD::<f64>::view_npy(&bytes),
        Err(error) => Err(error),
    };
    let view = view.map_err(|error| {
        anyhow!("latents must be float32 or float64, little-endian and complete: {error}")
    })?;
    Ok(view.mapv(|value| value as f32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array4, ShapeBuilder};
    use ndarray_npy::{NpzWriter, WriteNpyExt};
    use std::io::{Cursor, Write};
    use zip::{ZipWriter, write::SimpleFileOptions};

    /// Calls `read` on a file of `bytes`, for latents of 3 elements.
    fn read_bytes(bytes: &[u8]) -> Result<Vec<Vec<f32>>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("z.npy");
        std::fs::write(&path, bytes).unwrap();
        read(&path, 3).map_err(|error| format!("{error:#}"))
    }

    fn npy(array: &impl WriteNpyExt) -> Vec<u8> {
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).unwrap();
        bytes
    }

    /// An archive of one file.
    fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn arrays_of_both_types_and_orders_are_read() {
        let expected = vec![vec![0.0, 1.0, 2.0], vec![3.0, 4.0, 5.0]];
        let values = |i: usize, j: usize| (3 * i + j) as f32;
        let plain = Array2::from_shape_fn((2, 3), |(i, j)| values(i, j));
        assert_eq!(read_bytes(&npy(&plain)).unwrap(), expected);
        assert_eq!(read_bytes(&npy(&plain.mapv(f64::from))).unwrap(), expected);
        let columns = Array2::from_shape_fn((2, 3).f(), |(i, j)| values(i, j));
        assert_eq!(read_bytes(&npy(&columns)).unwrap(), expected);
        let maps = Array4::from_shape_fn((2, 3, 1, 1), |(i, j, ..)| values(i, j));
        assert_eq!(read_bytes(&npy(&maps)).unwrap(), expected);
        let mut archive = Cursor::new(Vec::new());
        let mut npz = NpzWriter::new_compressed(&mut archive);
        npz.add_array("z", &plain).unwrap();
        npz.finish().unwrap();
        assert_eq!(read_bytes(archive.get_ref()).unwrap(), expected);
        assert_eq!(read_bytes(&zipped("z.npy", &npy(&plain.mapv(f64::from)))).unwrap(), expected);
    }

    #[test]
    fn everything_else_is_refused() {
        let refused = |bytes: &[u8], expected: &str| {
            let error = read_bytes(bytes).unwrap_err();
            assert!(error.contains("z.npy") && error.contains(expected), "{error}");
        };
        let good = npy(&Array2::<f32>::zeros((2, 3)));
        refused(&npy(&Array2::<f32>::zeros((2, 4))), "shape [2, 4], the model takes [n, 3]");
        refused(&npy(&Array2::<f32>::zeros((0, 3))), "shape [0, 3]");
        refused(&npy(&Array2::<i32>::zeros((2, 3))), "float32 or float64");
        refused(&npy(&Array2::from_elem((2, 3), f32::NAN)), "NaN at [0, 0]");
        refused(&npy(&Array2::from_elem((2, 3), 1e300)), "inf at [0, 0]");
        refused(&good[..good.len() - 1], "missing 1 bytes");
        refused(b"hello", "not a .npy file");
        refused(b"PK\x03\x04hello", "damaged .npz file");
        // The header, of the same length, claims far more elements than fit in memory.
        let begin = good.windows(6).position(|window| window == b"(2, 3)").unwrap();
        let end = good.iter().position(|&byte| byte == b'\n').unwrap();
        let claim = format!("{:<1$}", "(400000000000000000, 3)}", end - begin);
        let mut huge = good.clone();
        huge[begin..end].copy_from_slice(claim.as_bytes());
        refused(&huge, "float32 or float64, little-endian and complete");
        refused(&zipped("z.npy", &huge), "float32 or float64, little-endian and complete");
        refused(&zipped("x.npy", &good), "no array \"z\"");
        refused(&zipped("z.npy", &vec![0; UNZIP_LIMIT as usize + 1]), "take fewer latents");
    }
}
