//! Rows and prefixes against offsets that are written out by hand.

use seqnic_spec::{
    ByteOrder, Config, HeaderField, PrefixLayout, RawConfig, Requirements, RowLayout, RowOrder,
    RowPreset, SectionKind, Source, VlanTag,
};

fn config(text: &str) -> Config {
    Config::from_toml_str(text, "test").unwrap()
}

/// Offset, bytes, byte order and source of each field.
fn fields(layout: &RowLayout) -> Vec<(usize, usize, ByteOrder, String)> {
    let fields = layout.fields().iter().enumerate();
    fields
        .map(|(i, field)| {
            (
                layout.offset_of(i),
                field.bytes,
                field.order,
                field.source.to_string(),
            )
        })
        .collect()
}

/// Offset, bytes and kind of each section.
fn sections(layout: &PrefixLayout) -> Vec<(usize, usize, &'static str)> {
    let sections = layout.sections().iter();
    sections
        .map(|section| (section.offset_bytes, section.bytes, section.kind.name()))
        .collect()
}

#[test]
fn the_presets_have_the_sizes_that_host_programs_expect() {
    let sizes: Vec<_> = RowPreset::ALL
        .iter()
        .map(|&preset| (preset.name(), RowLayout::preset(preset).bytes()))
        .collect();
    assert_eq!(
        sizes,
        [
            ("ddos-mitigator", 4),
            ("port-knocking", 8),
            ("heavy-hitter", 18),
            ("token-bucket", 18),
            ("connection-tracker", 30),
            ("load-balancer", 21),
            ("table2", 14),
            ("none", 0),
        ]
    );
}

#[test]
fn the_connection_tracker_row_is_in_the_order_of_the_host_struct() {
    use ByteOrder::{Big, Little};
    let expected = [
        (0, 4, Big, "ipv4.source"),
        (4, 4, Big, "ipv4.destination"),
        (8, 2, Big, "tcp.source-port"),
        (10, 2, Big, "tcp.destination-port"),
        (12, 1, Big, "ipv4.protocol"),
        (13, 1, Big, "tcp.flags"),
        (14, 4, Big, "tcp.sequence"),
        (18, 4, Big, "tcp.acknowledgment"),
        (22, 8, Little, "timestamp"),
    ];
    let layout = RowLayout::preset(RowPreset::ConnectionTracker);
    assert_eq!(
        fields(&layout),
        expected.map(|(o, b, e, s)| (o, b, e, s.to_owned()))
    );
    assert!(layout.uses_timestamp() && !layout.uses_frame_length());
}

#[test]
fn the_heavy_hitter_row_mixes_byte_orders() {
    use ByteOrder::{Big, Little};
    let expected = [
        (0, 4, Big, "ipv4.source"),
        (4, 4, Big, "ipv4.destination"),
        (8, 2, Little, "tcp.source-port"),
        (10, 2, Little, "tcp.destination-port"),
        (12, 4, Little, "frame.length"),
        (16, 1, Little, "tcp.syn"),
        (17, 1, Little, "tcp.fin"),
    ];
    let layout = RowLayout::preset(RowPreset::HeavyHitter);
    assert_eq!(
        fields(&layout),
        expected.map(|(o, b, e, s)| (o, b, e, s.to_owned()))
    );
    assert!(layout.uses_frame_length() && !layout.uses_timestamp());
}

#[test]
fn the_table2_row_is_the_tcp_4_tuple_and_16_bits_of_time() {
    use ByteOrder::Big;
    let expected = [
        (0, 4, Big, "ipv4.source"),
        (4, 4, Big, "ipv4.destination"),
        (8, 2, Big, "tcp.source-port"),
        (10, 2, Big, "tcp.destination-port"),
        (12, 2, Big, "timestamp"),
    ];
    let layout = RowLayout::preset(RowPreset::Table2);
    assert_eq!(
        fields(&layout),
        expected.map(|(o, b, e, s)| (o, b, e, s.to_owned()))
    );
}

#[test]
fn a_row_requires_what_its_fields_read_and_what_is_asked_for() {
    let ipv4 = Requirements {
        ipv4: true,
        ..Requirements::default()
    };
    let ipv4_tcp = Requirements { tcp: true, ..ipv4 };
    let ipv4_ports = Requirements {
        ports: true,
        ..ipv4
    };
    for &preset in RowPreset::ALL {
        let expected = match preset {
            RowPreset::None => Requirements::default(),
            RowPreset::DdosMitigator => ipv4,
            RowPreset::LoadBalancer => ipv4_ports,
            _ => ipv4_tcp,
        };
        assert_eq!(RowLayout::preset(preset).requires(), expected, "{preset}");
    }
    let asked = config("history = { row = \"ddos-mitigator\", requires = [\"vlan\", \"udp\"] }");
    assert_eq!(
        asked.row().requires(),
        Requirements {
            vlan: true,
            udp: true,
            ..ipv4
        }
    );
    let listed = config("history.field = [{ source = \"tcp.syn\" }, { source = \"timestamp\" }]");
    let tcp = Requirements {
        tcp: true,
        ..Requirements::default()
    };
    assert_eq!(listed.row().requires(), tcp, "TCP may run over either IP");
}

