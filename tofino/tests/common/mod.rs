//! Configurations.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::fs;
use std::path::Path;

use seqnic_spec::Config;
use seqnic_tofino::{Chip, IntDesign, Passage, Refusal};

pub fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").unwrap_or_else(|error| panic!("{toml}: {error}"))
}

/// A configuration of `examples`.
pub fn example(name: &str) -> Config {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let text = fs::read_to_string(folder.join(format!("{name}.toml"))).expect("is there");
    config(&text)
}

/// Rows in array order with an index pointer.
pub fn array(row: &str, rows: usize, cores: usize) -> String {
    format!("history = {{ row = '{row}', rows = {rows} }}\nspray.cores = {cores}\n")
}

/// Rows oldest first, behind a sequence number.
pub fn by_age(row: &str, rows: usize, cores: usize) -> String {
    array(row, rows, cores) + "prefix.layout = 'bpf-profile-numbered'\n"
}

/// Configurations of all kinds: every example, and what examples do not have.
pub fn configurations() -> Vec<Config> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("there are examples")
        .map(|entry| entry.expect("can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    let examples = paths
        .iter()
        .map(|path| fs::read_to_string(path).expect("can be read"))
        .filter(|text| config(text).int().is_none());
    let sections = "prefix.section = [{ kind = 'timestamp', order = 'big' }, { kind = 'ethernet' }, { kind = \
                    'sequence-number', bytes = 3 }, { kind = 'rows' }, { kind = 'padding', bytes = 5 }, { kind = \
                    'index-pointer', bytes = 4, order = 'big' }]\n";
    let mut all: Vec<String> = examples.collect();
    for row in [
        "ddos-mitigator",
        "port-knocking",
        "heavy-hitter",
        "token-bucket",
        "connection-tracker",
        "table2",
    ] {
        all.push(array(row, 3, 4));
        all.push(by_age(row, 3, 4));
        all.push(array(row, 2, 3) + sections);
        all.push(array(row, 5, 3) + "spray.steering = 'vlan'\n");
        all.push(array(row, 2, 2) + "spray.steering = 'tdest'\n");
    }
    for fields in [
        "{ source = 'ethernet.ethertype' }, { source = 'ethernet.source' }",
        "{ source = 'vlan.id' }, { source = 'inner-vlan.pcp' }, { source = 'ethernet.ethertype', order = 'little' }",
        "{ source = 'ipv6.source' }, { source = 'ipv6.flow-label', order = 'little' }, { source = 'udp.length' }",
        "{ source = 'ports.destination' }, { source = 'constant:0x1002' }, { source = 'frame.length' }",
        "{ source = 'ipv4.fragment-offset', bytes = 3 }, { source = 'tcp.flags&0x12=0x02' }, { source = 'tcp.ack' }",
        "{ source = 'ipv4.version' }, { source = 'ipv4.ihl' }, { source = 'timestamp', bytes = 7 }",
    ] {
        for layout in ["paper", "bpf-profile"] {
            all.push(format!(
                "history = {{ rows = 3, field = [{fields}] }}\nspray.cores = 3\nprefix.layout = '{layout}'\n"
            ));
        }
    }
    all.iter().map(|toml| config(toml)).collect()
}

/// An INT node, if there is a program for it.
pub fn made(config: &Config, chip: Chip) -> Result<IntDesign, Refusal> {
    IntDesign::new(config, chip).expect("it is a node")
}

/// A frame of UDP behind a source and a hop: DSCP 8, ECN 0 of the packet, and two words of a hop.
pub const STACKED: [u8; 70] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, //
    0x45, 0x5c, 0, 56, 0, 1, 0, 0, 63, 17, 0x12, 0x34, 198, 1, 1, 17, 198, 1, 2, 18, //
    0x10, 0x64, 0x23, 0x44, 0, 36, 0x56, 0x78, //
    0x10, 5, 0, 0x20, 0x20, 0, 2, 2, 0xc0, 0, 0, 0, 0, 0, 0, 0, //
    0, 0, 0x0b, 0x22, 0, 0, 1, 0, //
    0x61, 0x61, 0x61, 0x61,
];

/// Ethernet, IPv4 with DSCP 6 and ECN 1, TCP to port 80 with 4 bytes of options, 2 bytes.
pub const UNMARKED: [u8; 60] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, //
    0x45, 0x19, 0, 46, 0, 1, 0x40, 0, 63, 6, 0x12, 0x34, 198, 1, 1, 17, 198, 1, 2, 18, //
    0x10, 0x64, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x10, 1, 0, 0x56, 0x78, 0, 0, 1, 1, 1,
    1, //
    0x61, 0x62,
];

/// What the chip says of a frame.
pub const PASSAGE: Passage = Passage {
    ingress_port: 0x14,
    egress_port: 0x115,
    queue: 7,
    queue_depth: 0x1_0203,
    ingress_time: 0x0001_ffff_ffff,
    egress_time: 0x0002_0000_00ff,
};
