//! The commands, one a file.

pub mod cosim;
pub mod doctor;
pub mod emit;
pub mod flowradar;
pub mod int;
pub mod model;
pub mod report;
pub mod run;
pub mod scaling;
pub mod trace;
