//! The sequencer equals its model, whatever the bus, the history, the frames and the pauses.

use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::axis::Pause;
use seqnic_testbench::{Cosim, Options};

use super::Engines;
use crate::common::{config, frames_of, options, stress, trace};
use crate::engines;

const BUSES: [usize; 6] = [64, 128, 256, 512, 1024, 2048];

/// A configuration of the usual parameters.
fn sized(data_bits: usize, row: &str, rows: usize, layout: &str) -> Config {
    // As many cores as the history serves, and not more than 7.
    let cores = rows.min(7);
    config(&format!(
        r#"
        bus.data_bits = {data_bits}
        history = {{ row = "{row}", rows = {rows} }}
        prefix.layout = "{layout}"
        spray.cores = {cores}
        "#
    ))
}

#[test]
fn equals_the_model_for_every_bus_width_and_number_of_rows() {
    let Some(engines) = engines() else { return };
    let cases = engines
        .cases(BUSES)
        .by([1, 2, 3, 7, 8, 16, 33, 128, 256])
        .by(["paper", "bpf-profile", "bpf-profile-numbered"]);
    for ((data_bits, rows), layout) in cases {
        let config = sized(data_bits, "table2", rows, layout);
        engines.agree(
            &config,
            options(20, 20, rows as u64),
            stress(12, data_bits as u64),
        );
    }
}

#[test]
fn equals_the_model_for_every_row_preset() {
    let Some(engines) = engines() else { return };
    let rows = [
        "ddos-mitigator",
        "port-knocking",
        "heavy-hitter",
        "token-bucket",
        "connection-tracker",
        "table2",
        "none",
    ];
    let layouts = ["paper", "bpf-profile", "bpf-profile-numbered"];
    for ((data_bits, row), layout) in engines.cases(BUSES).by(rows).by(layouts) {
        let config = sized(data_bits, row, 5, layout);
        engines.agree(&config, options(10, 10, 1), trace(TraceKind::Dctcp, 40, 3));
        engines.agree(&config, options(25, 0, 2), stress(30, 4));
    }
}

#[test]
fn equals_the_model_for_every_frame_length_up_to_200_bytes() {
    let Some(engines) = engines() else { return };
    for (data_bits, layout) in engines.cases(BUSES).by(["paper", "bpf-profile"]) {
        let config = sized(data_bits, "connection-tracker", 4, layout);
        engines.agree(&config, options(0, 0, 1), frames_of(1..=200, 5));
        engines.agree(&config, options(30, 30, 2), frames_of((1..=200).rev(), 6));
    }
}

#[test]
fn equals_the_model_for_frame_lengths_around_beats_and_for_long_frames() {
    let Some(engines) = engines() else { return };
    for data_bits in engines.cases(BUSES) {
        let beat = data_bits / 8;
        let around = (1..=4).flat_map(|beats| (beats * beat - 1)..=(beats * beat + 1));
        let lengths: Vec<usize> = around.chain([1514, 9600, 60, 9599, 9601, 1]).collect();
        let config = sized(data_bits, "heavy-hitter", 16, "paper");
        engines.agree(
            &config,
            options(0, 0, 1),
            frames_of(lengths.iter().copied(), 7),
        );
        engines.agree(&config, options(15, 15, 2), frames_of(lengths, 8));
    }
}

#[test]
fn equals_the_model_under_every_pattern_of_pauses() {
    let Some(engines) = engines() else { return };
    let pauses = [
        Pause::Never,
        Pause::Percent(50),
        Pause::Percent(90),
        Pause::Periodic { run: 1, pause: 1 },
        Pause::Periodic { run: 1, pause: 40 },
        Pause::Periodic { run: 40, pause: 3 },
        Pause::Bursts { longest: 5 },
        Pause::Bursts { longest: 100 },
    ];
    for data_bits in engines.cases([64, 512, 1024]) {
        let config = sized(data_bits, "token-bucket", 9, "paper");
        for stall in pauses {
            for idle in pauses {
                let options = Options {
                    stall,
                    idle,
                    seed: 9,
                    ..Options::default()
                };
                engines.agree(&config, options, stress(25, 10));
            }
        }
    }
}

