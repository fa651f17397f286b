//! The `seqnic` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    seqnic::run()
}
