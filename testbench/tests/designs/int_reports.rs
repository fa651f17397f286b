//! INT nodes that embed nothing, against their model: INT-XD and the mirror.

use seqnic_hdl::rtl::Design;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Engine, IntOracle, Options, Report};
use std::sync::Arc;

use super::Engines;
use crate::common::int::{Path, Recording, ip_packets};
use crate::common::{config, frames_of, options, stress, trace};
use crate::engines;

fn node(config: &Config) -> Arc<Design> {
    tops::int_node(config).unwrap_or_else(|error| panic!("{error}\n{}", config.to_toml()))
}

/// Runs a node against its model; the figures, and the reports that were left out.
fn agrees(
    engines: &impl Engines,
    config: &Config,
    options: Options,
    packets: impl IntoIterator<Item = Packet>,
) -> (Report, u64) {
    let oracle = Box::new(IntOracle::new(config).expect("there is a node"));
    let engine = engines.start(&node(config));
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

/// Headers of all kinds, frames of all lengths, and flows.
fn traffic() -> impl Iterator<Item = Packet> {
    trace(TraceKind::Headers, 300, 3)
        .chain(stress(40, 5))
        .chain(trace(TraceKind::Dctcp, 100, 6))
}

#[test]
fn a_node_reports_frames_on_its_watchlist_and_lets_all_pass_as_they_are() {
    let Some(engines) = engines() else { return };
    let instructions = [
        r#"["node-id", "interfaces", "hop-latency", "queue-occupancy"]"#,
        r#"["ingress-timestamp", "egress-timestamp", "level2-interfaces", "tx-utilization", "buffer-occupancy"]"#,
        r#"["node-id"]"#,
    ];
    let buses = [64, 128, 256, 512, 1024, 2048];
    let cases = instructions.into_iter().zip([128, 52, 0]);
    for (data_bits, (instructions, truncate_bytes)) in engines.large_cases(buses).by(cases) {
        let config = config(&format!(
            r#"
            bus = {{ data_bits = {data_bits}, tuser_bits = 400 }}
            [int]
            mode = "xd"
            node_id = 0xd44
            hw_id = 33
            domain_id = 0x7777
            instructions = {instructions}
            tuser_offset_bits = 5
            sample_every = 2
            [[int.watch]]
            protocol = 6
            [[int.watch]]
            ip_version = 6
            [int.report]
            truncate_bytes = {truncate_bytes}
            "#
        ));
        for (stall, idle) in [(0, 30), (30, 0)] {
            let (report, dropped) = agrees(&engines, &config, options(stall, idle, 7), traffic());
            assert_eq!((report.frames_in, report.frames_out), (440, 440));
            assert_eq!(report.bytes_in, report.bytes_out);
            assert!(
                report.reports > 20,
                "only {} reports, {dropped} left out",
                report.reports
            );
        }
    }
}

#[test]
fn a_transit_hop_of_int_mx_reports_what_the_packet_asks_for_and_changes_nothing() {
    let Some(engines) = engines() else { return };
    let marks = [
        "dscp = 9",
        "encapsulation = \"port\"",
        "encapsulation = \"protocol\"",
    ];
    for (data_bits, mark) in engines.large_cases([128, 512, 1024]).by(marks) {
        let keys = format!("mode = \"mx\"\n{mark}");
        let config = config(&format!(
            r#"
            bus = {{ data_bits = {data_bits}, tuser_bits = 384 }}
            [int]
            role = "transit"
            node_id = 0xb22
            {keys}
            [int.report]
            collectors = 8
            truncate_bytes = 64
            "#
        ));
        let source = "domain_id = 0x1234\ninstructions = [\"hop-latency\", \"egress-timestamp\"]";
        let packets = Path::new(&keys, source, 0, data_bits).packets(150);
        let (report, dropped) = agrees(&engines, &config, options(20, 20, 5), packets);
        assert_eq!(report.bytes_in, report.bytes_out);
        assert!(
            report.reports > 25,
            "only {} reports, {dropped} left out",
            report.reports
        );
    }
}

#[test]
fn a_source_of_int_mx_reports_the_frames_that_get_a_header() {
    let Some(engines) = engines() else { return };
    let marks = [
        "dscp = 9",
        "encapsulation = \"port\"",
        "encapsulation = \"protocol\"",
    ];
    for (data_bits, mark) in engines.large_cases([64, 512, 2048]).by(marks) {
        let config = config(&format!(
            r#"
            bus = {{ data_bits = {data_bits}, tuser_bits = 384 }}
            [int]
            mode = "mx"
            node_id = 0xa11
            {mark}
            instructions = ["interfaces", "ingress-timestamp"]
            domain_id = 0x4321
            sample_every = 2
            [[int.watch]]
            [int.report]
            collectors = 4
            truncate_bytes = 96
            "#
        ));
        let packets = ip_packets(120, 4).into_iter().chain(traffic());
        let (report, dropped) = agrees(&engines, &config, options(20, 20, 6), packets);
        assert!(report.bytes_out > report.bytes_in);
        assert!(
            report.reports > 8,
            "only {} reports, {dropped} left out",
            report.reports
        );
    }
}

#[test]
fn a_mirror_copies_what_opens_closes_or_breaks_a_connection_to_the_analyser_of_its_flow() {
    let Some(engines) = engines() else { return };
    for (data_bits, collectors) in engines.large_cases([(64, 4), (512, 1), (1024, 64)]) {
        let config = config(&format!(
            r#"
            bus.data_bits = {data_bits}
            [int]
            mode = "xd"
            role = "mirror"
            node_id = 0xe55
            [[int.watch]]
            tcp_flags = 2
            tcp_flags_mask = 2
            [[int.watch]]
            tcp_flags = 1
            tcp_flags_mask = 1
            [[int.watch]]
            tcp_flags = 4
            tcp_flags_mask = 4
            [[int.watch]]
            dscp = 1
            dscp_mask = 1
            [int.report]
            collectors = {collectors}
            destination_ip = "192.0.2.190"
            truncate_bytes = 128
            "#
        ));
        let (report, dropped) = agrees(&engines, &config, options(20, 20, 9), traffic());
        assert_eq!(report.frames_out, 440);
        assert!(
            report.reports > 50,
            "{} reports, {dropped} left out",
            report.reports
        );
    }
}

/// Runs a mirror that fills nothing up; what it reports of frames of these lengths.
fn unfilled(
    engines: &impl Engines,
    data_bits: usize,
    truncate_bytes: usize,
    lengths: &[usize],
) -> Vec<Vec<u8>> {
    let config = config(&format!(
        "bus.data_bits = {data_bits}\n[int]\nmode = \"xd\"\nrole = \"mirror\"\n[[int.watch]]\n\
         [int.report]\ntruncate_bytes = {truncate_bytes}\nfill = false"
    ));
    let (oracle, reports) = Recording::new(&config);
    let engine = engines.start(&node(&config));
    // Frames come slowly enough that there is room for all reports.
    let cosim = Cosim::with_oracle(engine, &config, options(10, 90, 4), Box::new(oracle));
    let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
    cosim
        .run(frames_of(lengths.iter().copied(), 8))
        .unwrap_or_else(|failure| panic!("{failure}\n{}", config.to_toml()));
    reports.lock().expect("nobody panics with it").clone()
}

#[test]
fn without_fill_a_report_ends_with_the_frame_or_where_that_is_cut() {
    let Some(engines) = engines() else { return };
    // Bytes of a frame, bytes of it in the report, words of the report.
    let cut_after_64 = [
        (60, 60, 15),
        (61, 61, 255),
        (62, 62, 255),
        (63, 63, 255),
        (64, 64, 16),
        (65, 64, 16),
        (66, 64, 16),
        (67, 64, 16),
        (68, 64, 16),
        (69, 64, 16),
        (70, 64, 16),
        (1500, 64, 16),
    ];
    let cut_after_2048 = [
        (60, 60, 15),
        (61, 61, 255),
        (64, 64, 16),
        (65, 65, 255),
        (66, 66, 255),
        (67, 67, 255),
        (68, 68, 17),
        (69, 69, 255),
        (70, 70, 255),
        (1015, 1015, 255),
        (1016, 1016, 254),
        (1017, 1017, 255),
        (1020, 1020, 255),
        (3000, 2048, 255),
    ];
    let cases = [(64, &cut_after_64[..]), (2048, &cut_after_2048)];
    for (data_bits, (truncate_bytes, frames)) in engines.large_cases([64, 512]).by(cases) {
        let lengths: Vec<usize> = frames.iter().map(|&(length, ..)| length).collect();
        let reports = unfilled(&engines, data_bits, truncate_bytes, &lengths);
        let found: Vec<_> = reports
            .iter()
            .zip(&lengths)
            .map(|(report, &length)| (length, report.len() - 54, report[51]))
            .collect();
        assert_eq!(
            found, frames,
            "{data_bits} bits, cut after {truncate_bytes} bytes"
        );
    }
}

#[test]
fn without_fill_a_sink_says_as_much_of_packets_of_all_lengths() {
    let Some(engines) = engines() else { return };
    let config = config(
        r#"
        bus = { data_bits = 256, tuser_bits = 384 }
        [int]
        role = "sink"
        node_id = 0xc33
        dscp = 9
        [int.report]
        collectors = 2
        truncate_bytes = 160
        fill = false
        "#,
    );
    let source = "instructions = [\"hop-latency\", \"egress-timestamp\"]";
    let packets = Path::new("dscp = 9", source, 2, 5).packets(200);
    let (report, dropped) = agrees(&engines, &config, options(20, 20, 3), packets);
    assert!(
        report.reports > 40,
        "only {} reports, {dropped} left out",
        report.reports
    );
}

#[test]
fn reports_that_nobody_takes_are_left_out_and_hold_no_frame_back() {
    let Some(engines) = engines() else { return };
    let config = config(
        r#"
        bus.data_bits = 512
        [int]
        mode = "xd"
        role = "mirror"
        [[int.watch]]
        "#,
    );
    // Each frame is reported, in more beats than it has itself.
    let frames = frames_of([64; 400], 3);
    let (report, dropped) = agrees(&engines, &config, Options::default(), frames);
    assert!(dropped > 100, "only {dropped} are left out");
    assert!(report.reports > 30, "only {} come", report.reports);
    assert_eq!(report.reports + dropped, 400);
    // A beat a cycle, but for the way through, and the reports that come behind the last frame.
    let most = 400 + 60 + 33 * 14;
    assert!(
        report.cycles < most,
        "{} cycles for 400 beats",
        report.cycles
    );
}
