//! `docs/packet-format.md` is made from the layout tables.

use std::fs;
use std::path::Path;

#[test]
fn the_packet_format_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/packet-format.md");
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == seqnic_spec::packet_format_markdown(),
        "docs/packet-format.md is stale: run `cargo xtask docs`",
    );
}
