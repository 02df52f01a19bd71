//! Empty: this crate consists of the tests that span the crates, in `tests/` and `oracles/`.
