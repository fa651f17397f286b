//! The history holds the packets before the current one, and nothing after a reset.

use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Engine, Options};

use super::Engines;
use crate::common::{config, options, trace};
use crate::engines;

/// The history of each frame that comes out, with a row of one field: the source address.
fn histories(config: &Config, sequencer: impl Engine, sources: &[u8]) -> Vec<Vec<u8>> {
    let packets = sources.iter().map(|&source| tcp_from(source));
    let mut cosim =
        Cosim::new(sequencer, config, Options::default()).expect("a sequencer has its ports");
    let mut found = Vec::new();
    let rows = 14..14 + 4 * config.rows();
    let run = cosim.run_with(packets, |frame| {
        found.push(
            frame.bytes[rows.clone()]
                .chunks(4)
                .map(|row| row[3])
                .collect(),
        );
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    found
}

/// A frame of TCP over IPv4 from 10.0.0.`source`; one of ARP with the same bytes when that is 0.
fn tcp_from(source: u8) -> Packet {
    let mut data = vec![0; 60];
    let ethertype = if source == 0 { 0x06 } else { 0x00 };
    data[12..15].copy_from_slice(&[0x08, ethertype, 0x45]);
    data[23] = 6;
    data[26..30].copy_from_slice(&[10, 0, 0, source.max(1)]);
    Packet {
        timestamp_ns: 0,
        data,
    }
}

#[test]
fn history_holds_the_packets_before_the_current_one() {
    let Some(engines) = engines() else { return };
    let config = config(
        "history = { row = \"ddos-mitigator\", rows = 4 }\nspray.cores = 4\nprefix.layout = \"bpf-profile\"",
    );
    let found = histories(&config, engines.sequencer(&config), &[11, 12, 13]);
    assert_eq!(found, [[0, 0, 0, 0], [0, 0, 0, 11], [0, 0, 11, 12]]);
}

#[test]
fn overwrites_the_oldest_row_when_full() {
    let Some(engines) = engines() else { return };
    let config = config("history = { row = \"ddos-mitigator\", rows = 3 }\nspray.cores = 3");
    let found = histories(&config, engines.sequencer(&config), &[11, 12, 13, 14, 15]);
    assert_eq!(
        found,
        [
            [0, 0, 0],
            [11, 0, 0],
            [11, 12, 0],
            [11, 12, 13],
            [14, 12, 13]
        ]
    );
}

#[test]
fn a_frame_without_the_headers_of_the_row_takes_a_row_of_zeros() {
    let Some(engines) = engines() else { return };
    for (order, data_bits) in engines.cases(["paper", "bpf-profile"]).by([64, 1024]) {
        let config = config(&format!(
            r#"
            bus.data_bits = {data_bits}
            history = {{ row = "ddos-mitigator", rows = 3 }}
            spray.cores = 3
            prefix.layout = "{order}"
            "#
        ));
        // 0 stands for ARP.
        let found = histories(&config, engines.sequencer(&config), &[11, 12, 0, 14, 15]);
        let newest_last = [[0, 0, 0], [0, 0, 11], [0, 11, 12], [11, 12, 0], [12, 0, 14]];
        let in_place = [[0, 0, 0], [11, 0, 0], [11, 12, 0], [11, 12, 0], [14, 12, 0]];
        let expected = if order == "paper" {
            in_place
        } else {
            newest_last
        };
        assert_eq!(found, expected, "{order}, {data_bits} bits");
    }
}

#[test]
fn memory_is_clean_after_reset() {
    let Some(engines) = engines() else { return };
    let cases = engines
        .cases(["paper", "bpf-profile"])
        .by(["distributed", "block", "registers"]);
    for (layout, storage) in cases {
        let config = config(&format!(
            r#"
            bus.data_bits = 128
            history = {{ row = "ddos-mitigator", rows = 6, storage = "{storage}" }}
            spray.cores = 6
            prefix.layout = "{layout}"
            "#
        ));
        // Stopped in the middle of traffic, wherever that is.
        for frames in 0..20 {
            let mut cosim =
                Cosim::new(engines.sequencer(&config), &config, options(30, 10, frames))
                    .expect("all ports are there");
            let mut packets = trace(TraceKind::Zipf, 1000, frames);
            for _ in 0..frames {
                let frame = cosim.next_frame(&mut packets);
                assert!(
                    frame
                        .unwrap_or_else(|failure| panic!("{failure}"))
                        .is_some()
                );
            }
            let found = histories(&config, cosim.into_engine(), &[11, 12]);
            assert_eq!(found[0], [0; 6]);
            assert_eq!(found[1].iter().filter(|&&source| source == 11).count(), 1);
        }
    }
}

#[test]
fn rows_may_stand_anywhere_in_the_prefix() {
    let Some(engines) = engines() else { return };
    let padding = |bytes| match bytes {
        0 => String::new(),
        _ => format!(r#"{{ kind = "padding", bytes = {bytes} }},"#),
    };
    let cases = engines
        .cases(["array", "oldest-first"])
        .by([1, 2, 3, 5, 16])
        .by([0, 1, 7, 16, 64])
        .by([0, 1, 8, 16, 64]);
    for (((order, rows), before), after) in cases {
        let config = config(&format!(
            r#"
            bus.data_bits = 128
            history = {{ row = "ddos-mitigator", rows = {rows} }}
            spray = {{ cores = 1, steering = "tdest" }}
            prefix.section = [{} {{ kind = "rows", order = "{order}" }}, {}]
            "#,
            padding(before),
            padding(after),
        ));
        engines.agree(&config, options(20, 20, 1), trace(TraceKind::Zipf, 25, 1));
    }
}
