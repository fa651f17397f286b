//! A program's metadata is what the hardware's row holds.

use std::fmt::Debug;

use seqnic_sim::host::programs::{
    ConnectionTracker, Datagram, DdosMitigator, Forwarder, HeavyHitter, Knock, LoadBalancer,
    PortKnocking, Segment, Sender, Sized, Timed, TokenBucket,
};
use seqnic_sim::host::{Metadata, Program, RowMap};
use seqnic_sim::model::RowExtractor;
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::{Config, RawConfig, RowLayout, RowPreset};

use crate::frames::{FIN, SYN, Tcp, arp};

/// The row of the preset, the metadata in it, and back; an all-zero row and a packet without the headers are nothing.
#[track_caller]
fn assert_row<M: Metadata>(preset: RowPreset, row: &[u8], meta: M) {
    let layout = RowLayout::preset(preset);
    assert_eq!(M::fields(), layout.fields());
    assert_eq!(M::history().row.as_deref(), Some(preset.name()));
    assert_eq!((M::BYTES, row.len()), (layout.bytes(), layout.bytes()));
    assert_eq!(M::decode(row), meta);
    let mut encoded = vec![0xff; M::BYTES + 1];
    meta.encode(&mut encoded);
    assert_eq!(encoded, [row, &[0xff]].concat());
    assert_eq!(M::of_row(row), Some(meta));
    assert_eq!(M::of_row(&vec![0; M::BYTES]), None);
    assert_eq!(M::of_frame(&arp(), 1), None);
}

#[test]
fn rows_of_all_programs_are_the_presets_byte_by_byte() {
    let (source, destination) = (0x0a00_0001, 0xc0a8_0102);
    let addresses = [10, 0, 0, 1, 192, 168, 1, 2];
    assert_row(RowPreset::DdosMitigator, &addresses[..4], Sender { source });
    let knock = Knock {
        source,
        destination_port: 0x1234,
        syn: true,
        fin: false,
    };
    assert_row(
        RowPreset::PortKnocking,
        &[10, 0, 0, 1, 0x34, 0x12, 1, 0],
        knock,
    );
    let ports = [0x40, 0x9c, 0x50, 0x00];
    let sized = Sized {
        source,
        destination,
        source_port: 40_000,
        destination_port: 80,
        frame_length: 1514,
        syn: false,
        fin: true,
    };
    let row = [&addresses[..], &ports, &[0xea, 0x05, 0, 0, 0, 1]].concat();
    assert_row(RowPreset::HeavyHitter, &row, sized);
    let timed = Timed {
        source,
        destination,
        source_port: 40_000,
        destination_port: 80,
        timestamp: 0x0102_0304,
        syn: true,
        fin: false,
    };
    let row = [&addresses[..], &ports, &[4, 3, 2, 1, 1, 0]].concat();
    assert_row(RowPreset::TokenBucket, &row, timed);
    let segment = Segment {
        source,
        destination,
        source_port: 40_000,
        destination_port: 80,
        protocol: 6,
        tcp_flags: 0x12,
        sequence_number: 0x1122_3344,
        acknowledgment: 0x5566_7788,
        timestamp: 0x0102_0304_0506_0708,
    };
    let row = [
        &addresses[..],
        &[0x9c, 0x40, 0x00, 0x50, 6, 0x12],
        &[0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88],
        &[8, 7, 6, 5, 4, 3, 2, 1],
    ]
    .concat();
    assert_row(RowPreset::ConnectionTracker, &row, segment);
    let datagram = Datagram {
        source,
        destination,
        source_port: 40_000,
        destination_port: 9_999,
        protocol: 17,
        timestamp: 0x0102_0304_0506_0708,
    };
    let row = [
        &addresses[..],
        &[0x9c, 0x40, 0x27, 0x0f, 17],
        &[8, 7, 6, 5, 4, 3, 2, 1],
    ]
    .concat();
    assert_row(RowPreset::LoadBalancer, &row, datagram);
}

