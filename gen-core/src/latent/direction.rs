//! Steps along named directions.

use crate::model::Direction;

/// Moves `latent` by `amount` times `direction`. The shorter of the two counts.
pub fn step_along(latent: &mut [f32], direction: &Direction<'_>, amount: f32) {
    for (z, d) in latent.iter_mut().zip(direction.values()) {
        *z += amount * d;
    }
}
