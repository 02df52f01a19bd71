//! Runs the same work for many latents on all processors.

use anyhow::Result;
use std::ops::Range;

/// Splits `0..count` evenly among the processors, runs `job` on each part in a thread, and returns the results in
/// order.
///
/// # Errors
/// The error of the first part that fails.
pub(crate) fn split<T: Send>(
    count: usize,
    job: impl Fn(Range<usize>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let threads =
        std::thread::available_parallelism().map_or(1, usize::from).clamp(1, count.max(1));
    let part = |i: usize| i * count / threads..(i + 1) * count / threads;
    std::thread::scope(|scope| {
        let job = &job;
        let handles: Vec<_> = (0..threads).map(|i| scope.spawn(move || job(part(i)))).collect();
        let joined = handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn parts_are_complete_and_in_order() {
        for count in [0, 1, 2, 7, 100] {
            let parts = split(count, |range| Ok(range.collect::<Vec<_>>())).unwrap();
            assert_eq!(parts.concat(), (0..count).collect::<Vec<_>>());
        }
    }
}
