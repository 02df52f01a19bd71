//! What a person can do about a checkpoint that does not prove what it is: options, and the way by Python.

use crate::checkpoint::Format;
use crate::checkpoint::choice::Choice;
use crate::checkpoint::part::key::Part;
use crate::checkpoint::reading::Subject;
use crate::checkpoint::settings::{Labels, Settings};
use output::shell::quoted;
use std::path::Path;

/// The text behind the table of a generator that was converted.
pub(crate) fn look(part: &Part, format: Format, choice: &Choice, files: [&Path; 2]) -> String {
    let [_, out] = files;
    let look = out.with_extension("look.png");
    let python = python(part, format, choice, files);
    format!("Look at {}. If the pictures are wrong, {python}", look.display())
}

/// The text behind the table of a generator whose file leaves doubts.
pub(crate) fn unproved(
    part: &Part,
    subject: &Subject,
    choice: &Choice,
    files: [&Path; 2],
) -> String {
    let mut text = String::from("Not converted. The file leaves open:\n");
    for doubt in &choice.doubts {
        text += &format!("- {doubt}\n");
    }
    let command = |settings: &Settings, more: &str| {
        let [file, out] = files.map(|it| quoted(&it.display().to_string()));
        let key = subject
            .given
            .key
            .as_ref()
            .map_or(String::new(), |key| format!(" --key {}", quoted(key)));
        let options = subject.given.or(settings).options();
        let options: String =
            options.iter().map(|(name, value)| format!(" --{name} {}", quoted(value))).collect();
        format!("    export onnx {file} -o {out}{key}{options}{more}\n")
    };
    if choice.others.is_empty() {
        text += "To convert it as above and look at its pictures:\n";
        text += &command(&Settings::default(), " --assume");
    } else {
        text += "To convert one of the readings and look at its pictures:\n";
        let readings = std::iter::once(&choice.reading).chain(&choice.others);
        let more = if choice.stays { " --assume" } else { "" };
        readings.for_each(|reading| text += &command(&reading.choice, more));
    }
    format!("{text}The sure way is to {}", python(part, subject.format, choice, files))
}

/// The three lines of Python that export the ONNX with the input's shape, or save a whole model of Keras, and what they
/// do.
fn python(part: &Part, format: Format, choice: &Choice, [file, out]: [&Path; 2]) -> String {
    if format == Format::Keras {
        return format!(
            "save the whole model, which needs no guessing, and convert that:\n    \
             net = build_generator()  # your function\n    \
             net.load_weights({})\n    \
             net.save({})\n",
            text(file),
            text(&out.with_extension("keras"))
        );
    }
    let (inputs, names) = inputs(choice);
    let export = format!("torch.onnx.export(net, {inputs}, {}, input_names=[{names}])", text(out));
    let holder = part.tensors.first().map(|(_, tensor)| tensor.holder.clone()).unwrap_or_default();
    let keys: String = holder.keys.iter().map(|key| format!("[{key:?}]")).collect();
    if holder.is_module {
        return format!(
            "export the ONNX where your own class can be imported:\n    \
             import torch\n    \
             net = torch.load({}, map_location=\"cpu\", weights_only=False){keys}.eval()\n    \
             {export}\n",
            text(file)
        );
    }
    let (import, whole) = match format {
        Format::Safetensors => {
            ("torch, safetensors.torch", format!("safetensors.torch.load_file({})", text(file)))
        }
        _ => ("torch", format!("torch.load({}, map_location=\"cpu\"){keys}", text(file))),
    };
    // What stands before the names of the class in those of the state dictionary.
    let begin = part.tensors.first().and_then(|(name, tensor)| {
        let held: usize = holder.keys.iter().map(|key| key.len() + 1).sum();
        tensor.name.get(held..)?.strip_suffix(name)
    });
    let weights = match begin {
        Some(begin) if !begin.is_empty() => {
            format!(
                "{{k.removeprefix({begin:?}): v for k, v in {whole}.items() if k.startswith({begin:?})}}"
            )
        }
        _ => whole,
    };
    format!(
        "export the ONNX from your own class:\n    \
         import {import}; net = Generator()  # your class\n    \
         net.load_state_dict({weights}); net.eval()\n    \
         {export}\n"
    )
}

/// The inputs of `torch.onnx.export`, and their names.
fn inputs(choice: &Choice) -> (String, &'static str) {
    let architecture = &choice.architecture;
    let dense = architecture.begins_dense();
    let noise = architecture.noise;
    match architecture.labels {
        Labels::None if dense => (format!("torch.randn(1, {noise})"), "\"z\""),
        Labels::None => (format!("torch.randn(1, {noise}, 1, 1)"), "\"z\""),
        Labels::Joined(_) if !dense => {
            let count = architecture.label.as_ref().map_or(0, |it| it.label.count);
            let one = format!("torch.eye({count})[:1, :, None, None]");
            (format!("(torch.randn(1, {noise}, 1, 1), {one})"), "\"z\", \"label\"")
        }
        _ => (format!("(torch.randn(1, {noise}), torch.tensor([0]))"), "\"z\", \"label\""),
    }
}

/// A path as a text of Python.
fn text(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}
