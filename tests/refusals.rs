//! Bad input: exit 2, one clear message, and nothing lost or left behind.

mod common;

use std::fs;
use std::path::Path;

use common::{Finished, names_in, root, seqnic_in};
use tempfile::TempDir;

/// A folder with captures and configurations, good and bad.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = fs::read(root().join("examples/captures/tcp-loss.pcap")).expect("is there");
    let good = fs::read_to_string(root().join("examples/conntrack.toml")).expect("is there");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("can be written");
    };
    write("in.pcap", &capture);
    write("truncated.pcap", &capture[..500]);
    write("empty.pcap", &[]);
    write("header.pcap", &capture[..24]);
    write("good.toml", good.as_bytes());
    write("latin.toml", b"# Universit\xe4t\n");
    write("wide.toml", good.replace("1024", "1000").as_bytes());
    write(
        "syntax.toml",
        good.replace("rows = 16", "rows =").as_bytes(),
    );
    fs::create_dir(folder.path().join("sub")).expect("can be made");
    folder
}

fn run(folder: &Path, line: &str) -> Finished {
    seqnic_in(folder, &line.split_whitespace().collect::<Vec<_>>())
}

/// Each line is refused with its message, and the folder stays as it is.
fn check(lines: &[(&str, &str)]) {
    let folder = folder();
    let names = names_in(folder.path());
    let capture = fs::read(folder.path().join("in.pcap")).expect("is there");
    for &(line, message) in lines {
        let refusal = run(folder.path(), line).refusal();
        assert_eq!(refusal, format!("error: {message}"), "seqnic {line}");
        assert_eq!(names_in(folder.path()), names, "seqnic {line}");
        assert_eq!(
            names_in(&folder.path().join("sub")),
            [""; 0],
            "seqnic {line}"
        );
    }
    assert!(fs::read(folder.path().join("in.pcap")).expect("is there") == capture);
}

#[test]
fn configurations_that_cannot_be_used() {
    check(&[
        (
            "cosim --config wide.toml --pcap in.pcap",
            "wide.toml: bus.data_bits = 1000: must be a power of two from 64 to 2048; \
             the nearest are 512 and 1024",
        ),
        (
            "emit verilog --config wide.toml --out build",
            "wide.toml: bus.data_bits = 1000: must be a power of two from 64 to 2048; \
             the nearest are 512 and 1024",
        ),
        (
            "model --config syntax.toml --pcap in.pcap --out out.pcap",
            "syntax.toml:9:7: string values must be quoted, expected literal string",
        ),
        (
            "cosim --config missing.toml --pcap in.pcap",
            "missing.toml: cannot be opened: No such file or directory (os error 2); \
             check the path and that you may read it",
        ),
        (
            "cosim --config latin.toml --pcap in.pcap",
            "latin.toml: byte 11: a configuration is text in UTF-8, and this is none; \
             save it as UTF-8, or give another file for --config",
        ),
        (
            "cosim --config sub --pcap in.pcap",
            "sub: cannot be opened: Is a directory (os error 21); \
             check the path and that you may read it",
        ),
        (
            "cosim --config good.toml --rows 300 --pcap in.pcap",
            "--rows: history.rows = 300: must be from 1 to 256; the nearest is 256",
        ),
        (
            "cosim --config good.toml --cores 40 --pcap in.pcap",
            "good.toml: history.rows = 16: with spray.cores = 40 a core misses 39 packets \
             between two of its own; set history.rows = 39 or more, or spray.cores = 17 or fewer",
        ),
        (
            "cosim --set history.storage=\"ram\" --pcap in.pcap",
            "--set: history.storage = \"ram\": is not a known name; \
             use \"distributed\", \"block\" or \"registers\"",
        ),
    ]);
}

#[test]
fn captures_that_cannot_be_used() {
    let truncated = "truncated.pcap: truncated: the file ends inside the record at byte 414, \
                     after packet 3; copy it again, or keep the whole packets with \
                     `tcpdump -r FILE -w NEW.pcap`";
    let empty = "empty.pcap: the file is empty (0 bytes); \
                 capture again, for example with `tcpdump -s 0 -w FILE`";
    check(&[
        (
            "cosim --config good.toml --pcap truncated.pcap --out-pcap out.pcap",
            truncated,
        ),
        (
            "cosim --config good.toml --pcap truncated.pcap --round-trip",
            truncated,
        ),
        (
            "model --config good.toml --pcap truncated.pcap --out out.pcap",
            truncated,
        ),
        (
            "cosim --config good.toml --pcap empty.pcap --out-pcap out.pcap",
            empty,
        ),
        (
            "model --config good.toml --pcap empty.pcap --out out.pcap",
            empty,
        ),
        (
            "cosim --config good.toml --pcap header.pcap --out-pcap out.pcap",
            "header.pcap: holds no packet, only a header; capture again while traffic flows",
        ),
        (
            "cosim --config good.toml --pcap missing.pcap --wave wave.vcd",
            "missing.pcap: cannot be opened: No such file or directory (os error 2); \
             check the path and that you may read it",
        ),
        (
            "cosim --config good.toml --pcap good.toml",
            "good.toml: byte 0: neither pcap nor pcapng, it starts with 23 20 43 6f; \
             give a file written by tcpdump, Wireshark or `seqnic trace`",
        ),
    ]);
}

