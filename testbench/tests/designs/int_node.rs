//! INT sources and transit hops, against their model.

use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Options, Report};

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
    let design = tops::int_node(config).unwrap_or_else(|error| panic!("{error}"));
    let cosim = Cosim::new(engines.start(&design), config, options);
    let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
    cosim
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}\n{}", config.to_toml()))
}

#[test]
fn lets_traffic_without_int_pass_as_it_is() {
    let Some(engines) = engines() else { return };
    for data_bits in engines.large_cases([64, 128, 256, 512, 1024, 2048]) {
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
        let traffic = whole(80, seed).into_iter().chain(stress(5, seed));
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
    let cases = (0..24).map(|case| {
        (
            buses[case % 6],
            keys[case / 6],
            ENCAPSULATIONS[(case % 6 + case / 6) % 4],
        )
    });
    for (data_bits, keys, encapsulation) in engines.large_cases(cases) {
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
                report.bytes_out > report.bytes_in + 100,
                "{} bytes in, {} out",
                report.bytes_in,
                report.bytes_out
            );
        }
    }
}

#[test]
fn a_source_embeds_what_it_is_to_ask_for_into_frames_on_its_watchlist() {
    let Some(engines) = engines() else { return };
    let keys = [
        "",
        "instructions = 0xff80\nmax_hops = 3\nmtu_bytes = 600\ndiscard = true",
        "instructions = [\"hop-latency\", \"checksum-complement\"]\nchecksum = \"complement\"\nsource_only = [7, 0xffffffff]",
        "instructions = 0x8001\nds_words = 13\nds_flags = 5\nds_instruction = 0x8000\nsample_every = 3",
        "push = false\ndomain_id = 0x1234\nmetadata = []\nlength_offset_bits = 11",
        "instructions = 0x0f81\nds_words = 20\nchecksum = \"complement\"\nmax_hops = 1\nmtu_bytes = 620\nsource_only = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]",
    ];
    let buses = [1024, 64, 128, 256, 512, 2048];
    let cases = (0..24).map(|case| {
        (
            buses[case % 6],
            keys[(case + case / 6) % 6],
            ENCAPSULATIONS[case / 6],
        )
    });
    for (data_bits, keys, encapsulation) in engines.large_cases(cases) {
        let config = config(&format!(
            r#"
            bus = {{ data_bits = {data_bits}, tuser_bits = 400 }}
            [int]
            node_id = 0xc0ffee42
            {encapsulation}
            {keys}
            [[int.watch]]
            protocol = 17
            [[int.watch]]
            ip_version = 6
            [[int.watch]]
            source_ports = [0, 40000]
            "#
        ));
        let packets: Vec<_> = whole(250, 21).into_iter().chain(stress(20, 4)).collect();
        let packets = varied(packets, 9);
        for (stall, idle) in [(0, 0), (25, 25)] {
            let report = agrees(&engines, &config, options(stall, idle, 5), packets.clone());
            assert!(
                report.bytes_out > report.bytes_in + 100,
                "{} bytes in, {} out",
                report.bytes_in,
                report.bytes_out
            );
        }
    }
}
