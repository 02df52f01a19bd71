//! Tests that span the crates. There is nothing here but them: see `tests/` and `oracles/`.
