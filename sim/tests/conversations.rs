//! The TCP conversations of synthetic traffic are legal, and as large as their distribution says.

use std::collections::HashMap;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};

const CONVERSATIONS: [TraceKind; 3] = [TraceKind::Dctcp, TraceKind::Hadoop, TraceKind::Vl2];
const SYN: u8 = 2;
const FIN: u8 = 1;

fn trace(spec: &TraceSpec) -> Trace {
    Trace::new(spec).expect("the specification is within its limits")
}

/// Addresses and ports.
type FlowKey = ([u8; 4], [u8; 4], u16, u16);

/// One direction of a TCP flow, as seen so far.
struct Direction {
    next_sequence: u32,
    finished: bool,
}

#[test]
fn every_conversation_begins_with_syn_ends_with_fin_and_misses_no_byte() {
    for kind in CONVERSATIONS {
        for frame_bytes in [None, Some(200)] {
            let spec = TraceSpec {
                frame_bytes,
                ..TraceSpec::new(kind, 60_000, 5)
            };
            let mut directions = HashMap::new();
            for packet in trace(&spec) {
                check_segment(&packet.data, &mut directions);
            }
            let finished = directions
                .values()
                .filter(|direction| direction.finished)
                .count();
            assert!(finished > 20, "{kind}: only {finished} directions finished");
        }
    }
}

fn check_segment(frame: &[u8], directions: &mut HashMap<FlowKey, Direction>) {
    let parsed = SlicedPacket::from_ethernet(frame).expect("the frame is well formed");
    let Some(NetSlice::Ipv4(ip)) = parsed.net else {
        panic!("no IPv4")
    };
    let Some(TransportSlice::Tcp(tcp)) = parsed.transport else {
        panic!("no TCP")
    };
    let header = ip.header();
    assert_eq!(
        header.header_checksum(),
        header.to_header().calc_header_checksum()
    );
    assert_eq!(
        Ok(tcp.checksum()),
        tcp.calc_checksum_ipv4(header.source(), header.destination())
    );

    let key = (
        header.source(),
        header.destination(),
        tcp.source_port(),
        tcp.destination_port(),
    );
    let advance = tcp.payload().len() as u32 + u32::from(tcp.syn()) + u32::from(tcp.fin());
    let next_sequence = tcp.sequence_number().wrapping_add(advance);
    let direction = Direction {
        next_sequence,
        finished: tcp.fin(),
    };
    if let Some(previous) = directions.insert(key, direction) {
        assert!(
            !tcp.syn() && !previous.finished,
            "a flow begins once and ends once"
        );
        assert_eq!(
            tcp.sequence_number(),
            previous.next_sequence,
            "sequence numbers have no gap"
        );
    } else {
        assert!(tcp.syn(), "a flow begins with SYN");
    }
    // The other direction has sent exactly what is acknowledged, or more.
    if tcp.ack() {
        let opposite = directions
            .get(&(key.1, key.0, key.3, key.2))
            .expect("an acknowledgement has a reason");
        assert!(
            opposite
                .next_sequence
                .wrapping_sub(tcp.acknowledgment_number())
                < 1 << 20
        );
    }
}

#[test]
fn conversations_are_as_large_as_their_distribution() {
    let spec = TraceSpec {
        flows: Some(3_000),
        ..TraceSpec::new(TraceKind::Hadoop, usize::MAX, 11)
    };
    let mut bytes = HashMap::new();
    let mut started = 0;
    for packet in trace(&spec) {
        let ports: [u8; 4] = packet.data[34..38].try_into().expect("there are ports");
        let flags = packet.data[47];
        let payload = u16::from_be_bytes([packet.data[16], packet.data[17]]) - 40;
        if flags == SYN {
            started += 1;
        }
        if payload > 0 || flags == SYN {
            *bytes.entry(ports).or_insert(0_u64) += u64::from(payload);
        }
    }
    assert_eq!(started, 3_000);
    // Half of the flows have at most 700 bytes and a tenth more than 120,000.
    let share =
        |limit| bytes.values().filter(|&&bytes| bytes <= limit).count() as f64 / bytes.len() as f64;
    assert!((share(700) - 0.5).abs() < 0.03, "{}", share(700));
    assert!((share(120_000) - 0.9).abs() < 0.02, "{}", share(120_000));
}

#[test]
fn a_trace_of_a_number_of_flows_ends_when_they_have_ended() {
    let spec = TraceSpec {
        flows: Some(7),
        ..TraceSpec::new(TraceKind::Hadoop, usize::MAX, 1)
    };
    let (mut begun, mut ended) = (0, 0);
    for packet in trace(&spec) {
        begun += usize::from(packet.data[47] == SYN);
        // Both directions end with FIN.
        ended += usize::from(packet.data[47] & FIN != 0);
    }
    assert_eq!((begun, ended), (7, 14));
}