#[test]
fn a_listed_field_takes_name_size_and_order_from_its_source() {
    let config = config(
        r#"
        [[history.field]]
        source = "inner-vlan.id"

        [[history.field]]
        source = "ipv6.flow-label"
        bytes = 2
        order = "little"

        [[history.field]]
        source = "tcp.flags&0x12=0x02"
        "#,
    );
    let names: Vec<_> = config
        .row()
        .fields()
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["inner_vlan_id", "ipv6_flow_label", "tcp_flags_0x12_0x02"]
    );
    assert_eq!(config.row().name(), "custom");
    assert_eq!(config.row().bytes(), 5);
    let label = &config.row().fields()[1];
    assert_eq!(label.source, Source::Header(HeaderField::Ipv6FlowLabel));
    assert_eq!((label.bytes, label.order), (2, ByteOrder::Little));
}

#[test]
fn the_defaults_are_the_design_of_the_paper() {
    let config = Config::try_from(RawConfig::default()).unwrap();
    assert_eq!(config.name(), "seqnic");
    assert_eq!(
        (config.data_bits(), config.bus_bytes(), config.tuser_bits()),
        (1024, 128, 0)
    );
    assert_eq!((config.rows(), config.index_bits()), (16, 4));
    assert_eq!(
        (config.cores(), config.core_bits(), config.tdest_bits()),
        (16, 4, 0)
    );
    assert_eq!(
        (config.row().name(), config.prefix().name()),
        ("table2", "paper")
    );
    let expected = [
        (0, 14, "ethernet"),
        (14, 224, "rows"),
        (238, 2, "index-pointer"),
    ];
    assert_eq!(sections(config.prefix()), expected);
    assert_eq!((config.prefix_bytes(), config.prefix_beats()), (240, 2));
    assert_eq!(config.prefix().row_order(), Some(RowOrder::Array));
}

#[test]
fn the_bus_is_as_wide_as_it_is_asked_for() {
    let config = config("bus = { data_bits = 512, tuser_bits = 48 }");
    assert_eq!(
        (config.data_bits(), config.bus_bytes(), config.tuser_bits()),
        (512, 64, 48)
    );
}

#[test]
fn the_layout_of_the_xdp_programs_has_no_pointer_and_one_row_less() {
    let plain = config(
        "history.row = \"port-knocking\"\nprefix.layout = \"bpf-profile\"\nspray.cores = 14",
    );
    assert_eq!(plain.rows(), 13);
    assert_eq!(
        sections(plain.prefix()),
        [(0, 14, "ethernet"), (14, 104, "rows")]
    );
    assert_eq!(plain.prefix().row_order(), Some(RowOrder::OldestFirst));
    let SectionKind::Ethernet {
        source_base,
        ethertype,
        vlan,
        ..
    } = plain.prefix().sections()[0].kind
    else {
        panic!("the first section is the dummy Ethernet header");
    };
    assert_eq!(
        source_base.checked_add(13).unwrap().to_string(),
        "10:10:10:10:10:0d"
    );
    assert_eq!((ethertype, vlan), (0x0800, None));

    let numbered = config(
        "history.row = \"connection-tracker\"\nprefix.layout = \"bpf-profile-numbered\"\nspray.cores = 7",
    );
    assert_eq!(numbered.rows(), 6);
    let expected = [
        (0, 14, "ethernet"),
        (14, 4, "sequence-number"),
        (18, 180, "rows"),
    ];
    assert_eq!(sections(numbered.prefix()), expected);
    let little = SectionKind::SequenceNumber {
        bytes: 4,
        order: ByteOrder::Little,
    };
    assert_eq!(numbered.prefix().sections()[1].kind, little);
}

#[test]
fn a_vlan_tag_makes_the_header_longer() {
    let config = config("spray = { steering = \"vlan\", first_vid = 100, cores = 4 }");
    let header = config.prefix().sections()[0];
    assert_eq!(header.bytes, 18);
    assert!(matches!(
        header.kind,
        SectionKind::Ethernet {
            vlan: Some(VlanTag {
                first_vid: 100,
                vid_step: 1
            }),
            ..
        }
    ));
    assert_eq!(config.prefix_bytes(), 18 + 4 * 14 + 2);
}

#[test]
fn a_preset_takes_the_numbers_of_the_packet_between_the_ethernet_header_and_the_rows() {
    let numbered = |layout: &str| {
        let text = format!(
            "history = {{ row = \"ddos-mitigator\", rows = 3 }}\nspray.cores = 3\n\
             prefix = {{ layout = \"{layout}\", sequence_bytes = 3, timestamp_bytes = 8 }}"
        );
        sections(config(&text).prefix())
    };
    let paper = [
        (0, 14, "ethernet"),
        (14, 3, "sequence-number"),
        (17, 8, "timestamp"),
        (25, 12, "rows"),
        (37, 2, "index-pointer"),
    ];
    assert_eq!(numbered("paper"), paper);
    assert_eq!(numbered("paper-padded")[..5], paper);
    assert_eq!(numbered("bpf-profile"), paper[..4]);
    assert_eq!(
        numbered("bpf-profile-numbered"),
        paper[..4],
        "3 bytes instead of 4"
    );
}

