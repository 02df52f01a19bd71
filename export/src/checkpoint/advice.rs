//! What a person can do about a checkpoint that does not prove what it is: options, and the way by Python.

use crate::checkpoint::choice::Chosen;
use crate::checkpoint::key::Part;
use crate::checkpoint::reading::Subject;
use crate::checkpoint::settings::{Labels, Settings};
use std::path::Path;

/// The text behind the table of a generator that was converted.
pub(super) fn look(part: &Part, chosen: &Chosen, files: [&Path; 2]) -> String {
    let [_, out] = files;
    format!(
        "Look at {}. If the pictures are wrong, export the ONNX from your own class:\n{}",
        out.with_extension("look.png").display(),
        python(part, chosen, files)
    )
}

/// The text behind the table of a generator whose file leaves doubts.
pub(super) fn unproved(
    part: &Part,
    subject: &Subject,
    chosen: &Chosen,
    files: [&Path; 2],
) -> String {
    let mut text = String::from("not converted, for the file does not prove it:\n");
    for doubt in &chosen.doubts {
        text += &format!("- {doubt}\n");
    }
    let command = |settings: &Settings, more: &str| {
        let [file, out] = files.map(quoted);
        let key = subject.given.key.as_ref().map_or(String::new(), |key| format!(" --key {key}"));
        let options = subject.given.or(settings).options();
        format!("    export onnx {file} -o {out}{key}{options}{more}\n")
    };
    if chosen.others.is_empty() {
        text += "To convert it as above and look at its pictures:\n";
        text += &command(&Settings::default(), " --assume");
    } else {
        text += "To convert one of the readings and look at its pictures:\n";
        let readings = std::iter::once(&chosen.reading).chain(&chosen.others);
        readings.for_each(|reading| text += &command(&reading.choice, ""));
    }
    text += "The sure way is to export the ONNX from your own class:\n";
    text + &python(part, chosen, files)
}

/// The three lines of Python that export the ONNX, with the input's shape.
fn python(part: &Part, chosen: &Chosen, [file, out]: [&Path; 2]) -> String {
    let architecture = &chosen.architecture;
    let key: String =
        part.key.split('.').filter(|it| !it.is_empty()).map(|it| format!("[\"{it}\"]")).collect();
    let dense = architecture.layers.first().is_none_or(|layer| layer.geometry.is_none());
    let noise = architecture.noise;
    let (inputs, names) = match architecture.labels {
        Labels::None if dense => (format!("torch.randn(1, {noise})"), "\"z\""),
        Labels::None => (format!("torch.randn(1, {noise}, 1, 1)"), "\"z\""),
        Labels::Joined(_) if !dense => (
            format!("(torch.randn(1, {noise}, 1, 1), torch.eye(10)[:1, :, None, None])"),
            "\"z\", \"label\"",
        ),
        _ => (format!("(torch.randn(1, {noise}), torch.tensor([0]))"), "\"z\", \"label\""),
    };
    format!(
        "    import torch; net = Generator()  # your class\n    \
         net.load_state_dict(torch.load({:?}, map_location=\"cpu\"){key}); net.eval()\n    \
         torch.onnx.export(net, {inputs}, {:?}, input_names=[{names}])\n",
        file.display().to_string(),
        out.display().to_string()
    )
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,".contains(c);
    match path.chars().all(plain) {
        true => path,
        false => format!("'{}'", path.replace('\'', "'\\\''")),
    }
}
