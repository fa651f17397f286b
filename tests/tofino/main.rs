//! Sequencer, encoder and INT nodes as P4: the interpreter against the golden models, files, scripts.

#[path = "../common/mod.rs"]
mod common;
mod cosim;
mod encoder;
mod files;
mod int;
mod scripts;
