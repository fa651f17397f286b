//! The commands, one a file.

pub mod cosim;
pub mod doctor;
pub mod emit;
pub mod model;
pub mod report;
pub mod run;
pub mod trace;
