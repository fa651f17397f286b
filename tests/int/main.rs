//! `seqnic int` and INT nodes: paths, what is decoded, the dissector, and each node against its model.

#[path = "../common/mod.rs"]
mod common;
mod decode;
mod dissector;
mod nodes;
mod path;

use std::path::Path;

use common::{Finished, seqnic_in};
use tempfile::TempDir;

const CAPTURE: &str = "examples/captures/tcp-loss.pcap";

fn run(folder: &Path, line: &str) -> Finished {
    seqnic_in(folder, &line.split_whitespace().collect::<Vec<_>>())
}

/// A folder with what leaves the nodes of a path, and its reports: `path.pcap`.
fn folder(flags: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!("int path --out path.pcap {flags}");
    let found = run(folder.path(), &line).success();
    assert!(
        found.ends_with("Reports and packets agree with what was injected.\n"),
        "{found}"
    );
    folder
}
