//! The `seqnic` program; everything is in the library.

use std::process::ExitCode;

/// It keeps memory: what decodes or simulates much spends a fourth of its time on fresh pages otherwise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    seqnic::run()
}
