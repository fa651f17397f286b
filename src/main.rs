//! The seqnic command line.
fn main() {}
