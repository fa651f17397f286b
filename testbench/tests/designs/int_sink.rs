//! The INT sink against its model.

use std::sync::Arc;

use seqnic_hdl::rtl::Design;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Engine, IntOracle, Options, Report};

use super::Engines;
use crate::common::int::{Path, Recording, hex};
use crate::common::{config, options, stress, trace};
use crate::engines;

fn sink(config: &Config) -> Arc<Design> {
    tops::int_node(config).unwrap_or_else(|error| panic!("{error}\n{}", config.to_toml()))
}

/// Runs a sink against its model; the figures, and the reports that were left out.
fn agrees(
    engines: &impl Engines,
    config: &Config,
    options: Options,
    packets: impl IntoIterator<Item = Packet>,
) -> (Report, u64) {
    let oracle = Box::new(IntOracle::new(config).expect("there is a node"));
    let engine = engines.start(&sink(config));
    let cosim = Cosim::with_oracle(engine, config, options, oracle);
    let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
    let report = cosim
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}\n{}", config.to_toml()));
    let engine = cosim.engine();
    let dropped = engine
        .port("reports_dropped")
        .map(|port| engine.get(port)[0]);
    (report, dropped.expect("the design counts them"))
}

/// The ways to know packets with INT: keys of `[int]`.
const MARKS: [&str; 3] = [
    "dscp = 0x21\ndscp_mask = 0x35",
    "encapsulation = \"port\"",
    "encapsulation = \"protocol\"",
];

#[test]
fn takes_out_what_the_path_put_in_and_reports_it() {
    let Some(engines) = engines() else { return };
    let buses = [64, 128, 256, 512, 1024, 2048];
    for ((data_bits, mark), mode) in engines.large_cases(buses).by(MARKS).by(["md", "mx"]) {
        let config = config(&format!(
            r#"
            bus = {{ data_bits = {data_bits}, tuser_bits = 384 }}
            [int]
            mode = "{mode}"
            role = "sink"
            node_id = 0xc33
            {mark}
            length_offset_bits = 3
            tuser_offset_bits = 19
            [int.report]
            collectors = 2
            truncate_bytes = 128
            "#
        ));
        let keys = format!("mode = \"{mode}\"\n{mark}");
        let source = "instructions = [\"interfaces\", \"queue-occupancy\", \"ingress-timestamp\", \"tx-utilization\"]";
        for (stall, idle, hops) in [(0, 0, 2), (30, 30, 4)] {
            let packets = Path::new(&keys, source, hops, data_bits).packets(150);
            let count = packets.len() as u64;
            let (report, dropped) = agrees(&engines, &config, options(stall, idle, 7), packets);
            assert_eq!(report.frames_in, count);
            assert!(
                report.reports > 40,
                "only {} reports, {dropped} left out",
                report.reports
            );
            assert!(report.bytes_out + 25 * 16 < report.bytes_in);
        }
    }
}

#[test]
fn frames_without_int_pass_as_they_are() {
    let Some(engines) = engines() else { return };
    for (data_bits, mark) in engines.large_cases([(64, MARKS[0]), (512, MARKS[2])]) {
        let config = config(&format!(
            "bus.data_bits = {data_bits}\n[int]\nrole = \"sink\"\n{mark}\nmetadata = []"
        ));
        let packets = trace(TraceKind::Headers, 300, 3).chain(stress(40, 5));
        let (report, _) = agrees(&engines, &config, options(20, 20, 3), packets);
        assert_eq!(report.bytes_in, report.bytes_out);
        assert_eq!(report.reports, 0);
    }
}

/// What comes out of a sink with these keys.
struct Out {
    frames: Vec<Vec<u8>>,
    reports: Vec<Vec<u8>>,
}

