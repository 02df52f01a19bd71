//! Reads idx, the format of MNIST's files: a shape, then bytes.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;

/// Reads the bytes of a file that must have the given shape: idx, or gzipped idx if the name ends in `.gz`.
///
/// # Errors
///
/// If the file is missing, of another type or shape, too short or too long.
pub fn read(path: &Path, shape: &[u32]) -> Result<Vec<u8>> {
    let open = || {
        let file = BufReader::new(File::open(path)?);
        match path.extension() {
            Some(extension) if extension == "gz" => parse(GzDecoder::new(file), shape),
            _ => parse(file, shape),
        }
    };
    open().with_context(|| format!("{}", path.display()))
}

fn parse(mut reader: impl Read, shape: &[u32]) -> Result<Vec<u8>> {
    // Type 8 is unsigned bytes.
    let mut wanted = vec![0, 0, 8, u8::try_from(shape.len())?];
    wanted.extend(shape.iter().flat_map(|size| size.to_be_bytes()));
    let mut header = vec![0; wanted.len()];
    reader.read_exact(&mut header).context("cut short within its header")?;
    ensure!(header == wanted, "not an idx file of {shape:?} bytes: it begins with {header:02x?}");
    let mut content = vec![0; shape.iter().map(|size| *size as usize).product()];
    reader.read_exact(&mut content).context("cut short")?;
    // For gzip, reading to the end also verifies the checksum.
    let rest = reader.read(&mut [0]).context("damaged at its end")?;
    ensure!(rest == 0, "goes on after {shape:?} bytes");
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::{parse, read};

    const FILE: [u8; 18] = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 7, 9];

    fn refusal(bytes: &[u8], shape: &[u32]) -> String {
        format!("{:#}", parse(bytes, shape).unwrap_err())
    }

    #[test]
    fn the_shape_is_what_is_asked_for() {
        assert_eq!(parse(&FILE[..], &[1, 2, 1]).unwrap(), [7, 9]);
        assert!(refusal(&FILE, &[2, 1, 1]).contains("not an idx file of [2, 1, 1] bytes"));
        assert!(refusal(&FILE, &[1]).contains("not an idx file of [1] bytes"));
        let mut floats = FILE;
        floats[2] = 0x0d;
        assert!(refusal(&floats, &[1, 2, 1]).contains("begins with [00, 00, 0d, 03,"));
    }

    #[test]
    fn the_length_is_that_of_the_shape() {
        let shape = [1, 2, 1];
        assert!(refusal(&FILE[..7], &shape).starts_with("cut short within its header"));
        assert!(refusal(&FILE[..17], &shape).starts_with("cut short:"));
        assert_eq!(refusal(&[&FILE[..], &[1]].concat(), &shape), "goes on after [1, 2, 1] bytes");
    }

    #[test]
    fn gzip_is_read_and_its_checksum_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pictures.gz");
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&FILE).unwrap();
        let mut bytes = gzip.finish().unwrap();
        fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path, &[1, 2, 1]).unwrap(), [7, 9]);
        let checksum = bytes.len() - 8;
        bytes[checksum] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = format!("{:#}", read(&path, &[1, 2, 1]).unwrap_err());
        assert!(error.contains("pictures.gz: damaged at its end"), "{error}");
    }
}
