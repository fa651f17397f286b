//! What the fuzz targets do with their bytes, one target a module.
//!
//! A check panics when something is wrong with what it tests. `sim/tests/fuzz_corpus.rs` includes
//! this file and runs the same checks on the committed corpus, on a stable toolchain and without
//! libFuzzer. That is why nothing here depends on it.

mod bytes;
pub mod capture;
pub mod config;
pub mod flowradar;
pub mod int;
pub mod prefix;
pub mod rows;

/// Panics when something is wrong.
pub type Check = fn(&[u8]);

/// Every target: its name and its check.
pub const TARGETS: [(&str, Check); 6] = [
    ("config", config::check),
    ("capture", capture::check),
    ("flowradar", flowradar::check),
    ("int", int::check),
    ("prefix", prefix::check),
    ("rows", rows::check),
];