#[test]
fn equals_the_model_for_every_storage_and_pipeline() {
    let Some(engines) = engines() else { return };
    let pipelines = [
        (false, false, 16),
        (true, false, 2),
        (false, true, 512),
        (true, true, 16),
    ];
    let cases = engines
        .cases(["distributed", "block", "registers"])
        .by(["paper", "bpf-profile"])
        .by(["distributed", "block"])
        .by(pipelines);
    for (((storage, layout), fifo_storage), (input_skid, output_skid, fifo_beats)) in cases {
        let config = config(&format!(
            r#"
            bus.data_bits = 256
            history = {{ row = "heavy-hitter", rows = 6, storage = "{storage}" }}
            prefix.layout = "{layout}"
            spray.cores = 6
            pipeline.input_skid = {input_skid}
            pipeline.output_skid = {output_skid}
            pipeline.fifo_beats = {fifo_beats}
            pipeline.fifo_storage = "{fifo_storage}"
            "#
        ));
        engines.agree(&config, options(0, 0, 1), stress(60, 11));
        engines.agree(&config, options(40, 10, 2), stress(60, 12));
    }
}

#[test]
fn frames_of_any_bytes_and_of_more_than_65535_bytes_pass_and_their_length_wraps() {
    let Some(engines) = engines() else { return };
    for data_bits in engines.cases([64, 1024]) {
        let config = config(&format!(
            r#"
            bus.data_bits = {data_bits}
            history = {{ rows = 1, field = [{{ source = "frame.length", bytes = 4 }}] }}
            spray = {{ cores = 1, steering = "tdest" }}
            prefix.section = [{{ kind = "rows" }}]
            "#
        ));
        let lengths = [65_535, 65_536, 65_537, 70_000, 1];
        let packets: Vec<Packet> = lengths
            .into_iter()
            .zip([0x00, 0xff, 0x08, 0x45, 0x86])
            .map(|(length, byte)| Packet {
                timestamp_ns: 0,
                data: vec![byte; length],
            })
            .collect();
        let mut cosim = Cosim::new(engines.sequencer(&config), &config, options(0, 0, 1))
            .expect("a sequencer has its ports");
        let mut rows = Vec::new();
        let run = cosim.run_with(packets.iter().cloned(), |frame| {
            let (row, original) = frame.bytes.split_at(4);
            assert!(original == packets[rows.len()].data);
            rows.push(row.to_vec());
        });
        run.unwrap_or_else(|failure| panic!("{failure}"));
        // 4,464 is 70,000 - 65,536.
        let expected = [
            [0; 4],
            [0, 0, 0xff, 0xff],
            [0; 4],
            [0, 0, 0, 1],
            [0, 0, 0x11, 0x70],
        ];
        assert_eq!(rows, expected, "{data_bits} bits");
    }
}

#[test]
fn numbers_wrap_at_their_width_and_the_index_at_the_number_of_rows() {
    let Some(engines) = engines() else { return };
    for data_bits in engines.cases([64, 1024]) {
        let config = config(&format!(
            r#"
            bus.data_bits = {data_bits}
            history = {{ row = "ddos-mitigator", rows = 3 }}
            spray = {{ cores = 2, steering = "tdest" }}
            prefix.section = [
                {{ kind = "sequence-number", bytes = 1 }},
                {{ kind = "index-pointer", bytes = 4, order = "big" }},
                {{ kind = "rows" }},
            ]
            "#
        ));
        let mut cosim = Cosim::new(engines.sequencer(&config), &config, options(10, 10, 1))
            .expect("a sequencer has its ports");
        let mut seen = Vec::new();
        let run = cosim.run_with(frames_of([60; 600], 1), |frame| {
            seen.push(frame.bytes[..5].to_vec());
        });
        run.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(seen[0], [1, 0, 0, 0, 0]);
        assert_eq!(seen[254], [255, 0, 0, 0, 2]);
        assert_eq!(seen[255], [0, 0, 0, 0, 0]);
        for (before, shown) in seen.iter().enumerate() {
            let number = (before + 1) % 256;
            assert_eq!(*shown, [number as u8, 0, 0, 0, (before % 3) as u8]);
        }
    }
}

