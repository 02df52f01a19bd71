//! Working memory against weight reads: the more layers are computed whole, the less often weights are read.

use anyhow::{Context, Result};
use gen_core::plan::Plan;
use gen_core::{Layer, Model};
use serde::Serialize;

/// A way to lay out the working memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryChoice {
    /// Number of layers, from the first on, that are computed whole.
    pub whole: usize,
    /// Bytes of working memory.
    pub working_memory_bytes: usize,
    /// Weight bytes read per picture.
    pub weight_read_bytes: u64,
}

/// The choices for `model`, by ascending memory. A choice that reads no less than one with less memory is left out.
pub fn choices(model: &Model) -> Vec<MemoryChoice> {
    let layers = model.layers();
    let choice = |whole| {
        let reads = layers.iter().enumerate().map(|(i, layer)| layer.weight_reads(i < whole));
        MemoryChoice {
            whole,
            working_memory_bytes: Plan::new(layers, whole).bytes(),
            weight_read_bytes: reads.sum(),
        }
    };
    let mut choices: Vec<MemoryChoice> = (0..layers.len()).map(choice).collect();
    choices.sort_by_key(|it| (it.working_memory_bytes, it.weight_read_bytes, it.whole));
    let mut least = u64::MAX;
    choices.retain(|it| {
        let better = it.weight_read_bytes < least;
        least = least.min(it.weight_read_bytes);
        better
    });
    choices
}

/// Minimum working memory in which `layers` run, in bytes.
pub fn least(layers: &[Layer]) -> usize {
    (0..layers.len()).map(|whole| Plan::new(layers, whole).bytes()).min().unwrap_or(0)
}

/// The choice that reads the fewest weight bytes within a `budget` of working memory, in bytes.
///
/// # Errors
///
/// If no choice fits the budget.
pub fn choose(model: &Model, budget: usize) -> Result<MemoryChoice> {
    let fits = choices(model).into_iter().rfind(|it| it.working_memory_bytes <= budget);
    fits.with_context(|| {
        let least = least(model.layers());
        format!("does not run in {budget} bytes of working memory: it needs --ram-budget {least} or more")
    })
}
