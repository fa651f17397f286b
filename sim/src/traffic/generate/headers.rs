//! Every arrangement of headers, whole and cut at every byte of the last one.

use rand::{Rng, RngExt};
use rand_pcg::Pcg64Mcg;

/// VLAN tags in front of the EtherType: none to one more than any parser looks through.
const TAGS: usize = 4;
/// IPv4 with a header of 5 to 15 words, IPv6, and IPv4 with a header length and with a version that do not exist.
const NETWORKS: usize = 14;
/// TCP, UDP, and a protocol that is neither.
const PROTOCOLS: [u8; 3] = [6, 17, 132];
/// The frame ends so many bytes into the transport header; the last value leaves it whole.
const CUTS: usize = 26;

const ARRANGEMENTS: usize = TAGS * NETWORKS * PROTOCOLS.len() * CUTS;

/// Visits the arrangements in an order in which neighbours differ in everything: no common factor with their number.
const STRIDE: usize = 1777;

/// Frames of all arrangements in turn; everything that is not structure is random.
#[derive(Debug, Default)]
pub(in super::super) struct HeaderArrangements {
    next: usize,
}

impl HeaderArrangements {
    pub(in super::super) fn next_frame(&mut self, rng: &mut Pcg64Mcg) -> Vec<u8> {
        self.next = (self.next + STRIDE) % ARRANGEMENTS;
        let mut rest = self.next;
        let mut choose = |count: usize| {
            let choice = rest % count;
            rest /= count;
            choice
        };
        let (cut, tags, protocol) = (
            choose(CUTS),
            choose(TAGS),
            PROTOCOLS[choose(PROTOCOLS.len())],
        );
        let network = choose(NETWORKS);

        let layer3 = 14 + 4 * tags;
        let (version, ihl, ethertype) = match network {
            0..=10 => (4, 5 + network as u8, 0x0800_u16),
            11 => (6, rng.random_range(0..16), 0x86dd),
            12 => (4, rng.random_range(0..5), 0x0800),
            _ => (rng.random_range(7..16), 5, 0x0800),
        };
        let header_bytes = if version == 6 {
            40
        } else {
            4 * usize::from(ihl.max(5))
        };
        let layer4 = layer3 + header_bytes;
        let length = if cut == CUTS - 1 {
            layer4 + rng.random_range(26..80)
        } else {
            (layer4 + cut).max(1)
        };

        let mut frame = vec![0; layer4 + 80];
        rng.fill_bytes(&mut frame);
        // Now and then a TPID has a bit wrong: the rest of the frame looks as if it had the tag.
        let wrong_bit =
            (rng.random_range(0..6) == 0).then(|| rng.random_range(0..16 * tags.max(1)));
        for tag in 0..tags {
            let mut tpid: u16 = if rng.random() { 0x8100 } else { 0x88a8 };
            if let Some(bit) = wrong_bit.filter(|bit| bit / 16 == tag) {
                tpid ^= 1 << (bit % 16);
            }
            frame[12 + 4 * tag..][..2].copy_from_slice(&tpid.to_be_bytes());
        }
        frame[layer3 - 2..layer3].copy_from_slice(&ethertype.to_be_bytes());
        frame[layer3] = version << 4 | ihl;
        match version {
            6 => frame[layer3 + 6] = protocol,
            _ => {
                frame[layer3 + 9] = protocol;
                let is_later_fragment = rng.random_range(0..8) == 0;
                let offset: u16 = if is_later_fragment {
                    1 << rng.random_range(0..13)
                } else {
                    0
                };
                let flags = u16::from(rng.random::<u8>() & 0b111) << 13;
                frame[layer3 + 6..][..2].copy_from_slice(&(flags | offset).to_be_bytes());
            }
        }
        frame.truncate(length);
        frame
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_arrangement_comes_once_in_a_round() {
        let mut generator = HeaderArrangements::default();
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        let mut visited = HashSet::new();
        for _ in 0..ARRANGEMENTS {
            generator.next_frame(&mut rng);
            assert!(visited.insert(generator.next));
        }
    }

    #[test]
    fn frames_end_at_every_byte_of_the_transport_header() {
        let mut generator = HeaderArrangements::default();
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        let lengths: HashSet<usize> = (0..ARRANGEMENTS)
            .map(|_| generator.next_frame(&mut rng).len())
            .collect();
        for length in 34..=14 + 4 * 2 + 60 + 24 {
            assert!(lengths.contains(&length), "{length}");
        }
    }
}
