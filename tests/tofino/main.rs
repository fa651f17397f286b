//! The sequencer as P4: its interpreter against the golden model and the hardware, its files, its scripts.

#[path = "../common/mod.rs"]
mod common;
mod cosim;
mod encoder;
mod files;
mod scripts;
