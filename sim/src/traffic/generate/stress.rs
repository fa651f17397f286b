//! Random frames, well formed and not, that reach every branch of a parser.

use rand::{Rng, RngExt};

use crate::traffic::TraceSpec;

/// Longest frame when the specification does not fix it.
const MAX_BYTES: usize = 9_600;

const VLAN: [u8; 2] = [0x81, 0x00];
const SERVICE_VLAN: [u8; 2] = [0x88, 0xa8];
const IPV4: [u8; 2] = [0x08, 0x00];
const IPV6: [u8; 2] = [0x86, 0xdd];
const ARP: [u8; 2] = [0x08, 0x06];

/// Frames of random bytes over which the fields that parsers decide by are written.
///
/// A frame is as long as drawn, whatever its headers say, so headers are cut at every place.
#[derive(Debug)]
pub(in crate::traffic) struct Stress {
    frame_bytes: Option<usize>,
}

impl Stress {
    /// Random frames, of fixed length when the specification says so.
    pub fn new(spec: &TraceSpec) -> Self {
        Self {
            frame_bytes: spec.frame_bytes,
        }
    }

    /// The next frame.
    pub fn next_frame(&self, rng: &mut impl Rng) -> Vec<u8> {
        let mut frame = vec![0; self.frame_bytes.unwrap_or_else(|| length(rng))];
        rng.fill_bytes(&mut frame);
        // One frame of sixteen stays random from its first byte on.
        if !one_in(16, rng) {
            ethernet(&mut frame, rng);
        }
        frame
    }
}

/// Mostly short, where headers are cut, then of common lengths, then up to jumbo frames.
fn length(rng: &mut impl Rng) -> usize {
    let longest = match rng.random_range(0..16) {
        0..8 => 128,
        8..13 => 256,
        13..15 => 1_518,
        _ => MAX_BYTES,
    };
    rng.random_range(1..=longest)
}

fn ethernet(frame: &mut [u8], rng: &mut impl Rng) {
    let mut offset = 12;
    // Three tags are one more than a parser follows.
    let tags = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3][rng.random_range(0..10)];
    for _ in 0..tags {
        put(
            frame,
            offset,
            if rng.random() { &VLAN } else { &SERVICE_VLAN },
        );
        offset += 4;
    }
    let payload = offset + 2;
    match rng.random_range(0..16) {
        0..8 => {
            put(frame, offset, &IPV4);
            ipv4(frame, payload, rng);
        }
        8..13 => {
            put(frame, offset, &IPV6);
            ipv6(frame, payload, rng);
        }
        13 => put(frame, offset, &ARP),
        // A length of IEEE 802.3 in the place of an EtherType.
        14 => put(
            frame,
            offset,
            &rng.random_range(0..=1_500_u16).to_be_bytes(),
        ),
        // An EtherType at random.
        _ => {}
    }
}

fn ipv4(frame: &mut [u8], offset: usize, rng: &mut impl Rng) {
    let version = if one_in(16, rng) {
        rng.random_range(0..16)
    } else {
        4
    };
    let header_words = match rng.random_range(0..16) {
        0..10 => 5,
        10..15 => rng.random_range(5..16),
        _ => rng.random_range(0..5),
    };
    put(frame, offset, &[version << 4 | header_words]);

    const MORE_FRAGMENTS: u16 = 0x2000;
    const DO_NOT_FRAGMENT: u16 = 0x4000;
    let fragment: u16 = match rng.random_range(0..16) {
        0..12 => DO_NOT_FRAGMENT,
        12..14 => MORE_FRAGMENTS,
        // A later fragment; the offset has 13 bits, and each of them may be the only one that is
        // set.
        14 => 1 << rng.random_range(0..13),
        _ => rng.random(),
    };
    put(frame, offset + 6, &fragment.to_be_bytes());
    put(frame, offset + 9, &[protocol(rng)]);
}

fn ipv6(frame: &mut [u8], offset: usize, rng: &mut impl Rng) {
    let version = if one_in(16, rng) {
        rng.random_range(0..16)
    } else {
        6
    };
    put(frame, offset, &[version << 4]);
    put(frame, offset + 6, &[protocol(rng)]);
}

/// TCP, UDP, ICMP, extension headers of IPv6, or any other.
fn protocol(rng: &mut impl Rng) -> u8 {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    match rng.random_range(0..16) {
        0..7 => TCP,
        7..12 => UDP,
        12 => 1,
        13 => 0,
        14 => 44,
        _ => rng.random(),
    }
}

fn one_in(count: u32, rng: &mut impl Rng) -> bool {
    rng.random_range(0..count) == 0
}

/// Writes the bytes that are within the frame.
fn put(frame: &mut [u8], offset: usize, bytes: &[u8]) {
    for (slot, &byte) in frame.iter_mut().skip(offset).zip(bytes) {
        *slot = byte;
    }
}
