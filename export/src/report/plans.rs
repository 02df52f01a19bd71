//! What working memory buys: the more layers are computed whole, the less often weights are read.

use anyhow::{Context, Result};
use gen_core::plan::Plan;
use gen_core::{Layer, Model};
use serde::Serialize;

/// A way to lay out the working memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// How many layers, from the first on, are computed whole.
    pub whole: usize,
    /// Bytes that the engine asks for.
    pub working_memory_bytes: usize,
    /// Bytes of weights that pass by for a picture.
    pub weight_read_bytes: u64,
}

/// What there is for `model` that no other is better than, the least memory first.
pub fn choices(model: &Model) -> Vec<Choice> {
    let layers = model.layers();
    let choice = |whole| {
        let reads = layers.iter().enumerate().map(|(i, layer)| layer.weight_reads(i < whole));
        Choice {
            whole,
            working_memory_bytes: Plan::new(layers, whole).bytes(),
            weight_read_bytes: reads.sum(),
        }
    };
    let mut choices: Vec<Choice> = (0..layers.len()).map(choice).collect();
    choices.sort_by_key(|it| (it.working_memory_bytes, it.weight_read_bytes, it.whole));
    let mut least = u64::MAX;
    choices.retain(|it| {
        let better = it.weight_read_bytes < least;
        least = least.min(it.weight_read_bytes);
        better
    });
    choices
}

/// Least working memory that `layers` run in, in bytes.
pub fn least(layers: &[Layer]) -> usize {
    (0..layers.len()).map(|whole| Plan::new(layers, whole).bytes()).min().unwrap_or(0)
}

/// The one for a `budget` in bytes that reads weights least often.
///
/// # Errors
/// If there is none.
pub fn choose(model: &Model, budget: usize) -> Result<Choice> {
    let fits = choices(model).into_iter().rfind(|it| it.working_memory_bytes <= budget);
    fits.with_context(|| {
        let least = least(model.layers());
        format!("does not run in {budget} bytes of working memory, but in {least}: give --ram-budget more")
    })
}
