//! Runs jobs in two lanes in parallel, one lane per build directory of cargo.
//!
//! Cargo locks its build directory while it compiles, so two jobs that share one would wait for each other.
//! Jobs with different build directories compile in parallel: while one lane links, which takes one
//! processor, the other uses the second one.
//! processor, the other lane has the second one.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Prefixes of the lines shown of a job that passes: cargo's results, and the note of `bench` about figures
/// that it does not compare because of another compiler.
const SHOWN: [&str; 2] = ["test result: ", "Measured with "];

/// A command and the name under which it is reported.
pub struct Job {
    name: String,
    command: Command,
}

/// The time that a job took.
struct Time {
    name: String,
    duration: Duration,
}

impl Job {
    /// A job that runs `command`.
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        Self { name: name.into(), command }
    }

    /// Runs the command and prints its name and time. Of its output, prints the [`SHOWN`] lines if it passes,
    /// and everything if it fails.
    fn run(self) -> Result<Time> {
        let Self { name, mut command } = self;
        println!("        …    {name}");
        let start = Instant::now();
        let (passed, output) = captured(&mut command).with_context(|| name.clone())?;
        let duration = start.elapsed();
        if !passed {
            bail!("{output}\n{name} failed after {:.1} s", duration.as_secs_f32());
        }
        let shown = output.lines().filter(|line| SHOWN.iter().any(|begin| line.starts_with(begin)));
        let shown: String = shown.map(|line| format!("{line}\n")).collect();
        print!("{:>8.1} s   {name}\n{shown}", duration.as_secs_f32());
        Ok(Time { name, duration })
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

/// Runs the jobs of each lane in order, the lanes in parallel, and prints a table of times.
///
/// # Errors
///
/// The output of the first job that fails. Jobs that have not started by then are skipped.
pub fn run(lanes: [Vec<Job>; 2]) -> Result<()> {
    let start = Instant::now();
    let failed = AtomicBool::new(false);
    let lane = |jobs: Vec<Job>| -> Result<Vec<Time>> {
        let jobs = jobs.into_iter().take_while(|_| !failed.load(Ordering::Relaxed));
        jobs.map(|job| job.run().inspect_err(|_| failed.store(true, Ordering::Relaxed))).collect()
    };
    let [first, second] = lanes;
    let (first, second) = thread::scope(|scope| {
        let second = scope.spawn(|| lane(second));
        (lane(first), second.join())
    });
    let second = second.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    print!("{}", table(&[first?, second?], start.elapsed()));
    Ok(())
}

/// A table of the jobs' times, the slowest first.
fn table(lanes: &[Vec<Time>], all: Duration) -> String {
    let mut times: Vec<&Time> = lanes.iter().flatten().collect();
    times.sort_by_key(|time| std::cmp::Reverse(time.duration));
    let row = |name: &str, time: Duration| format!("{:>8.1} s   {name}\n", time.as_secs_f32());
    let rows: String = times.iter().map(|time| row(&time.name, time.duration)).collect();
    format!("\nthe slowest first:\n{rows}{}", row("all, in two lanes", all))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::{Job, Time, captured, run, table};

    fn shell(script: &str) -> Command {
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
    fn a_failure_is_shown_and_ends_its_lane() {
        let directory = tempfile::tempdir().unwrap();
        let mark = directory.path().join("mark");
        let jobs = vec![
            Job::new("good", shell("echo fine")),
            Job::new("bad", shell("echo why; exit 1")),
            Job::new("late", shell(&format!("touch {}", mark.display()))),
        ];
        let error = run([jobs, Vec::new()]).unwrap_err().to_string();
        assert!(error.starts_with("why\n\nbad failed after "), "{error}");
        assert!(!mark.exists());
    }

    #[test]
    fn the_slowest_job_comes_first() {
        let time = |name: &str, seconds| Time {
            name: name.to_owned(),
            duration: Duration::from_secs(seconds),
        };
        let lanes = [vec![time("a", 2)], vec![time("b", 1), time("c", 30)]];
        let expected = "\nthe slowest first:\n    30.0 s   c\n     2.0 s   a\n     1.0 s   b\n    31.0 s   all, in two lanes\n";
        assert_eq!(table(&lanes, Duration::from_secs(31)), expected);
    }
}
