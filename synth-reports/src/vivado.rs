//! Vivado: the project that synthesises a design out of context, and the reports that come back.

mod project;
mod reports;

pub use project::{PART, Project};
pub use reports::entry;
