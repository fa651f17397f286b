use seqnic_hdl::blocks::flow_hash::{LATENCY_CYCLES, flow_hash};
use seqnic_hdl::blocks::header_parser::{Scope, Stage, header_parser};
use seqnic_hdl::blocks::header_window::WINDOW_BYTES;
use seqnic_sim::model::Headers;
use seqnic_sim::traffic::TraceKind;
use seqnic_spec::Layer;

use super::bench::{Bench, frames_of};

/// The hash, word by word from the frame; none without an IP header.
fn hash(frame: &[u8]) -> Option<u64> {
    let headers = Headers::parse(frame);
    let mut bytes = Vec::new();
    if let Some(at) = headers.start_of(Layer::Ipv4) {
        bytes.extend(&frame[at + 12..at + 20]);
        bytes.extend([0, frame[at + 9]]);
    } else {
        let at = headers.start_of(Layer::Ipv6)?;
        bytes.extend(&frame[at + 8..at + 40]);
        bytes.extend([0, frame[at + 6]]);
    }
    let is_fragment = |at: usize| (frame[at + 6] & 0x3f, frame[at + 7]) != (0, 0);
    let is_whole = !headers.start_of(Layer::Ipv4).is_some_and(is_fragment);
    if let Some(at) = headers.start_of(Layer::Ports).filter(|_| is_whole) {
        bytes.extend(&frame[at..at + 4]);
    }
    let words = bytes
        .chunks(2)
        .map(|word| u64::from(word[0]) << 8 | u64::from(word[1]));
    Some(words.fold(0, |hash, word| hash ^ word))
}

/// The hashes that the block gives, a frame a cycle.
fn hashes(frames: &[Vec<u8>]) -> Vec<u64> {
    let mut parser = Bench::new(header_parser("parser", Scope::ALL, Stage::None));
    let mut bench = Bench::new(flow_hash("flows"));
    let mut known = Vec::new();
    for frame in frames.iter().map(Some).chain([None; LATENCY_CYCLES]) {
        bench.eval();
        known.push(bench.get("hash"));
        let mut window = [0x3c; WINDOW_BYTES];
        let bytes = frame.map_or(&[][..], |frame| &frame[..frame.len().min(WINDOW_BYTES)]);
        window[..bytes.len()].copy_from_slice(bytes);
        let keep = u128::MAX
            .checked_shr((WINDOW_BYTES - bytes.len()) as u32)
            .unwrap_or(0);
        parser.set_bytes("window", &window);
        parser.set_words("window_keep", &[keep as u64, (keep >> 64) as u64]);
        parser.eval();
        bench.set_bytes("window", &window);
        for port in ["ipv6", "ports", "tags", "layer4_words"] {
            bench.set(port, parser.get(port));
        }
        bench.eval();
        bench.clock();
    }
    known.split_off(LATENCY_CYCLES)
}

#[test]
fn is_the_xor_of_addresses_ports_and_protocol() {
    let frames = frames_of(TraceKind::Headers, 4_368, 13);
    let mut hashed = 0;
    for (number, (frame, known)) in frames.iter().zip(hashes(&frames)).enumerate() {
        let Some(expected) = hash(frame) else {
            continue;
        };
        let shown = &frame[..frame.len().min(110)];
        assert_eq!(known, expected, "frame {number}: {shown:02x?}");
        hashed += 1;
    }
    assert!(hashed > 1_000, "only {hashed} frames have an IP header");
}

#[test]
fn is_the_same_in_both_directions_and_is_this_number() {
    // 192.168.0.1:4660 and 10.0.0.2:80 over TCP.
    let frame = [
        &[0; 12][..],
        &[
            0x08, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 168, 0, 1, 10, 0, 0, 2,
        ],
        &[
            0x12, 0x34, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0,
        ],
    ]
    .concat();
    // c0a8 ^ 0001 ^ 0a00 ^ 0002 ^ 0006 ^ 1234 ^ 0050
    let mut back = frame.clone();
    back[26..34].rotate_left(4);
    back[34..38].rotate_left(2);
    assert_eq!(hashes(&[frame, back]), [0xd8c9; 2]);
}
