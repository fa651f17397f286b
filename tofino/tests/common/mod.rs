//! Configurations.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::fs;
use std::path::Path;

use seqnic_spec::Config;

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
