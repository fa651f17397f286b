//! INT sources and transit hops, against their model.

use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, IntOracle, Options, Report};

use super::Engines;
use super::int_traffic::{ENCAPSULATIONS, sourced, varied, whole};
use crate::common::{config, options, stress, trace};
use crate::engines;

/// Runs a node against its model and panics with the whole report when they differ.
fn agrees(
    engines: &impl Engines,
    config: &Config,
    options: Options,
    packets: impl IntoIterator<Item = Packet>,
) -> Report {
    let oracle = Box::new(IntOracle::new(config).expect("there is a node"));
    let design = tops::int_node(config).unwrap_or_else(|error| panic!("{error}"));
    let cosim = Cosim::with_oracle(engines.start(&design), config, options, oracle);
    let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
    cosim
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}\n{}", config.to_toml()))
}

#[test]
fn lets_traffic_without_int_pass_as_it_is() {
    let Some(engines) = engines() else { return };
    for data_bits in engines.cases([64, 128, 256, 512, 1024, 2048]) {
        let config = config(&format!(
            "bus = {{ data_bits = {data_bits}, tuser_bits = 400 }}\nint.role = \"transit\""
        ));
        let traffic = stress(60, 1).chain(trace(TraceKind::Headers, 300, 2));
        let report = agrees(&engines, &config, options(20, 20, 1), traffic);
        assert_eq!(report.bytes_in, report.bytes_out);
    }
}

/// Frames of all headers and lengths, behind sources that ask for this and that.
fn marked(encapsulation: &str, seed: u64) -> Vec<Packet> {
    let keys = [
        "",
        "instructions = 0xff80\nmax_hops = 2",
        "instructions = [\"hop-latency\", \"checksum-complement\"]\nchecksum = \"complement\"",
        "push = false\ndomain_id = 1",
        "ds_words = 9\nsource_only = [1, 2, 3]\ndomain_id = 2",
    ];
    let mut packets = Vec::new();
    for (index, keys) in keys.into_iter().enumerate() {
        let seed = seed + index as u64;
        let traffic = whole(200, seed).into_iter().chain(stress(10, seed));
        packets.extend(sourced(encapsulation, keys, traffic));
    }
    packets
}

#[test]
fn a_hop_pushes_or_says_why_not_whatever_the_header_holds() {
    let Some(engines) = engines() else { return };
    let keys = [
        "checksum = \"incremental\"\nunknown_domain = \"pad\"",
        "checksum = \"complement\"\nunknown_domain = \"skip\"\ndomain_id = 1",
        "mtu_bytes = 600\nmetadata = [\"hop-latency\", \"egress-timestamp\"]\ndomain_id = 2",
        "metadata = []\nlength_offset_bits = 17\nchecksum = \"complement\"",
    ];
    let buses = [1024, 64, 128, 256, 512, 2048];
    for ((data_bits, keys), encapsulation) in engines.cases(buses).by(keys).by(ENCAPSULATIONS) {
        let offset = if keys.contains("[]") {
            ""
        } else {
            "tuser_offset_bits = 3"
        };
        let config = config(&format!(
            r#"
            bus = {{ data_bits = {data_bits}, tuser_bits = 400 }}
            [int]
            role = "transit"
            node_id = 0xc0ffee42
            {offset}
            {encapsulation}
            {keys}
            "#
        ));
        let packets = varied(marked(encapsulation, 7), 3);
        for (stall, idle) in [(0, 0), (25, 25)] {
            let report = agrees(&engines, &config, options(stall, idle, 5), packets.clone());
            assert!(
                report.bytes_out > report.bytes_in + 4 * 200,
                "{} bytes in, {} out",
                report.bytes_in,
                report.bytes_out
            );
        }
    }
}
