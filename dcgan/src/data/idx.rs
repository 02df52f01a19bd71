//! Reads idx files, the format of MNIST and data sets like it: a magic number, sizes, bytes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;

use super::{Attribute, Found};

/// Magic number of unsigned bytes in 1 dimension: labels. Big-endian, like the sizes.
const LABELS: u32 = 0x0801;
/// Magic number of unsigned bytes in 3 dimensions: pictures.
const PICTURES: u32 = 0x0803;
/// Most bytes that a gzipped file may unpack to.
const LIMIT: u64 = 1 << 31;

/// Path of the idx file of pictures: `path` itself, or the file of training pictures in the directory `path`;
/// `None` if there is none.
pub(super) fn find(path: &Path) -> Result<Option<PathBuf>> {
    let named = |path: &Path, part: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().contains(part))
    };
    let pictures = |path: &Path| named(path, "idx3-ubyte") || named(path, "idx3.ubyte");
    if !path.is_dir() {
        return Ok(pictures(path).then(|| path.to_owned()));
    }
    let listing =
        fs::read_dir(path).with_context(|| format!("{}: cannot be listed", path.display()))?;
    let mut files: Vec<PathBuf> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| pictures(file));
    files.sort();
    // A data set has one file for training and one for testing: take the one for training.
    let train = files.iter().position(|file| named(file, "train"));
    Ok(match (files.len(), train) {
        (0, _) => None,
        (_, Some(train)) => Some(files.swap_remove(train)),
        (1, None) => files.pop(),
        _ => bail!(
            "{}: several idx3 files, none with \"train\" in its name: pass one of them to --data",
            path.display()
        ),
    })
}

/// Reads the pictures of `path`, and the labels of the file beside it whose name differs only in the kind of
/// content.
pub(super) fn read(path: &Path) -> Result<Found> {
    let bytes = unpacked(path)?;
    let (sizes, pixels) = parse::<3>(path, &bytes, PICTURES)?;
    let [count, rows, columns] = sizes;
    ensure!(count > 0 && rows > 0 && columns > 0, "{}: holds no pictures", path.display());
    let name = path.display().to_string();
    let pictures = super::pictures(&name, [rows, columns, 1], pixels).context(name)?;

    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(name.replace("images", "labels").replace("idx3", "idx1"));
    let mut attributes = Vec::new();
    if beside != path && beside.is_file() {
        let bytes = unpacked(&beside)?;
        let ([labels], values) = parse::<1>(&beside, &bytes, LABELS)?;
        ensure!(labels == count, "{}: {labels} labels for {count} pictures", beside.display());
        attributes.push(Attribute::numbered(values.iter().map(|&value| value.into()).collect()));
    }
    Ok(Found { pictures, attributes })
}

impl Attribute {
    /// An attribute named "label" whose classes are the numbers themselves.
    pub(super) fn numbered(values: Vec<usize>) -> Self {
        let count = values.iter().max().map_or(0, |most| most + 1);
        let classes = (0..count).map(|class| class.to_string()).collect();
        Self { name: "label".to_owned(), classes, values }
    }
}

fn unpacked(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = GzDecoder::new(&*bytes).take(LIMIT + 1).read_to_end(&mut unpacked);
    read.with_context(|| format!("{}: damaged gzip", path.display()))?;
    ensure!(unpacked.len() as u64 <= LIMIT, "{}: more than {LIMIT} bytes", path.display());
    Ok(unpacked)
}

/// The `D` sizes in the header and the bytes that follow it.
fn parse<'a, const D: usize>(
    path: &Path,
    bytes: &'a [u8],
    magic: u32,
) -> Result<([usize; D], &'a [u8])> {
    let file = path.display();
    let number = |index: usize| -> Option<u32> {
        let bytes = bytes.get(4 * index..4 * index + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let found = number(0).map_or("nothing".to_owned(), |found| format!("{found:#010x}"));
    ensure!(
        number(0) == Some(magic),
        "{file}: begins with {found}; an idx file of {D} dimensions begins with {magic:#010x}"
    );
    let mut sizes = [0; D];
    for (index, size) in sizes.iter_mut().enumerate() {
        *size = number(index + 1).with_context(|| format!("{file}: ends in its header"))? as usize;
    }
    let have = bytes.len() - 4 * (D + 1);
    let need = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    ensure!(
        need == Some(have),
        "{file}: {have} bytes after the header, which says {sizes:?}: incomplete?"
    );
    Ok((sizes, &bytes[4 * (D + 1)..]))
}
