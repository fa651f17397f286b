//! `seqnic emit host`: which files are written. What is in them is tested in `host/tests`.

mod common;

use common::{names_in, seqnic};

#[test]
fn a_program_of_the_paper_has_a_header_and_an_xdp_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("host");
    let line = format!(
        "emit host --config examples/conntrack-7.toml --timestamp-bytes 8 --out {}",
        out.display()
    );
    let text = seqnic(&line).success();
    let names = [
        "Makefile",
        "README.md",
        "conntrack_7_host.h",
        "conntrack_7_program.h",
        "conntrack_7_xdp.c",
    ];
    assert_eq!(names_in(&out), names);
    assert!(text.contains("\n  make -C "), "{text}");
}

#[test]
fn where_there_can_be_no_xdp_program_the_header_is_written_with_the_reason() {
    for (flags, reason) in [
        (
            "--config examples/table2-16.toml",
            "note: no XDP program: there is none for history.row = \"table2\", only for ddos-mitigator, heavy-hitter, \
             token-bucket, port-knocking, connection-tracker and none\n",
        ),
        (
            "--config examples/token-bucket.toml",
            "note: no XDP program: the rows hold the time, and the prefix does not say that of the packet itself; set \
             prefix.timestamp_bytes = 4\n",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("host");
        let finished = seqnic(&format!("emit host {flags} --out {}", out.display()));
        assert_eq!((finished.code, finished.stderr.as_str()), (0, reason));
        assert_eq!(names_in(&out).len(), 1);
    }
}
