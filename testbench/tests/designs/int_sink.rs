//! The INT sink against its model.

use std::sync::Arc;

use seqnic_hdl::rtl::Design;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Engine, IntOracle, Options, Report};

use super::Engines;
use crate::common::int::Path;
use crate::common::{config, options, stress, trace};
use crate::engines;

fn sink(config: &Config) -> Arc<Design> {
    let int = config.int().expect("there is a node");
    let parts = int.encapsulation().zip(int.report());
    let (encapsulation, report) = parts.expect("a sink has both");
    tops::int_sink(config, int, encapsulation, report)
        .unwrap_or_else(|error| panic!("{error}\n{}", config.to_toml()))
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
    for ((data_bits, mark), mode) in engines.cases(buses).by(MARKS).by(["md", "mx"]) {
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
    for (data_bits, mark) in engines.cases([64, 512, 1024]).by(MARKS) {
        let config = config(&format!(
            "bus.data_bits = {data_bits}\n[int]\nrole = \"sink\"\n{mark}\nmetadata = []"
        ));
        let packets = trace(TraceKind::Headers, 300, 3).chain(stress(40, 5));
        let (report, _) = agrees(&engines, &config, options(20, 20, 3), packets);
        assert_eq!(report.bytes_in, report.bytes_out);
        assert_eq!(report.reports, 0);
    }
}