/// What a program reads of a packet is what it would read of the packet's row.
fn reads_the_same_of_packet_and_row<P: Program>() {
    let raw = RawConfig {
        history: P::Meta::history(),
        ..RawConfig::default()
    };
    let config = Config::try_from(raw).expect("legal");
    let extractor = RowExtractor::new(config.row());
    let map = RowMap::new::<P::Meta>(config.row()).expect("its own row");
    let mut row = vec![0; extractor.bytes()];
    let mut found = 0;
    for kind in [TraceKind::Headers, TraceKind::Uniform, TraceKind::Hadoop] {
        for packet in Trace::new(&TraceSpec::new(kind, 4400, 1)).expect("legal") {
            extractor.fill(&packet.data, packet.timestamp_ns, &mut row);
            let meta = P::meta(&packet.data, packet.timestamp_ns);
            assert_eq!(map.read(&row), meta, "{}: {:02x?}", P::NAME, packet.data);
            found += usize::from(meta.is_some());
        }
    }
    assert!(found > 4000 || P::Meta::BYTES == 0, "{}: {found}", P::NAME);
}

#[test]
fn a_program_reads_the_same_of_a_packet_and_of_its_row() {
    reads_the_same_of_packet_and_row::<DdosMitigator>();
    reads_the_same_of_packet_and_row::<PortKnocking>();
    reads_the_same_of_packet_and_row::<HeavyHitter>();
    reads_the_same_of_packet_and_row::<TokenBucket>();
    reads_the_same_of_packet_and_row::<ConnectionTracker>();
    reads_the_same_of_packet_and_row::<LoadBalancer>();
    reads_the_same_of_packet_and_row::<Forwarder>();
}

fn layout(text: &str) -> RowLayout {
    Config::from_toml_str(text, "test")
        .expect("legal")
        .row()
        .clone()
}

/// Reads a knock at port 101 through rows of this layout.
fn knock_through(text: &str) -> Option<Knock> {
    let layout = layout(text);
    let mut row = vec![0; layout.bytes()];
    let frame = Tcp {
        flags: SYN | FIN,
        ..Tcp::to_port(7, 101)
    }
    .frame();
    RowExtractor::new(&layout).fill(&frame, 0, &mut row);
    RowMap::new::<Knock>(&layout)
        .expect("it has all fields")
        .read(&row)
}

#[test]
fn rows_may_hold_more_than_a_program_reads_in_another_order_and_width() {
    let knock = Knock {
        source: 0x0a00_0007,
        destination_port: 101,
        syn: true,
        fin: true,
    };
    assert_eq!(
        knock_through("history.row = \"port-knocking\""),
        Some(knock)
    );
    let other = r#"
        [[history.field]]
        source = "tcp.fin"
        bytes = 2
        [[history.field]]
        source = "constant:7"
        [[history.field]]
        source = "tcp.syn"
        [[history.field]]
        source = "tcp.destination-port"
        bytes = 3
        [[history.field]]
        source = "ipv4.source"
        order = "little"
    "#;
    assert_eq!(knock_through(other), Some(knock));
}

#[test]
fn rows_that_lack_what_a_program_reads_are_refused() {
    fn refusal<M: Metadata + Debug>(text: &str) -> String {
        RowMap::new::<M>(&layout(text))
            .expect_err("refused")
            .to_string()
    }
    assert_eq!(
        refusal::<Segment>("history.row = \"heavy-hitter\""),
        "history.row = \"heavy-hitter\": lacks 1 bytes of ipv4.protocol, which the program reads; \
         use history.row = \"connection-tracker\""
    );
    assert_eq!(
        refusal::<Timed>("history.row = \"table2\""),
        "history.row = \"table2\": lacks 4 bytes of timestamp, which the program reads; \
         use history.row = \"token-bucket\""
    );
    assert_eq!(
        refusal::<Sender>("history.row = \"port-knocking\""),
        "history.row = \"port-knocking\": holds packets with IPv4 and TCP, but the program reads those with IPv4; \
         use history.row = \"ddos-mitigator\""
    );
}
