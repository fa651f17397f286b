//! Development tasks of seqnic.
fn main() {}