#[test]
fn padding_ends_at_a_multiple_and_vanishes_where_it_is_not_needed() {
    let padded = config("bus.data_bits = 512\nprefix.layout = \"paper-padded\"");
    assert_eq!(sections(padded.prefix())[3], (240, 16, "padding"));
    assert_eq!((padded.prefix_bytes(), padded.prefix_beats()), (256, 4));

    let custom = config(
        r#"
        history.row = "ddos-mitigator"
        spray.cores = 3
        [prefix]
        section = [
            { kind = "ethernet" },
            { kind = "padding", align_bytes = 4 },
            { kind = "rows" },
            { kind = "padding", align_bytes = 4 },
            { kind = "padding", bytes = 1 },
        ]
        "#,
    );
    let expected = [
        (0, 14, "ethernet"),
        (14, 2, "padding"),
        (16, 12, "rows"),
        (28, 1, "padding"),
    ];
    assert_eq!(sections(custom.prefix()), expected);
}

#[test]
fn without_a_history_nothing_of_it_is_left() {
    let spray_only = config("history.row = \"none\"");
    assert_eq!(sections(spray_only.prefix()), [(0, 14, "ethernet")]);
    assert_eq!((spray_only.rows(), spray_only.index_bits()), (0, 1));
    assert_eq!(spray_only.prefix().rows_section(), None);

    let bare = config("history.row = \"none\"\nprefix.section = []\nspray.steering = \"tdest\"");
    assert_eq!((bare.prefix_bytes(), bare.prefix_beats()), (0, 0));
    assert_eq!(bare.tdest_bits(), 4);
}

#[test]
fn the_time_is_used_where_a_row_or_the_prefix_holds_it() {
    for (row, section, in_row, in_prefix) in [
        ("ddos-mitigator", "sequence-number", false, false),
        ("ddos-mitigator", "timestamp", false, true),
        ("token-bucket", "sequence-number", true, false),
        ("token-bucket", "timestamp", true, true),
    ] {
        let config = config(&format!(
            "history.row = \"{row}\"\nspray.steering = \"tdest\"\n\
             prefix.section = [{{ kind = \"rows\" }}, {{ kind = \"{section}\" }}]"
        ));
        assert_eq!(
            (
                config.row().uses_timestamp(),
                config.prefix().uses_timestamp(),
                config.uses_timestamp()
            ),
            (in_row, in_prefix, in_row || in_prefix),
            "{row} and {section}"
        );
    }
}

#[test]
fn widths_count_from_zero_and_are_at_least_one() {
    for (cores, bits) in [
        (1, 1),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 3),
        (14, 4),
        (16, 4),
        (17, 5),
        (256, 8),
    ] {
        let config = config(&format!("spray.cores = {cores}"));
        assert_eq!(
            (config.core_bits(), config.index_bits()),
            (bits, bits),
            "{cores} cores"
        );
    }
}

#[test]
fn the_limits_themselves_are_allowed() {
    for text in [
        "name = \"a23456789_123456789_123456789_123456789_12345678\"",
        "bus.data_bits = 64",
        "bus.data_bits = 2048",
        "history.rows = 256",
        "spray.cores = 1\nhistory.rows = 1",
        "spray.cores = 14\nhistory.rows = 13",
        "spray.cores = 256\nhistory.rows = 255",
        "spray = { cores = 14, steering = \"vlan\", first_vid = 4081 }",
        "bus.tuser_bits = 32\nspray = { cores = 256, steering = \"tuser\" }",
        "bus.tuser_bits = 512\nspray = { cores = 256, steering = \"tuser\", tuser_offset_bits = 256, tuser_core_bits = 256, tuser_encoding = \"one-hot\" }",
        "history.rows = 256\nspray = { cores = 5, control = true, max_weight = 64 }",
        "history.row = \"none\"\nspray = { cores = 256, control = true, max_weight = 255 }",
        "prefix.source_base = \"fe:ff:ff:ff:ff:f0\"",
        "prefix.source_base = \"fe:ff:ff:ff:ff:ff\"\nspray.steering = \"tdest\"",
        "timestamp.increment = 65535",
        "pipeline.fifo_beats = 512",
        "pipeline.fifo_beats = 2",
        "history.field = [{ source = \"ipv6.source\" }, { source = \"ipv6.destination\" }, { source = \"timestamp\", bytes = 16 }, { source = \"tcp.window\", bytes = 16 }]",
        "prefix.section = [{ kind = \"rows\" }, { kind = \"padding\", align_bytes = 32768 }]\nspray.steering = \"tdest\"",
    ] {
        if let Err(error) = Config::from_toml_str(text, "limit") {
            panic!("{text}\n{error}");
        }
    }
}
