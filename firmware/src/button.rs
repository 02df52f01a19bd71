//! The buttons of the application.

/// A button, by its function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Button {
    /// Goes on to the next seed, or to the next leg of a walk.
    Next,
    /// Switches between single faces and a walk.
    Mode,
    /// Holds the current picture, or releases it.
    Hold,
}
