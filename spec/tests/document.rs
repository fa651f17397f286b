//! The generated documents are those that are committed.

use std::fs;
use std::path::Path;

fn committed(document: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(document);
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn the_registers_document_is_up_to_date() {
    assert!(
        committed("registers.md") == seqnic_spec::registers::registers_markdown(),
        "docs/registers.md is stale: run `cargo xtask docs`",
    );
}

#[test]
fn the_packet_format_document_is_up_to_date() {
    assert!(
        committed("packet-format.md") == seqnic_spec::packet_format_markdown(),
        "docs/packet-format.md is stale: run `cargo xtask docs`",
    );
}
