//! A configuration survives being written as TOML and read again.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use seqnic_spec::{
    Config, Layer, PrefixPreset, RawAlignment, RawBus, RawConfig, RawField, RawFlowRadar,
    RawHistory, RawInstructions, RawInt, RawPipeline, RawPrefix, RawReport, RawSection, RawSpray,
    RawTimestamp, RawWatch, RowPreset, Source,
};

#[test]
fn the_echo_is_complete() {
    let config = Config::from_toml_str(
        r#"
        name = "everything"
        bus = { data_bits = 512, tuser_bits = 128 }
        history.field = [{ source = "ipv4.source" }, { name = "kind", source = "constant:6", order = "little" }]
        history.requires = ["vlan"]
        prefix.section = [{ kind = "sequence-number" }, { kind = "rows" }, { kind = "padding", align_bytes = "bus" }]
        spray = { cores = 2, steering = "tuser" }
        "#,
        "test",
    );
    let expected = r#"name = "everything"

[bus]
data_bits = 512
tuser_bits = 128

[history]
rows = 2
field = [
    { name = "ipv4_source", source = "ipv4.source", bytes = 4, order = "big" },
    { name = "kind", source = "constant:0x6", bytes = 1, order = "little" },
]
requires = ["vlan", "ipv4"]
storage = "block"

[prefix]
section = [
    { kind = "sequence-number", bytes = 4, order = "little" },
    { kind = "rows", order = "array" },
    { kind = "padding", bytes = 50 },
]

[spray]
cores = 2
steering = "tuser"
tuser_offset_bits = 24
tuser_core_bits = 8
tuser_encoding = "binary"

[timestamp]
source = "counter"
increment = 4

[pipeline]
input_skid = false
output_skid = false
fifo_beats = 16
fifo_storage = "block"
"#;
    assert_eq!(config.unwrap().to_toml(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// No configuration makes the checks panic, and an accepted one reads back equal.
    #[test]
    fn an_accepted_configuration_reads_back_from_its_echo(raw in raw_config()) {
        if let Ok(config) = Config::try_from(raw) {
            prop_assert!(config.prefix_bytes() <= 32768);
            prop_assert!(config.row().bytes() == 0 || config.rows() + 1 >= config.cores());
            prop_assert_eq!(Config::from_toml_str(&config.to_toml(), "echo"), Ok(config));
        }
    }
}

/// Mostly accepted configurations, with every kind of mistake among them.
fn raw_config() -> impl Strategy<Value = RawConfig> {
    let skid = any::<Option<bool>>;
    let fifo_storage = name(&["distributed", "block", "registers"]);
    let pipeline = (skid(), skid(), rare(0..600), fifo_storage).prop_map(
        |(input_skid, output_skid, fifo_beats, fifo_storage)| RawPipeline {
            input_skid,
            output_skid,
            fifo_beats,
            fifo_storage,
        },
    );
    let timestamp = (name(&["counter", "port"]), rare(0..70000))
        .prop_map(|(source, increment)| RawTimestamp { source, increment });
    let bus = (
        rare_of(&[64, 128, 256, 512, 1024, 2048, 96]),
        weighted(0.9, 0..520u64),
    )
        .prop_map(|(data_bits, tuser_bits)| RawBus {
            data_bits,
            tuser_bits,
        });
    let flowradar = weighted(0.3, flowradar());
    let int = weighted(0.3, int());
    (
        bus,
        history(),
        prefix(),
        spray(),
        timestamp,
        pipeline,
        flowradar,
        int,
    )
        .prop_map(
            |(bus, history, prefix, spray, timestamp, pipeline, flowradar, int)| RawConfig {
                name: None,
                bus,
                history,
                prefix,
                spray,
                timestamp,
                pipeline,
                flowradar,
                int,
            },
        )
}

fn int() -> impl Strategy<Value = RawInt> {
    let kinds = (
        name(&["md", "mx", "xd"]),
        name(&["source", "transit", "sink", "node", "mirror"]),
        name(&["dscp", "port", "protocol"]),
        name(&["incremental", "complement"]),
    );
    let numbers = (
        rare(1..0x1_0002),
        rare(0..40),
        rare(1..300),
        rare(0..400),
        rare(0..70),
    );
    let metadata = prop::collection::vec(select(vec!["hop-latency", "egress-timestamp"]), 0..3);
    let metadata = metadata.prop_map(|names| names.into_iter().map(str::to_owned).collect());
    let watch = weighted(0.9, prop::collection::vec(watch(), 0..3));
    let report = weighted(0.2, (rare(1..70), rare(0..2100), any::<Option<bool>>()));
    (kinds, numbers, weighted(0.8, metadata), watch, report).prop_map(
        |(
            (mode, role, encapsulation, checksum),
            (instructions, ds_words, max_hops, tuser_offset_bits, dscp),
            metadata,
            watch,
            report,
        )| RawInt {
            mode,
            role,
            encapsulation,
            checksum,
            instructions: instructions.map(RawInstructions::Bitmap),
            ds_words,
            max_hops,
            tuser_offset_bits,
            dscp,
            metadata,
            watch,
            report: report.map(|(collectors, truncate_bytes, fill)| RawReport {
                collectors,
                truncate_bytes,
                fill,
                ..RawReport::default()
            }),
            ..RawInt::default()
        },
    )
}

fn watch() -> impl Strategy<Value = RawWatch> {
    let prefixes = &["10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "::/0", "10/8"];
    let ports = weighted(0.3, prop::collection::vec(0..65_540u64, 1..3));
    (
        (name(prefixes), name(prefixes), rare(3..8)),
        (rare(0..70), rare(0..70), rare(0..260)),
        ports,
    )
        .prop_map(
            |((source, destination, ip_version), (dscp, dscp_mask, tcp_flags), source_ports)| {
                RawWatch {
                    ip_version,
                    source,
                    destination,
                    dscp,
                    dscp_mask,
                    tcp_flags,
                    source_ports,
                    ..RawWatch::default()
                }
            },
        )
}

fn flowradar() -> impl Strategy<Value = RawFlowRadar> {
    let sizes = (
        rare(0..1 << 25),
        rare(0..10),
        rare(90..1100),
        rare(0..70),
        rare(0..20),
    );
    let names = (
        name(&["crc-sum", "tabulation", "crc"]),
        name(&["five-tuple", "ipv6-five-tuple"]),
        name(&["block", "ultra"]),
    );
    let rest = (any::<Option<bool>>(), rare(0..9), rare(0..9), rare(0..9));
    (sizes, names, rest).prop_map(
        |(
            (flows, tables, cells_percent, filter_bits_per_flow, filter_hashes),
            (hash, key, storage),
            (byte_counts, seed, epoch_cycles, switch_id),
        )| RawFlowRadar {
            flows,
            tables,
            cells_percent,
            filter_bits_per_flow,
            filter_hashes,
            hash,
            seed,
            key,
            byte_counts,
            storage,
            epoch_cycles,
            switch_id,
            ..RawFlowRadar::default()
        },
    )
}

fn history() -> impl Strategy<Value = RawHistory> {
    let row = select(RowPreset::ALL).prop_map(|preset| preset.name().to_owned());
    let layer = select(Layer::ALL).prop_map(|layer| layer.name().to_owned());
    let shape = prop_oneof![
        row.prop_map(|row| (Some(row), None)),
        prop::collection::vec(field(), 0..5).prop_map(|fields| (None, Some(fields))),
    ];
    let requires = weighted(0.3, prop::collection::vec(layer, 0..3));
    let storage = name(&["distributed", "block", "registers", "paper"]);
    (rare(0..260), shape, requires, storage).prop_map(|(rows, (row, field), requires, storage)| {
        RawHistory {
            rows,
            row,
            field,
            requires,
            storage,
        }
    })
}

fn field() -> impl Strategy<Value = RawField> {
    let named = any::<Index>().prop_map(|index| {
        let named: Vec<_> = Source::named().collect();
        index.get(&named).to_string()
    });
    let predicate = (any::<u8>(), any::<u8>())
        .prop_map(|(mask, value)| format!("tcp.flags&{mask}={}", value & mask));
    let constant = any::<u64>().prop_map(|value| format!("constant:{value:#x}"));
    let source = prop_oneof![4 => named, 1 => predicate, 1 => constant];
    (source, weighted(0.5, 0..12u64), name(&["big", "little"])).prop_map(
        |(source, bytes, order)| RawField {
            name: None,
            source,
            bytes,
            order,
        },
    )
}

fn prefix() -> impl Strategy<Value = RawPrefix> {
    let layout = select(PrefixPreset::ALL).prop_map(|preset| preset.name().to_owned());
    let shape = prop_oneof![
        layout.prop_map(|layout| (Some(layout), None)),
        prop::collection::vec(section(), 0..6).prop_map(|sections| (None, Some(sections))),
    ];
    let base = name(&[
        "10:10:10:10:10:00",
        "fe:ff:ff:ff:ff:fe",
        "ff:ff:ff:ff:ff:ff",
    ]);
    let widths = (rare(0..5), rare(0..10), rare(0..10));
    (shape, base, rare(0..70000), widths).prop_map(
        |(
            (layout, section),
            source_base,
            ethertype,
            (index_bytes, sequence_bytes, timestamp_bytes),
        )| RawPrefix {
            layout,
            section,
            destination: None,
            source_base,
            ethertype,
            index_bytes,
            sequence_bytes,
            timestamp_bytes,
        },
    )
}

fn section() -> impl Strategy<Value = RawSection> {
    let number = select(vec!["sequence-number", "timestamp", "index-pointer"]);
    let number = (number, rare(0..10), name(&["big", "little", "array"]));
    let align = prop_oneof![
        Just(RawAlignment::Name("bus".to_owned())),
        (0..200u64).prop_map(RawAlignment::Bytes),
    ];
    let section = |kind: &str| RawSection {
        kind: kind.to_owned(),
        ..RawSection::default()
    };
    prop_oneof![
        2 => Just(section("ethernet")),
        4 => name(&["array", "oldest-first"])
            .prop_map(move |order| RawSection { order, ..section("rows") }),
        2 => number.prop_map(move |(kind, bytes, order)| RawSection { bytes, order, ..section(kind) }),
        1 => (0..40000u64)
            .prop_map(move |bytes| RawSection { bytes: Some(bytes), ..section("padding") }),
        1 => align
            .prop_map(move |to| RawSection { align_bytes: Some(to), ..section("padding") }),
        1 => rare(0..10).prop_map(move |bytes| RawSection { bytes, ..section("padding") }),
    ]
}

fn spray() -> impl Strategy<Value = RawSpray> {
    let vid_step = rare(0..13).prop_map(|step| step.map(|step| 1 << step));
    let vlan = (weighted(0.8, 0..5000u64), vid_step).prop_map(|(first_vid, vid_step)| RawSpray {
        steering: Some("vlan".to_owned()),
        first_vid,
        vid_step,
        ..RawSpray::default()
    });
    let tuser = (rare(0..520), rare(0..520), name(&["binary", "one-hot"])).prop_map(
        |(tuser_offset_bits, tuser_core_bits, tuser_encoding)| RawSpray {
            steering: Some("tuser".to_owned()),
            tuser_offset_bits,
            tuser_core_bits,
            tuser_encoding,
            ..RawSpray::default()
        },
    );
    let other =
        (name(&["source-mac", "tdest"]), rare(0..2)).prop_map(|(steering, first_vid)| RawSpray {
            steering,
            first_vid,
            ..RawSpray::default()
        });
    let control = weighted(0.3, proptest::bool::ANY);
    let max_weight = rare(0..300);
    let heartbeat = weighted(0.2, proptest::bool::ANY);
    (
        weighted(0.8, 0..40u64),
        control,
        (max_weight, heartbeat),
        name(&["datapath", "own"]),
        prop_oneof![vlan, tuser, other],
    )
        .prop_map(
            |(cores, control, (max_weight, heartbeat), control_clock, spray)| RawSpray {
                cores,
                control,
                max_weight,
                heartbeat,
                control_clock: control_clock.filter(|_| control == Some(true)),
                ..spray
            },
        )
}

/// A number that is seldom given.
fn rare(range: std::ops::Range<u64>) -> impl Strategy<Value = Option<u64>> {
    weighted(0.1, range)
}

fn rare_of(values: &'static [u64]) -> impl Strategy<Value = Option<u64>> {
    weighted(0.5, select(values))
}

/// One of the names, or none.
fn name(names: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    weighted(0.2, select(names).prop_map(str::to_owned))
}
