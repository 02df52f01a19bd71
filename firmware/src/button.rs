//! What a user can ask for.

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Button {
    /// On to the next seed, or to the next leg of a walk.
    Next,
    /// From single faces to walks and back.
    Mode,
    /// Stay with this picture, or go on.
    Hold,
}