/// Sends frames through a sink of 256 bits that is compared with its model, too.
fn through(engines: &impl Engines, keys: &str, frames: &[Vec<u8>]) -> Out {
    let config = config(&format!(
        r#"
        bus = {{ data_bits = 256, tuser_bits = 400 }}
        [int]
        role = "sink"
        node_id = 0xc33
        metadata = ["queue-occupancy"]
        {keys}
        [int.report]
        truncate_bytes = 2048
        "#
    ));
    let (oracle, reports) = Recording::new(&config);
    let engine = engines.start(&sink(&config));
    let cosim = Cosim::with_oracle(engine, &config, options(20, 20, 11), Box::new(oracle));
    // The occupancy of queue 3 is 0x445566; in every other frame it is not available.
    let mut is_there = false;
    let tuser = move |_: &Packet, words: &mut [u64]| {
        is_there = !is_there;
        words[0] = 0x0344_5566 | u64::from(is_there) << 32;
    };
    let cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
    let mut cosim = cosim.with_tuser(Box::new(tuser));
    let packets = frames.iter().map(|data| Packet {
        timestamp_ns: 0,
        data: data.clone(),
    });
    let mut frames = Vec::new();
    let run = cosim.run_with(packets, |frame| frames.push(frame.bytes.to_vec()));
    run.unwrap_or_else(|failure| panic!("{failure}"));
    let reports = reports.lock().expect("nobody panics with it").clone();
    Out { frames, reports }
}

const ETHERNET: &str = "020000000002 020000000001 0800";
/// 198.1.1.17 to 198.1.2.18, TTL 63, ID 1, UDP 4196 to 9028, checksums right, 64 times `a`.
const ORIGINAL: &str = "4500005c 00010000 3f11ec6a c6010111 c6010212 10642344 00481064";
/// Two hops of 0xfe00, and the header in front of them.
const STACK: &str = "20000a07 fe007777 88889999
    00000b22 00140015 00000000 00000000 0000000000000000 0000000000000000 0000000500000006
    00000a11 000a000b 00000000 00000000 0000000000000000 0000000000000000 0000000100000002";

fn packet(headers: &str, int: &str) -> Vec<u8> {
    hex(&format!("{ETHERNET} {headers} {int} {}", "61".repeat(64)))
}

/// The packet of the golden case that is marked by DSCP.
fn golden() -> Vec<u8> {
    let headers = "458000bc 00010000 3f11eb8a c6010111 c6010212 10642344 00a8286c";
    packet(headers, &format!("10170000 {STACK}"))
}

const BY_DSCP: &str = "dscp = 0x20\ndscp_mask = 0x20";

#[test]
fn the_golden_packets_leave_as_they_were_before_the_source() {
    let Some(engines) = engines() else { return };
    let original = packet(ORIGINAL, "");
    let cases = [
        (BY_DSCP, golden()),
        (
            "mode = \"mx\"\ndscp = 0x20",
            packet(
                "4580006c 00010000 3f11ebda c6010111 c6010212 10642344 005828a6",
                "30030000 20000000 fe007777 88889999",
            ),
        ),
        (
            "encapsulation = \"port\"",
            packet(
                "450000bc 00010000 3f11ec0a c6010111 c6010212 10644568 00a8df03",
                &format!("14172344 {STACK}"),
            ),
        ),
        (
            "mode = \"mx\"\nencapsulation = \"port\"",
            packet(
                "4500006c 00010000 3f11ec5a c6010111 c6010212 10644568 0058df3d",
                "34032344 20000000 fe007777 88889999",
            ),
        ),
        // NPT 2: a UDP header of its own, and behind the stack the UDP header of the packet.
        (
            "encapsulation = \"protocol\"",
            packet(
                "450000c4 00010000 3f11ec02 c6010111 c6010212 c0014568 00b00000",
                &format!("18170011 {STACK} 10642344 00481064"),
            ),
        ),
    ];
    for (keys, marked) in engines.large_cases(cases) {
        let out = through(&engines, keys, &[marked.clone(), original.clone()]);
        assert_eq!(out.frames, [original.clone(), original.clone()], "{keys}");
        // The packet is reported as it came, and only it.
        assert_eq!(out.reports.len(), 1, "{keys}");
        assert!(
            out.reports[0]
                .windows(marked.len())
                .any(|part| part == marked),
            "{keys}"
        );
    }
}

#[test]
fn a_report_has_these_headers_and_leaves_out_what_is_not_available() {
    let Some(engines) = engines() else { return };
    let out = through(&engines, BY_DSCP, &[golden(), golden()]);
    // Group: version 2, sequence, node. Report: INT, Ethernet, its words, those of metadata, F. Body: bits, domain 0x7777.
    let with = hex("20000000 00000c33 13360120 10007777 00000000 03445566");
    let without = hex("20000001 00000c33 13350020 00007777 00000000");
    for (report, headers) in out.reports.iter().zip([with, without]) {
        assert_eq!(report[42..42 + headers.len()], headers);
        // 202 bytes, filled up to whole words.
        let copy = &report[42 + headers.len()..];
        assert_eq!((&copy[..202], &copy[202..]), (&golden()[..], &[0, 0][..]));
    }
    assert_eq!(out.reports.len(), 2);
}

