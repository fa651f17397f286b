//! The sequencer as P4: its interpreter against the golden model and the hardware, its files, its scripts.

#[path = "../common/mod.rs"]
mod common;
mod cosim;
mod files;
mod scripts;
