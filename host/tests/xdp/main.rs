//! The XDP programs, on frames that the hardware made: their verdicts are those of the programs in Rust on a single thread.
//! They run in a machine in user space, and in the kernel where it lets them be loaded.

mod frames;
mod kernel;
mod machine;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use seqnic_host::package;
use seqnic_sim::host::programs::{
    ConnectionTracker, DdosMitigator, Forwarder, HeavyHitter, PortKnocking, TokenBucket,
};
use seqnic_sim::host::{Program, States, Verdict};
use seqnic_spec::{Config, SectionKind};
use tempfile::TempDir;

/// What an XDP program says of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    /// The number of `enum xdp_action`.
    action: u32,
    /// The bytes of the frame afterwards.
    bytes: usize,
}

const XDP_DROP: u32 = 1;
const XDP_PASS: u32 = 2;
const XDP_TX: u32 = 3;

/// Every prefix that a program can be run behind: both orders of the rows, with and without numbers, some more rows than
/// are needed, on one core, on many, and steered by VLAN.
const PREFIXES: [&str; 5] = [
    "prefix = { layout = \"paper\", timestamp_bytes = 8 }\nspray.cores = 7\nhistory.rows = 9",
    "prefix = { layout = \"bpf-profile\", timestamp_bytes = 8 }\nspray.cores = 5",
    "prefix = { layout = \"bpf-profile-numbered\", timestamp_bytes = 8 }\nspray.cores = 14",
    "prefix = { layout = \"paper\", timestamp_bytes = 8, sequence_bytes = 1 }\nspray.cores = 1",
    "prefix = { layout = \"paper-padded\", timestamp_bytes = 8, sequence_bytes = 3 }\n\
     spray = { cores = 3, steering = \"vlan\" }",
];

fn config(row: &str, rest: &str) -> Config {
    let rest = match row {
        "none" => rest.replace("\nhistory.rows = 9", ""),
        _ => rest.to_owned(),
    };
    let toml = format!("name = \"a\"\nhistory.row = \"{row}\"\n{rest}");
    Config::from_toml_str(&toml, row).expect("it is valid")
}

/// Writes the folder of a configuration; nothing, with a note, when there is no compiler.
fn write(config: &Config) -> Option<TempDir> {
    if !is_here("clang") {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let package = package(config, "a test");
    assert_eq!(package.lacks_xdp, None);
    for file in &package.files {
        fs::write(folder.path().join(&file.name), &file.text).expect("it can be written");
    }
    Some(folder)
}

/// Compiles the XDP program as the README says; nothing, with a note, when something that it needs is not here.
fn make(config: &Config, folder: &Path) -> Option<PathBuf> {
    if !Path::new("/usr/include/bpf/bpf_helpers.h").exists() {
        println!("skipped: the headers of libbpf are not here");
        return None;
    }
    if !is_here("make") {
        return None;
    }
    let mut make = Command::new("make");
    make.current_dir(folder).arg("CLANG=clang -Werror");
    let output = make.output().expect("make starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", config.to_toml());
    Some(folder.join(format!("{}_xdp.o", config.name())))
}

/// Whether a program can be started, or a note that it cannot.
fn is_here(program: &str) -> bool {
    let started = Command::new(program).arg("--version").output();
    let is_here = !started.is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if !is_here {
        println!("skipped: {program} is not here");
    }
    is_here
}

/// What the program in Rust says of all packets, one after the other, with the time that is in front of each.
fn single_thread<P: Program + Default>(config: &Config, frames: &[Vec<u8>]) -> Vec<Said> {
    let prefix_bytes = config.prefix_bytes();
    let mut sections = config.prefix().sections().iter();
    let time = sections.find(|section| matches!(section.kind, SectionKind::Timestamp { .. }));
    let time = time.expect("every prefix here has one").offset_bytes;
    let mut states = States::new(P::default());
    let say = |frame: &Vec<u8>| {
        let timestamp = u64::from_le_bytes(*frame[time..].first_chunk().expect("8 bytes"));
        let meta = P::meta(&frame[prefix_bytes..], timestamp);
        let (action, bytes) = match states.handle(meta.as_ref()) {
            Verdict::Drop => (XDP_DROP, frame.len()),
            Verdict::Transmit => (XDP_TX, frame.len()),
            // The prefix is taken away.
            Verdict::Pass => (XDP_PASS, frame.len() - prefix_bytes),
            Verdict::Redirect(_) => panic!("no program here does that"),
        };
        Said { action, bytes }
    };
    frames.iter().map(say).collect()
}

fn check<P: Program + Default>(row: &str, actions: &[u32]) {
    for rest in PREFIXES {
        let config = config(row, rest);
        let frames = frames::of_the_hardware(&config);
        let expected = single_thread::<P>(&config, &frames);
        for action in actions {
            let count = expected
                .iter()
                .filter(|said| said.action == *action)
                .count();
            assert!(count > 20, "{row}: {count} frames with action {action}");
        }
        let Some(folder) = write(&config) else {
            return;
        };
        let object = machine::compile(folder.path(), config.name());
        let said = machine::run(&object, config.cores(), &frames);
        compare("the machine", &config, &said, &expected);
        if let Some(object) = make(&config, folder.path())
            && let Some(said) = kernel::run(&object, &frames)
        {
            compare("the kernel", &config, &said, &expected);
        }
    }
}

fn compare(what: &str, config: &Config, said: &[Said], expected: &[Said]) {
    assert_eq!(said.len(), expected.len());
    for (number, (said, expected)) in said.iter().zip(expected).enumerate() {
        assert_eq!(
            said,
            expected,
            "{what}, frame {number} of\n{}",
            config.to_toml()
        );
    }
}

#[test]
fn the_forwarder_says_what_it_says_in_rust() {
    check::<Forwarder>("none", &[XDP_TX]);
}

#[test]
fn the_ddos_mitigator_says_what_it_says_in_rust() {
    check::<DdosMitigator>("ddos-mitigator", &[XDP_TX, XDP_DROP]);
}

#[test]
fn the_heavy_hitter_monitor_says_what_it_says_in_rust() {
    check::<HeavyHitter>("heavy-hitter", &[XDP_TX, XDP_PASS]);
}

#[test]
fn the_token_bucket_policer_says_what_it_says_in_rust() {
    check::<TokenBucket>("token-bucket", &[XDP_TX, XDP_DROP]);
}

#[test]
fn the_port_knocking_firewall_says_what_it_says_in_rust() {
    check::<PortKnocking>("port-knocking", &[XDP_TX, XDP_DROP]);
}

#[test]
fn the_connection_tracker_says_what_it_says_in_rust() {
    check::<ConnectionTracker>("connection-tracker", &[XDP_TX, XDP_DROP]);
}
