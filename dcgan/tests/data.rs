//! Which data sets can be read, and the errors for those that cannot.

use std::fs;
use std::io::Write;
use std::path::Path;

use dcgan::data::{Attribute, Dataset, Reading};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use ndarray::{Array1, Array3, Array4};
use ndarray_npy::NpzWriter;
use tempfile::TempDir;

fn load(path: &Path) -> Result<Dataset, String> {
    load_as(path, &Reading::default())
}

fn load_as(path: &Path, reading: &Reading) -> Result<Dataset, String> {
    Dataset::load(path, reading).map_err(|error| format!("{error:#}"))
}

fn assert_refused(path: &Path, reading: &Reading, expected: &[&str]) {
    let error = load_as(path, reading).unwrap_err();
    assert!(expected.iter().all(|part| error.contains(part)), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

/// A grey PNG, a colour JPEG and a PNG with transparency; the last two are in a subdirectory.
fn pictures() -> TempDir {
    let directory = TempDir::new().unwrap();
    let place = |name: &str| directory.path().join(name);
    fs::create_dir(place("b")).unwrap();
    GrayImage::from_pixel(4, 4, Luma([100])).save(place("a.png")).unwrap();
    RgbImage::from_pixel(4, 4, Rgb([200, 0, 0]))
        .save_with_format(place("b/red.JPG"), ImageFormat::Jpeg)
        .unwrap();
    RgbaImage::from_fn(4, 4, |x, _| Rgba([0, 0, 255, if x == 0 { 0 } else { 255 }]))
        .save(place("b/blue.png"))
        .unwrap();
    fs::write(place("notes.txt"), "no picture").unwrap();
    directory
}

#[test]
fn a_directory() {
    let directory = pictures();
    let dataset = load(directory.path()).unwrap();
    assert_eq!((dataset.len(), dataset.channels, dataset.size), (3, 3, 4));
    assert_eq!(dataset.picture(0).pixels, [100; 48]);
    let blue = dataset.picture(1);
    assert_eq!(blue.plane(0)[..5], [255, 0, 0, 0, 255], "what shines through is white");
    assert_eq!(blue.plane(2), [255; 16]);
    let red = dataset.picture(2);
    assert!(red.plane(0).iter().all(|red| red.abs_diff(200) < 8), "{:?}", red.plane(0));
    assert!(dataset.attributes.is_empty());

    // Pictures to test on are not trained on, whatever else is called test.
    let test = directory.path().join("test");
    fs::create_dir(&test).unwrap();
    fs::copy(directory.path().join("a.png"), test.join("a.png")).unwrap();
    assert_eq!(load(directory.path()).unwrap().pixels, dataset.pixels);
    assert_eq!(load(&test).unwrap().len(), 1);
    fs::create_dir(directory.path().join("b/test")).unwrap();
    fs::copy(directory.path().join("a.png"), directory.path().join("b/test/a.png")).unwrap();
    assert_eq!(load(directory.path()).unwrap().len(), 4);
    fs::remove_dir_all(directory.path().join("b/test")).unwrap();

    let grey = Reading { channels: Some(1), ..Reading::default() };
    assert_eq!(load_as(directory.path(), &grey).unwrap().picture(0).pixels, [100; 16]);
    fs::remove_dir_all(directory.path().join("b")).unwrap();
    assert_eq!(load(directory.path()).unwrap().channels, 1);
    fs::remove_file(directory.path().join("a.png")).unwrap();
    let expected = ["all its pictures are in its subdirectory test"];
    assert_refused(directory.path(), &Reading::default(), &expected);
}

#[test]
fn labels() {
    let directory = pictures();
    let csv = directory.path().join("labels.csv");
    let lines = "file, colour, size\nb/red.JPG, warm, 1\na.png, none, 2\nblue.png, cold, 1\n";
    fs::write(&csv, lines).unwrap();
    let dataset = load(directory.path()).unwrap();
    let attribute = |name: &str, classes: &[&str], values: [usize; 3]| Attribute {
        name: name.to_owned(),
        classes: classes.iter().map(ToString::to_string).collect(),
        values: values.to_vec(),
    };
    assert_eq!(
        dataset.attributes,
        [
            attribute("colour", &["cold", "none", "warm"], [1, 0, 2]),
            attribute("size", &["1", "2"], [1, 0, 0]),
        ]
    );

    let refused = |text: &str, expected: &[&str]| {
        let other = directory.path().join("other.csv");
        fs::write(&other, text).unwrap();
        let reading = Reading { labels: Some(other), ..Reading::default() };
        assert_refused(directory.path(), &reading, expected);
    };
    refused("file,colour\na.png,none\n", &["other.csv: no line for the picture b/blue.png"]);
    refused("file\na.png\n", &["other.csv: needs a header"]);
    refused("file,colour\na.png\n", &["other.csv"]);
    refused("", &["other.csv: needs a header"]);
}

#[test]
fn pictures_that_differ_or_are_none() {
    let directory = pictures();
    let any = Reading::default();
    let extra = directory.path().join("c.png");
    GrayImage::from_fn(8, 6, |x, _| Luma([if x < 1 { 255 } else { 10 }])).save(&extra).unwrap();
    assert_refused(directory.path(), &any, &["c.png: 8×6, not 4×4", "--resize"]);
    let resize = Reading { resize: true, ..Reading::default() };
    let dataset = load_as(directory.path(), &resize).unwrap();
    assert_eq!(dataset.picture(3).pixels, [10; 48], "the margins are cropped");
    let size = Reading { size: Some(2), ..resize };
    assert_eq!(load_as(directory.path(), &size).unwrap().size, 2);

    fs::write(&extra, b"\x89PNG\r\n\x1a\nno more").unwrap();
    assert_refused(directory.path(), &any, &["c.png: damaged"]);
    fs::write(&extra, b"").unwrap();
    assert_refused(directory.path(), &any, &["c.png: damaged"]);

    let empty = TempDir::new().unwrap();
    assert_refused(empty.path(), &any, &["holds no .png, .jpg or .jpeg"]);
    assert_refused(&empty.path().join("none"), &any, &["none: there is no such file"]);
    fs::write(empty.path().join("x.tar"), "x").unwrap();
    assert_refused(&empty.path().join("x.tar"), &any, &["x.tar: not a directory, an idx file or"]);
}

fn idx(magic: u32, sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let numbers = [magic].into_iter().chain(sizes.iter().copied());
    numbers.flat_map(u32::to_be_bytes).chain(bytes.iter().copied()).collect()
}

#[test]
fn idx_files() {
    let parent = TempDir::new().unwrap();
    // Only the names of the files tell training from testing.
    let directory = parent.path().join("training");
    fs::create_dir(&directory).unwrap();
    let place = |name: &str| directory.join(name);
    let pixels: Vec<u8> = (0..12).collect();
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(&idx(0x0803, &[3, 2, 2], &pixels)).unwrap();
    let zipped = gz.finish().unwrap();
    fs::write(place("train-images-idx3-ubyte.gz"), &zipped).unwrap();
    let labels = place("train-labels-idx1-ubyte.gz");
    fs::write(&labels, idx(0x0801, &[3], &[2, 0, 2])).unwrap();
    let test = place("t10k-images-idx3-ubyte");
    fs::write(&test, idx(0x0803, &[1, 2, 2], &pixels[..4])).unwrap();

    let dataset = load(&directory).unwrap();
    assert_eq!((dataset.len(), dataset.channels, dataset.size), (3, 1, 2));
    assert_eq!(dataset.picture(1).pixels, [4, 5, 6, 7]);
    assert_eq!(dataset.attributes[0].classes, ["0", "1", "2"]);
    assert_eq!(dataset.attributes[0].values, [2, 0, 2]);
    let alone = load(&test).unwrap();
    assert_eq!((alone.len(), alone.attributes.len()), (1, 0));

    let any = Reading::default();
    fs::write(&labels, idx(0x0801, &[2], &[2, 0])).unwrap();
    assert_refused(&directory, &any, &["idx1-ubyte.gz: 2 labels for 3 pictures"]);
    fs::write(place("train-images-idx3-ubyte.gz"), &zipped[..zipped.len() - 9]).unwrap();
    assert_refused(&directory, &any, &["idx3-ubyte.gz: damaged gzip"]);
    fs::rename(place("train-images-idx3-ubyte.gz"), place("a-images-idx3-ubyte.gz")).unwrap();
    let several = "training: several idx3 files, none with \"train\" in its name";
    assert_refused(&directory, &any, &[several, "pass one of them to --data"]);
    for (bytes, expected) in [
        (idx(0x0803, &[1, 2, 2], &pixels[..3]), "t10k-images-idx3-ubyte: 3 bytes after the header"),
        (idx(0x0803, &[u32::MAX, u32::MAX, u32::MAX], &[]), "0 bytes after the header"),
        (idx(0x0803, &[0, 2, 2], &[]), "holds no pictures"),
        (
            idx(0x0801, &[4], &pixels[..4]),
            "begins with 0x00000801; an idx file of 3 dimensions begins with 0x00000803",
        ),
        (vec![0, 0, 8, 3, 0], "ends in its header"),
        (vec![], "begins with nothing"),
    ] {
        fs::write(&test, bytes).unwrap();
        assert_refused(&test, &any, &[expected]);
    }
}

#[test]
fn npz_files() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("data.npz");
    let write = |fill: &dyn Fn(&mut NpzWriter<fs::File>)| {
        let mut npz = NpzWriter::new_compressed(fs::File::create(&path).unwrap());
        fill(&mut npz);
        npz.finish().unwrap();
    };
    let colours =
        Array4::from_shape_fn((2, 2, 2, 3), |(n, y, x, c)| (12 * n + 6 * y + 3 * x + c) as u8);
    write(&|npz| {
        npz.add_array("x_train", &colours).unwrap();
        npz.add_array("y_train", &Array1::from(vec![1_i64, 0])).unwrap();
    });
    let dataset = load(&path).unwrap();
    assert_eq!((dataset.len(), dataset.channels, &*dataset.name), (2, 3, "data"));
    assert_eq!(dataset.picture(0).plane(1), [1, 4, 7, 10]);
    assert_eq!(dataset.attributes[0].values, [1, 0]);
    write(&|npz| {
        npz.add_array("images", &Array3::<u8>::zeros((5, 2, 2))).unwrap();
        npz.add_array("labels", &Array1::from(vec![1_u8, 0, 0, 0, 0])).unwrap();
    });
    assert_eq!(load(&path).unwrap().attributes[0].values, [1, 0, 0, 0, 0]);

    let refused = |fill: &dyn Fn(&mut NpzWriter<fs::File>), expected: &str| {
        write(fill);
        assert_refused(&path, &Reading::default(), &["data.npz: ", expected]);
    };
    refused(&|npz| npz.add_array("z", &colours).unwrap(), "no array of pictures");
    refused(&|npz| npz.add_array("x", &Array1::from(vec![1_u8])).unwrap(), "of shape [1]");
    refused(
        &|npz| npz.add_array("x", &Array3::<f32>::zeros((1, 2, 2))).unwrap(),
        "must be complete and uint8",
    );
    refused(
        &|npz| npz.add_array("x", &Array3::<u8>::zeros((0, 2, 2))).unwrap(),
        "holds no pictures",
    );
    refused(
        &|npz| {
            npz.add_array("x", &colours).unwrap();
            npz.add_array("y", &Array1::from(vec![1_i64])).unwrap();
        },
        "one number from 0 to 999 for each of 2",
    );
    fs::write(&path, b"PK\x03\x04").unwrap();
    assert_refused(&path, &Reading::default(), &["data.npz: damaged .npz"]);
}