#[test]
fn a_packet_with_d_is_dropped_and_reported() {
    let Some(engines) = engines() else { return };
    let mut with_d = golden();
    // The first byte of the INT header: version 2, D.
    with_d[46] = 0x28;
    let original = packet(ORIGINAL, "");
    let out = through(
        &engines,
        BY_DSCP,
        &[with_d.clone(), original.clone(), with_d],
    );
    assert_eq!(out.frames, [original]);
    assert_eq!(out.reports.len(), 2);
}

#[test]
fn a_udp_checksum_of_0_stays_0_and_one_that_becomes_0_is_ffff() {
    let Some(engines) = engines() else { return };
    let mut without = golden();
    without[40..42].copy_from_slice(&[0, 0]);
    // The last word of the payload makes the checksum of the original 0: it grows by what that was, 0x1064.
    let mut becomes_zero = golden();
    let end = becomes_zero.len();
    becomes_zero[end - 2..].copy_from_slice(&[0x71, 0xc5]);
    becomes_zero[40..42].copy_from_slice(&[0x18, 0x08]);
    let out = through(&engines, BY_DSCP, &[without, becomes_zero]);
    assert_eq!(out.frames[0][40..42], [0, 0]);
    assert_eq!(out.frames[1][40..42], [0xff, 0xff]);
}

#[test]
fn only_the_bits_of_the_mark_are_restored() {
    let Some(engines) = engines() else { return };
    let mut marked = golden();
    // On the way another bit of the DSCP, and one of ECN, were set; the shim says that the DSCP was 0x3f.
    (marked[15], marked[45]) = (0x80 | 0x10 | 0x01, 0xfc);
    let out = through(&engines, BY_DSCP, &[marked]);
    assert_eq!(out.frames[0][15], 0x80 | 0x10 | 0x01);
}

#[test]
fn a_frame_that_ends_in_its_stack_and_a_fragment_have_no_int() {
    let Some(engines) = engines() else { return };
    let mut cut = golden();
    // Shim and header are there, and all words of the stack but the last byte.
    cut.truncate(42 + 4 * 24 - 1);
    let mut whole = golden();
    whole.truncate(42 + 4 * 24);
    let mut fragment = golden();
    fragment[20] = 0x20;
    let frames = [cut.clone(), fragment.clone(), whole];
    let out = through(&engines, BY_DSCP, &frames);
    assert_eq!(out.frames[..2], [cut, fragment]);
    assert_eq!(out.frames[2].len(), 42);
    assert_eq!(out.reports.len(), 1);
}

#[test]
fn reserved_bits_are_not_looked_at_and_a_destination_header_stays() {
    let Some(engines) = engines() else { return };
    let mut reserved = golden();
    // Those of the shim, and those of the header.
    (reserved[42], reserved[47], reserved[48]) = (0x13, 0xff, 0xea);
    let mut destination = golden();
    destination[42] = 0x20;
    let out = through(&engines, BY_DSCP, &[reserved, destination.clone()]);
    assert_eq!(out.frames[0].len(), 106);
    assert_eq!(out.frames[1], destination);
}

#[test]
fn the_longest_stack_is_taken_out() {
    let Some(engines) = engines() else { return };
    // 255 words behind the shim, in front of UDP data of 64 bytes.
    let bytes = 28 + 1024 + 64;
    let headers = format!(
        "4580{bytes:04x} 00010000 3f110000 c6010111 c6010212 10642344 {:04x}1234",
        bytes - 20
    );
    let stack = format!(
        "10ff0000 20000a00 fe007777 88889999 {}",
        "0102f3c4".repeat(252)
    );
    let out = through(&engines, BY_DSCP, &[packet(&headers, &stack), golden()]);
    assert_eq!(out.frames.len(), 2);
    assert_eq!((out.frames[0].len(), out.frames[1].len()), (106, 106));
    assert_eq!(out.frames[0][42..], out.frames[1][42..]);
}
