//! A job of the tests: a command, its name, and what is shown of its output.

use std::env;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use output::shell::quoted;
use setup::workspace;

/// Prefix of cargo's line for a program of tests.
const RESULT: &str = "test result: ";

/// Part of that line for a program without tests.
const EMPTY: &str = ": ok. 0 passed; 0 failed; 0 ignored;";

/// Part of the line in which a job says what it did not check: `bench` with another compiler, `public-api`
/// without its tools. Both write it by this name.
pub const SKIPPED: &str = "not compared";

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
    /// What it did not check, a line each.
    pub skipped: Vec<String>,
    /// If it failed: its output, and the command that runs it alone.
    pub failure: Option<String>,
}

impl Job {
    /// A job that runs `command`.
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command }
    }

    /// Runs the command and prints its name and time. Of its output, prints cargo's results if it passes.
    pub fn run(self) -> Done {
        let Self { name, mut command } = self;
        println!("        …    {name}");
        let start = Instant::now();
        let (passed, output) =
            captured(&mut command).unwrap_or_else(|error| (false, format!("{error:#}\n")));
        let duration = start.elapsed();
        let (seconds, results) = (duration.as_secs_f32(), results(&output));
        let sum = sum(&results);
        let skipped = output.lines().filter(|line| line.contains(SKIPPED));
        let skipped = skipped.map(str::to_owned).collect();
        if passed {
            print!("{seconds:>8.1} s   {name}\n{results}{sum}");
        } else {
            println!("{seconds:>8.1} s   {name}: failed");
        }
        let alone = typed(&command);
        let failure = (!passed).then(|| format!(
            "{output}\n{sum}{name} failed after {seconds:.1} s. To run it alone, type:\n    {alone}"
        ));
        Done { name, duration, skipped, failure }
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

/// Cargo's test results in `output`, without those of programs that have no test. A line ends with the name of
/// its program: `gen_core`, `Doc-tests export`.
fn results(output: &str) -> String {
    let (mut results, mut name) = (String::new(), "");
    for line in output.lines() {
        match line.trim_start().split_once(' ') {
            // «Running unittests src/lib.rs (target/debug/deps/gen_core-0123456789abcdef)»
            Some(("Running", of)) => name = of.rsplit(['/', '-']).nth(1).unwrap_or(of),
            Some(("Doc-tests", _)) => name = line.trim_start(),
            _ if line.starts_with(RESULT) && !line.contains(EMPTY) => {
                results += &format!("{line}   {name}\n");
            }
            _ => {}
        }
    }
    results
}

/// A line with the sum of the test `results`; empty if there are none.
fn sum(results: &str) -> String {
    // «test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …»
    let count = |what: &str| -> u64 {
        let parts = results.split([';', '.']);
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

#[cfg(test)]
pub(super) mod tests {
    use std::env;
    use std::process::Command;

    use setup::workspace;

    use super::{captured, results, sum, typed};

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
    fn test_results_are_named_and_summed() {
        let output = "     Running unittests src/lib.rs (/out/debug/deps/gen_core-0d60d0051f3756d1)\n\
            running 13 tests\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; finished in 0.05s\n     \
            Running tests/docs.rs (target/debug/deps/docs-45d60d0051f3756d)\n\
            test result: ok. 0 passed; 0 failed; 0 ignored; finished in 0.00s\n   \
            Doc-tests gen_core\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 4.00s\n";
        let named = "test result: ok. 12 passed; 0 failed; 1 ignored; finished in 0.05s   gen_core\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 4.00s   Doc-tests gen_core\n";
        assert_eq!(results(output), named);
        assert_eq!(sum(named), "15 tests passed, 2 failed, 1 ignored\n");
        assert_eq!(sum(&results("Compiling 3 passed\n")), "");
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
