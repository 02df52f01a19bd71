//! A job of the tests: a command, its name, and what is shown of its output.

use std::env;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use setup::workspace;

/// Prefix of cargo's line for a program of tests.
const RESULT: &str = "test result: ";

/// Prefixes of the lines shown of a job that passes: cargo's results, and the note of `bench` about figures
/// that it does not compare because of another compiler.
const SHOWN: [&str; 2] = [RESULT, "Measured with "];

/// A command and the name under which it is reported.
pub struct Job {
    name: String,
    command: Command,
}

/// A job that has ended.
pub struct Done {
    /// The job's name.
    pub name: String,
    /// The time that it took.
    pub duration: Duration,
    /// If it failed: its output, and the command that runs it alone.
    pub failure: Option<String>,
}

impl Job {
    /// A job that runs `command`.
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command }
    }

    /// Runs the command and prints its name and time. Of its output, prints the [`SHOWN`] lines if it passes.
    pub fn run(self) -> Done {
        let Self { name, mut command } = self;
        println!("        …    {name}");
        let start = Instant::now();
        let (passed, output) =
            captured(&mut command).unwrap_or_else(|error| (false, format!("{error:#}\n")));
        let duration = start.elapsed();
        let (seconds, sum) = (duration.as_secs_f32(), sum(&output));
        if passed {
            let shown = output.lines().filter(|line| SHOWN.iter().any(|it| line.starts_with(it)));
            let shown: String = shown.map(|line| format!("{line}\n")).collect();
            print!("{seconds:>8.1} s   {name}\n{shown}{sum}");
            return Done { name, duration, failure: None };
        }
        println!("{seconds:>8.1} s   {name}: failed");
        let alone = typed(&command);
        let failure = format!(
            "{output}\n{sum}{name} failed after {seconds:.1} s. To run it alone, type:\n    {alone}"
        );
        Done { name, duration, failure: Some(failure) }
    }
}

/// Runs a command to its end. Returns whether it succeeded, and its merged output streams in the order
/// written.
fn captured(command: &mut Command) -> Result<(bool, String)> {
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = command.spawn();
    // The command still holds our ends of the pipe: they must be closed, or reading would never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.with_context(|| format!("cannot run {:?}", command.get_program()))?;
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok((child.wait()?.success(), String::from_utf8_lossy(&output).into_owned()))
}

/// A line with the sum of cargo's test results in `output`; empty if there are none.
fn sum(output: &str) -> String {
    let results: Vec<&str> = output.lines().filter(|line| line.starts_with(RESULT)).collect();
    // «test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …»
    let count = |what: &str| -> u64 {
        let parts = results.iter().flat_map(|line| line.split([';', '.']));
        parts.filter_map(|part| part.strip_suffix(what)?.trim().parse::<u64>().ok()).sum()
    };
    if results.is_empty() {
        return String::new();
    }
    let [passed, failed, ignored] = [" passed", " failed", " ignored"].map(count);
    format!("{passed} tests passed, {failed} failed, {ignored} ignored\n")
}

/// The command as a user types it in the workspace's root.
fn typed(command: &Command) -> String {
    let mut text = String::new();
    let directory =
        command.get_current_dir().and_then(|it| it.strip_prefix(workspace::root()).ok());
    if let Some(directory) = directory.filter(|directory| !directory.as_os_str().is_empty()) {
        text += &format!("cd {} && ", quoted(&directory.to_string_lossy()));
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            text += &format!("{name}={} ", quoted(&value));
        }
    }
    match env::current_exe() {
        Ok(xtask) if xtask == *command.get_program() => text += "cargo xtask",
        _ => text += &quoted(&command.get_program().to_string_lossy()),
    }
    for argument in command.get_args() {
        text += &format!(" {}", quoted(&argument.to_string_lossy()));
    }
    text
}

/// A word for a shell, in quotes if it needs them.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::env;
    use std::process::Command;

    use setup::workspace;

    use super::{captured, sum, typed};

    /// A command that runs a script.
    pub fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn both_outputs_are_kept_in_their_order() {
        let (passed, output) = captured(&mut shell("echo a; echo b >&2; echo c; exit 1")).unwrap();
        assert_eq!((passed, output.as_str()), (false, "a\nb\nc\n"));
        assert!(captured(&mut Command::new("/no/such/program")).is_err());
    }

    #[test]
    fn test_results_are_summed() {
        let output = "running 13 tests\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.05s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 4.00s\n";
        assert_eq!(sum(output), "15 tests passed, 2 failed, 1 ignored\n");
        assert_eq!(sum("Compiling 3 passed\n"), "");
    }

    #[test]
    fn a_command_can_be_typed() {
        let mut doc = workspace::cargo();
        doc.args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").env_remove("GEN_MODEL");
        assert_eq!(typed(&doc), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
        let mut node = Command::new("node");
        node.arg("it's").current_dir(workspace::root().join("emulator/pico"));
        assert_eq!(typed(&node), r"cd emulator/pico && node 'it'\''s'");
        let mut ours = Command::new(env::current_exe().unwrap());
        ours.args(["bench", "--check"]);
        assert_eq!(typed(&ours), "cargo xtask bench --check");
    }
}
