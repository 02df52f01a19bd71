//! Runs the same work for many latents on all processors.

use anyhow::Result;
use std::ops::Range;

/// Splits `0..count` evenly among the processors, runs `job` on each part in a thread, and returns the results in
/// order. One processor needs no thread, which some platforms cannot start.
pub(crate) fn split<T: Send>(count: usize, job: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let threads =
        std::thread::available_parallelism().map_or(1, usize::from).clamp(1, count.max(1));
    if threads == 1 {
        return vec![job(0..count)];
    }
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

/// The results of `job` for each index of `0..count`, in order, computed on all processors.
///
/// # Errors
///
/// The first error in the order of the indices. A thread stops at its first error.
pub(crate) fn map<T: Send>(
    count: usize,
    job: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let parts = split(count, |indices| indices.map(&job).collect::<Result<Vec<T>>>());
    Ok(parts.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The results of `job` for all of `0..count`, in order, in batches of up to `size` indices.
///
/// # Errors
///
/// As [`map`].
pub(crate) fn batches<T: Send>(
    count: usize,
    size: usize,
    job: impl Fn(Range<usize>) -> Result<Vec<T>> + Sync,
) -> Result<Vec<T>> {
    let batches = map(count.div_ceil(size), |i| job(i * size..count.min((i + 1) * size)))?;
    Ok(batches.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::{batches, map};
    use anyhow::ensure;

    #[test]
    fn results_are_complete_and_in_order() {
        for count in [0, 1, 2, 7, 100] {
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(map(count, Ok).unwrap(), all);
            assert_eq!(batches(count, 3, |batch| Ok(batch.collect())).unwrap(), all);
        }
    }

    #[test]
    fn the_first_error_is_returned() {
        let job = |index: usize| {
            ensure!(index < 5, "{index}");
            Ok(index)
        };
        assert_eq!(map(100, job).unwrap_err().to_string(), "5");
    }
}
