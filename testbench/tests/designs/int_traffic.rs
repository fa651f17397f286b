//! Frames with INT headers: those of a source, and what may have become of them on the way.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::Headers;
use seqnic_sim::model::int::IntNode;
use seqnic_sim::traffic::{Packet, TraceKind};

use crate::common::{config, trace};

/// The keys of an encapsulation that nodes of one domain share.
pub const ENCAPSULATIONS: [&str; 4] = [
    "encapsulation = \"dscp\"",
    "encapsulation = \"port\"",
    "encapsulation = \"protocol\"",
    "encapsulation = \"dscp\"\ndscp = 4\ndscp_mask = 4",
];

/// Frames with all arrangements of headers, whose lengths agree in most of them. Checksums are anything.
pub fn whole(count: usize, seed: u64) -> Vec<Packet> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let whole = |mut packet: Packet| {
        let frame = &mut packet.data;
        let headers = Headers::parse(frame);
        let padding = random.random_range(0..12_usize).saturating_sub(8);
        let most = [20, 70, 700][random.random_range(0..3)];
        let payload = random.random_range(0..most) + if headers.tcp.is_some() { 60 } else { 0 };
        let bytes = (0..payload + padding).map(|_| random.random::<u8>());
        frame.extend(bytes.collect::<Vec<_>>());
        let end = frame.len() - padding;
        let mut put = |at: usize, value: usize| {
            frame[at..at + 2].copy_from_slice(&(value as u16).to_be_bytes());
        };
        if let Some(ip) = headers.ipv4 {
            put(ip + 2, end - ip);
            if random.random_range(0..10) > 0 {
                put(ip + 6, 0x4000);
            }
        }
        if let Some(ip) = headers.ipv6 {
            put(ip + 4, end - ip - 40);
        }
        if let Some(udp) = headers.udp.filter(|_| random.random_range(0..20) > 0) {
            put(udp + 4, end - udp);
        }
        if let Some(tcp) = headers.tcp {
            let words = [5, 5, 5, 8, 8, 15, 4][random.random_range(0..7)];
            frame[tcp + 12] = words << 4;
        }
        packet
    };
    trace(TraceKind::Headers, count, seed).map(whole).collect()
}

/// The packets behind a source of this encapsulation that takes all it can.
pub fn sourced(
    encapsulation: &str,
    keys: &str,
    packets: impl IntoIterator<Item = Packet>,
) -> Vec<Packet> {
    let config = config(&format!(
        "bus.tuser_bits = 400\n[int]\n{encapsulation}\n{keys}\n[[int.watch]]"
    ));
    let mut source = IntNode::new(&config).expect("there is a node");
    packets
        .into_iter()
        .map(|packet| Packet {
            data: source
                .process(&packet.data, &[0; 50])
                .frame
                .expect("a source drops nothing"),
            ..packet
        })
        .collect()
}

/// Where the shim of a frame is, if it has one.
pub fn shim_of(frame: &[u8], own_udp: bool) -> Option<usize> {
    let headers = Headers::parse(frame);
    let at = match (headers.udp, headers.tcp) {
        (Some(udp), _) => udp + 8,
        (_, Some(tcp)) if !own_udp => tcp + usize::from(frame[tcp + 12] >> 4) * 4,
        _ => return None,
    };
    (at + 16 <= frame.len()).then_some(at)
}

/// The words that a bitmap asks for.
fn words(bitmap: u16) -> u8 {
    (bitmap.count_ones() + (bitmap & 0x0e00).count_ones()) as u8
}

/// Changes what hops look at, so that all cases come: each in about a fifth of the packets.
pub fn varied(packets: Vec<Packet>, seed: u64) -> Vec<Packet> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let vary = |mut packet: Packet| {
        let frame = &mut packet.data;
        let Some(shim) = shim_of(frame, false) else {
            return packet;
        };
        let mut chance = |percent: u32| random.random_range(0..100) < percent;
        let (bitmap, wild, spent, domain) = (chance(60), chance(5), chance(15), chance(20));
        let (flags, long, checksum, byte) = (chance(20), chance(5), chance(10), chance(15));
        if bitmap {
            let map: u16 = match chance(50) {
                true => random.random(),
                false => 1 << random.random_range(0..16),
            };
            frame[shim + 8..shim + 10].copy_from_slice(&map.to_be_bytes());
            frame[shim + 6] = words(map) + random.random_range(0..4_u8).saturating_sub(1);
            frame[shim + 6] &= 0x1f;
        }
        if wild {
            frame[shim + 6] = random.random();
        }
        if spent {
            frame[shim + 7] = random.random_range(0..2);
        }
        if domain {
            frame[shim + 11] = random.random_range(0..3);
        }
        if flags {
            frame[shim + 4] ^= random.random_range(0..8);
        }
        if long {
            frame[shim + 1] = random.random();
        }
        if let (true, Some(udp)) = (checksum, Headers::parse(frame).udp) {
            let zero = random.random_range(0..4) > 0;
            frame[udp + 6..udp + 8].fill(if zero { 0 } else { 0xff });
        }
        if byte {
            let most = frame.len().min(140);
            let at = random.random_range(12..most.max(13));
            if at < frame.len() {
                frame[at] = random.random();
            }
        }
        packet
    };
    packets.into_iter().map(vary).collect()
}