#[test]
fn takes_the_time_from_its_counter_or_from_its_port() {
    let Some(engines) = engines() else { return };
    let sources = [
        "source = \"counter\"\nincrement = 65535",
        "source = \"counter\"\nincrement = 1",
        "source = \"port\"",
    ];
    for source in engines.cases(sources) {
        let config = config(&format!(
            r#"
            bus.data_bits = 128
            history = {{ row = "connection-tracker", rows = 3 }}
            spray.cores = 3
            prefix.section = [
                {{ kind = "ethernet" }},
                {{ kind = "timestamp", order = "big" }},
                {{ kind = "rows" }},
                {{ kind = "index-pointer" }},
            ]
            [timestamp]
            {source}
            "#
        ));
        engines.agree(&config, options(0, 0, 1), trace(TraceKind::Zipf, 60, 1));
        engines.agree(&config, options(30, 40, 2), trace(TraceKind::Zipf, 60, 2));
    }
}

#[test]
fn steers_by_address_vlan_tdest_and_tuser() {
    let Some(engines) = engines() else { return };
    let steerings = [
        ("steering = \"source-mac\"", 0),
        ("steering = \"vlan\"\nfirst_vid = 100", 9),
        ("steering = \"vlan\"\nvid_step = 256", 9),
        ("steering = \"tdest\"", 64),
        (
            "steering = \"tuser\"\ntuser_offset_bits = 3\ntuser_core_bits = 3",
            128,
        ),
        (
            "steering = \"tuser\"\ntuser_offset_bits = 60\ntuser_core_bits = 5\ntuser_encoding = \"one-hot\"",
            65,
        ),
    ];
    for (steering, tuser_bits) in engines.cases(steerings) {
        let config = config(&format!(
            r#"
            bus = {{ data_bits = 256, tuser_bits = {tuser_bits} }}
            history = {{ row = "port-knocking", rows = 5 }}
            [spray]
            cores = 5
            {steering}
            "#
        ));
        engines.agree(&config, options(0, 0, 1), trace(TraceKind::Hadoop, 60, 1));
        engines.agree(&config, options(30, 30, 2), trace(TraceKind::Hadoop, 60, 2));
    }
}

#[test]
fn sprays_round_robin() {
    let Some(engines) = engines() else { return };
    let sizes = [(1, 1), (2, 1), (3, 2), (14, 16), (256, 255)];
    for (cores, rows) in engines.cases(sizes) {
        let config = config(&format!("spray.cores = {cores}\nhistory.rows = {rows}"));
        let mut cosim = Cosim::new(engines.sequencer(&config), &config, options(10, 10, 1))
            .expect("a sequencer has its ports");
        let mut seen = Vec::new();
        let packets = 3 * cores + 1;
        let report = cosim
            .run_with(trace(TraceKind::Zipf, packets, 1), |frame| {
                seen.push(frame.bytes[11])
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
        // The last byte of the source address, whose base ends with 0.
        let round: Vec<u8> = (0..packets).map(|packet| (packet % cores) as u8).collect();
        assert_eq!(seen, round);
        assert_eq!(report.frames_per_core.len(), cores);
        assert_eq!(
            (
                report.frames_per_core[0],
                report.frames_per_core.iter().sum()
            ),
            (4, packets as u64)
        );
    }
}

#[test]
fn emits_one_beat_per_cycle_without_bubbles() {
    let Some(engines) = engines() else { return };
    let share = |config: &Config, stall| {
        let packets = frames_of([64; 200], 1);
        engines
            .agree(config, options(stall, 0, 3), packets)
            .output_bus_share()
    };
    for rows in engines.cases([16, 32, 64, 128]) {
        let config = sized(1024, "table2", rows, "paper");
        assert_eq!(
            share(&config, 0),
            1.0,
            "{rows} rows of 14 bytes at 1024 bits"
        );
    }
    let rows = [
        "ddos-mitigator",
        "heavy-hitter",
        "connection-tracker",
        "none",
    ];
    let cases = engines
        .cases(BUSES)
        .by(rows)
        .by([1, 2, 5, 16])
        .by(["paper", "bpf-profile"]);
    for (((data_bits, row), rows), layout) in cases {
        let config = sized(data_bits, row, rows, layout);
        for stall in [0, 40] {
            assert_eq!(
                share(&config, stall),
                1.0,
                "{rows} rows of {row} at {data_bits} bits, stall {stall} %"
            );
        }
    }
}