#[test]
fn outputs_that_cannot_be_written() {
    check(&[
        (
            "cosim --pcap in.pcap --out-pcap in.pcap",
            "in.pcap: is an input, and would be overwritten; choose another path for --out-pcap",
        ),
        (
            "model --pcap in.pcap --out sub/../in.pcap",
            "sub/../in.pcap: is an input, and would be overwritten; choose another path for --out",
        ),
        (
            "model --config good.toml --pcap in.pcap --out good.toml",
            "good.toml: is an input, and would be overwritten; choose another path for --out",
        ),
        (
            "cosim --pcap in.pcap --out-pcap new --wave new",
            "new: is written by another flag too; choose another path for --wave",
        ),
        (
            "trace --kind zipf --packets 5 --out missing/out.pcap",
            "missing/out.pcap: the folder missing does not exist; choose another path for --out",
        ),
        (
            "trace --kind zipf --packets 5 --out sub",
            "sub: is a folder; choose another path for --out",
        ),
        (
            "trace --kind zipf --packets 5 --out /dev/null",
            "/dev/null: is not a regular file; choose another path for --out",
        ),
        (
            "emit verilog --out in.pcap",
            "in.pcap/rtl: the folder cannot be created: Not a directory (os error 20); \
             choose another one for --out",
        ),
    ]);
}

#[test]
fn traffic_that_cannot_be() {
    check(&[
        (
            "trace --kind dctcp --out out.pcap",
            "dctcp traffic has no end of its own; add --packets N or --flows N",
        ),
        (
            "cosim --trace zipf --flows 5",
            "zipf traffic has no end of its own; add --packets N",
        ),
        (
            "trace --kind uniform --packets 5 --flows 5 --out out.pcap",
            "--flows: uniform traffic has no flows; remove it",
        ),
        (
            "trace --kind vl2 --packets 5 --frame-bytes 0 --out out.pcap",
            "frames of 0 bytes are impossible; choose 1 to 42368",
        ),
        (
            "cosim --pcap in.pcap --wave wave.vcd --wave-window 90000:90010",
            "--wave-window: starts at cycle 90000, and the run ends at 7578; choose less",
        ),
        (
            "cosim --pcap /dev/null --wave wave.vcd",
            "--wave: /dev/null is no regular file and cannot be read twice; save it to a file first",
        ),
    ]);
}

#[test]
fn wrong_flags_are_explained() {
    let folder = folder();
    for (line, message) in [
        (
            "cosim --pcap in.pcap --stall 100",
            "invalid value '100' for '--stall <PERCENT>'",
        ),
        (
            "cosim --trace caida --packets 5",
            "[possible values: dctcp, hadoop, vl2, zipf, uniform, headers]",
        ),
        ("cosim --config good.toml", "<--pcap <FILE>|--trace <KIND>>"),
        (
            "cosim --pcap in.pcap --flows 5",
            "cannot be used with '--flows <N>'",
        ),
        (
            "cosim --trace zipf --packets 5 --pad-truncated",
            "cannot be used with",
        ),
        (
            "cosim --pcap in.pcap --rows many",
            "invalid value 'many' for '--rows <ROWS>'",
        ),
        (
            "cosim --pcap in.pcap --wave w --wave-window 5:1",
            "FROM below TO",
        ),
        ("emit p4 --out build", "unrecognized subcommand 'p4'"),
        ("model --pcap in.pcap --set a=1 --row", "--row <PRESET>"),
    ] {
        let result = run(folder.path(), line);
        assert_eq!(
            (result.code, result.stdout.as_str()),
            (2, ""),
            "seqnic {line}"
        );
        assert!(
            result.stderr.contains(message),
            "seqnic {line}: {}",
            result.stderr
        );
    }
}

#[test]
fn a_folder_in_the_way_of_a_file_leaves_nothing_half_written() {
    let folder = folder();
    let rtl = folder.path().join("build/rtl");
    fs::create_dir_all(folder.path().join("build/rtl.f")).expect("can be made");
    let refusal = run(folder.path(), "emit verilog --out build").refusal();
    assert_eq!(refusal, "error: build/rtl.f: is a folder; move it away");
    assert_eq!(names_in(&rtl), [""; 0]);
}
