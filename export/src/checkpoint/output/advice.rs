//! What a person can do about a checkpoint that does not prove what it is: options, and the way by Python.

use crate::checkpoint::Format;
use crate::checkpoint::choice::Chosen;
use crate::checkpoint::part::key::Part;
use crate::checkpoint::reading::Subject;
use crate::checkpoint::settings::{Labels, Settings};
use std::path::Path;

/// The text behind the table of a generator that was converted.
pub(crate) fn look(part: &Part, format: Format, chosen: &Chosen, files: [&Path; 2]) -> String {
    let [_, out] = files;
    let look = out.with_extension("look.png");
    let python = python(part, format, chosen, files);
    format!("Look at {}. If the pictures are wrong, {python}", look.display())
}

/// The text behind the table of a generator whose file leaves doubts.
pub(crate) fn unproved(
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
        let more = if chosen.stays { " --assume" } else { "" };
        readings.for_each(|reading| text += &command(&reading.choice, more));
    }
    format!("{text}The sure way is to {}", python(part, subject.format, chosen, files))
}

/// The three lines of Python that export the ONNX with the input's shape, or save a whole model of Keras, and what they
/// do.
fn python(part: &Part, format: Format, chosen: &Chosen, [file, out]: [&Path; 2]) -> String {
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    let key: String =
        part.key.split('.').filter(|it| !it.is_empty()).map(|it| format!("[\"{it}\"]")).collect();
    let weights = match format {
        Format::Keras => {
            let whole = quoted(&out.with_extension("keras"));
            return format!(
                "save the whole model, which needs no guessing, and convert that:\n    \
                 net = build_generator()  # your function\n    \
                 net.load_weights({})\n    \
                 net.save({whole})\n",
                quoted(file)
            );
        }
        Format::Safetensors => {
            let tensors = format!("safetensors.torch.load_file({})", quoted(file));
            let shorter = format!(
                "{{k.removeprefix(\"{0}.\"): v for k, v in {tensors}.items() if k.startswith(\"{0}.\")}}",
                part.key
            );
            if part.key.is_empty() { tensors } else { shorter }
        }
        Format::Torch => format!("torch.load({}, map_location=\"cpu\"){key}", quoted(file)),
    };
    let import = if format == Format::Safetensors { "torch, safetensors.torch" } else { "torch" };
    let architecture = &chosen.architecture;
    let dense = architecture.layers.first().is_none_or(|layer| layer.geometry.is_none());
    let noise = architecture.noise;
    let (inputs, names) = match architecture.labels {
        Labels::None if dense => (format!("torch.randn(1, {noise})"), "\"z\""),
        Labels::None => (format!("torch.randn(1, {noise}, 1, 1)"), "\"z\""),
        Labels::Joined(_) if !dense => {
            let count = architecture.label.as_ref().map_or(0, |it| it.label.count);
            let one = format!("torch.eye({count})[:1, :, None, None]");
            (format!("(torch.randn(1, {noise}, 1, 1), {one})"), "\"z\", \"label\"")
        }
        _ => (format!("(torch.randn(1, {noise}), torch.tensor([0]))"), "\"z\", \"label\""),
    };
    format!(
        "export the ONNX from your own class:\n    \
         import {import}; net = Generator()  # your class\n    \
         net.load_state_dict({weights}); net.eval()\n    \
         torch.onnx.export(net, {inputs}, {}, input_names=[{names}])\n",
        quoted(out)
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
