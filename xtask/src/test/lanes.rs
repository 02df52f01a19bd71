//! Runs jobs in two lanes in parallel, one lane per build directory of cargo.
//!
//! Cargo locks its build directory while it compiles, so two jobs that share one would wait for each other.
//! Jobs with different build directories compile in parallel: while one lane links, which takes one
//! processor, the other uses the second one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::job::{Done, Job};

/// Jobs that pass in less time are one line of the table.
const SHORT: Duration = Duration::from_secs(1);

/// Runs the jobs of each lane in order, the lanes in parallel, and prints a table of times.
///
/// # Errors
///
/// The output of the jobs that fail. Jobs that have not started when one fails are skipped.
pub fn run(lanes: [Vec<Job>; 2]) -> Result<()> {
    let start = Instant::now();
    let count = lanes[0].len() + lanes[1].len();
    let failed = AtomicBool::new(false);
    let lane = |jobs: Vec<Job>| -> Vec<Done> {
        let jobs = jobs.into_iter().take_while(|_| !failed.load(Ordering::Relaxed));
        let notice = |done: &Done| {
            failed.fetch_or(done.failure.is_some(), Ordering::Relaxed);
        };
        jobs.map(Job::run).inspect(notice).collect()
    };
    let [first, second] = lanes;
    let (mut done, second) = thread::scope(|scope| {
        let second = scope.spawn(|| lane(second));
        (lane(first), second.join())
    });
    done.extend(second.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    print!("{}", table(&mut done, count, start.elapsed()));
    let failures: Vec<String> = done.into_iter().filter_map(|job| job.failure).collect();
    ensure!(failures.is_empty(), "\n{}", failures.join("\n\n"));
    Ok(())
}

/// A table of the jobs' times, the slowest first, then what the jobs did not check. `count`: number of jobs,
/// with those that have not started.
fn table(done: &mut [Done], count: usize, all: Duration) -> String {
    done.sort_by_key(|job| std::cmp::Reverse(job.duration));
    let row = |time: Duration, name: &str| format!("{:>8.1} s   {name}\n", time.as_secs_f32());
    let shown = |job: &&Done| job.duration >= SHORT || job.failure.is_some();
    let (shown, short): (Vec<&Done>, Vec<&Done>) = done.iter().partition(shown);
    let mut table = String::from("\nthe slowest first:\n");
    for job in shown {
        let verdict = if job.failure.is_some() { ": failed" } else { "" };
        table += &row(job.duration, &format!("{}{verdict}", job.name));
    }
    if !short.is_empty() {
        let time = short.iter().map(|job| job.duration).sum();
        table += &row(time, &format!("{} more steps under 1 s", short.len()));
    }
    table += &row(all, "all, in two lanes");
    if done.len() < count {
        table += &format!("steps not started after a failure: {}\n", count - done.len());
    }
    table.extend(done.iter().flat_map(|job| &job.skipped).map(|line| format!("\n{line}\n")));
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::job::tests::shell;
    use super::{Done, Job, run, table};

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
        assert!(error.starts_with("\nwhy\n\nbad failed after "), "{error}");
        assert!(error.ends_with("type:\n    sh -c 'echo why; exit 1'"), "{error}");
        assert!(!mark.exists());
    }

    #[test]
    fn the_slowest_job_comes_first() {
        let job = |name: &str, milliseconds| Done {
            name: name.to_owned(),
            duration: Duration::from_millis(milliseconds),
            skipped: if name == "b" { vec!["b: not compared".to_owned()] } else { Vec::new() },
            failure: (name == "a").then(String::new),
        };
        let mut done = [job("a", 200), job("b", 400), job("c", 30_000), job("d", 900)];
        let expected = "\nthe slowest first:\n    30.0 s   c\n     0.2 s   a: failed\n     \
                        1.3 s   2 more steps under 1 s\n    31.0 s   all, in two lanes\n";
        let (all, skipped) = (Duration::from_secs(31), "\nb: not compared\n");
        assert_eq!(table(&mut done, 4, all), format!("{expected}{skipped}"));
        let late = format!("{expected}steps not started after a failure: 3\n{skipped}");
        assert_eq!(table(&mut done, 7, all), late);
    }
}
