//! What stands in front of the metadata of a report: Ethernet, IPv4, UDP, and the headers of the report.

use super::ReportSpec;
use crate::blocks::frame_copier::{LENGTH_BITS, target_bits};
use crate::rtl::{Bits, Expr, Module, Reset, concat, lit, zeros};

/// Where reports go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The destination of the frame.
    pub mac: [u8; 6],
    /// The destination of the datagram.
    pub ipv4: [u8; 4],
    /// Its UDP port.
    pub port: u16,
}

/// A kind of metadata that a report may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataKind {
    /// Its bit in the bitmap of the report, 0 the most significant.
    pub bit: usize,
    /// 4 or 8.
    pub bytes: usize,
}

/// The front of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// All bytes of it; those that depend on the report, its target or its time are zero.
    pub template: Vec<u8>,
    /// Where reports go to.
    pub targets: Vec<Target>,
    /// The metadata behind it, in the order of their bits.
    pub kinds: Vec<MetadataKind>,
}

/// Bits of the number of a report.
pub const NUMBER_BITS: usize = 22;

/// Bytes of the Ethernet header.
const ETHERNET_BYTES: usize = 14;
/// Bytes of the IPv4 header.
const IPV4_BYTES: usize = 20;
const IPV4_LENGTH: usize = 16;
const IPV4_CHECKSUM: usize = 24;
const IPV4_DESTINATION: usize = 30;
const UDP_PORT: usize = 36;
const UDP_LENGTH: usize = 38;
/// The group header, with the number.
const GROUP: usize = 42;
/// The first word of the individual report, with lengths.
const INDIVIDUAL: usize = 50;
const BITMAP: usize = 54;

impl Front {
    /// Its length.
    pub fn bytes(&self) -> usize {
        self.template.len()
    }

    /// The ones' complement sum of the IPv4 header to a target, without its length.
    fn header_sum(&self, target: &Target) -> u64 {
        let mut header = self.template[ETHERNET_BYTES..ETHERNET_BYTES + IPV4_BYTES].to_vec();
        header[IPV4_DESTINATION - ETHERNET_BYTES..].copy_from_slice(&target.ipv4);
        let words = header.chunks(2);
        let sum: u64 = words
            .map(|word| u64::from(word[0]) << 8 | u64::from(word[1]))
            .sum();
        let folded = (sum >> 16) + (sum & 0xffff);
        (folded >> 16) + (folded & 0xffff)
    }
}

/// A report that can be begun, and the fields of the one that was begun last.
pub(super) struct Prepared {
    /// It can be begun.
    pub valid: Expr,
    /// Its bytes from the Ethernet header on.
    pub frame_bytes: Expr,
    /// The parts of its copied bytes, as wide as a beat of a report.
    pub parts: Expr,
    /// The metadata that is there.
    pub available: Expr,
    /// Of the one that was begun: all bytes of the front.
    pub front: Expr,
    /// Of the one that was begun: its metadata.
    pub values: Vec<Expr>,
}

/// Cycles from an order to the end of its arithmetic.
const SETTLE_CYCLES: usize = 4;

impl Prepared {
    pub(super) fn new(m: &mut Module, spec: &ReportSpec, load: &Expr) -> Self {
        let front = &spec.front;
        let kinds = &front.kinds;
        let order_valid = m.input("order_valid", 1);
        let bytes = m.input("order_bytes", LENGTH_BITS);
        let target = m.input("order_target", target_bits(front.targets.len()));
        let number = m.input("order_number", NUMBER_BITS);
        let note = (spec.note_bits() > 0).then(|| m.input("order_note", spec.note_bits()));

        // An order stands in front until it is begun. What is found of it follows one cycle behind the other.
        let mut valid = order_valid;
        for cycle in 0..SETTLE_CYCLES {
            valid = m.delayed(&format!("settled_{cycle}"), Reset::To(0), &valid & !load);
        }

        let available = match &note {
            Some(note) => note.slice(0, kinds.len()),
            None => zeros(1),
        };
        let word_bits = 8;
        let words = kinds.iter().enumerate().map(|(index, kind)| {
            let bit = available.bit(index);
            match kind.bytes {
                8 => concat([zeros(1), bit]).resize(word_bits),
                _ => bit.zero_extend(word_bits),
            }
        });
        let words = words
            .reduce(|a, b| a + b)
            .unwrap_or_else(|| zeros(word_bits));
        let words = m.delayed("metadata_words", Reset::None, words);

        let fixed = front.bytes() - ETHERNET_BYTES;
        let metadata = concat([zeros(2), words.clone()]).resize(LENGTH_BITS);
        let ip_length = &bytes + metadata.plus(fixed as u64);
        let ip_length = m.delayed("ip_length", Reset::None, ip_length);
        let report_length = report_length(m, &bytes, &words);
        let report_bytes = spec.report_bits / 8;
        let rounded = m.wire("rounded", bytes.plus(report_bytes as u64 - 1));
        let shift = report_bytes.trailing_zeros() as usize;
        let parts = rounded
            .slice(shift, LENGTH_BITS - shift)
            .zero_extend(LENGTH_BITS);

        let sums = front.targets.iter();
        let sums: Vec<Bits> = sums.map(|to| Bits::new(17, front.header_sum(to))).collect();
        let sum = m.rom("header_sum", &target, &sums) + ip_length.zero_extend(17);
        let sum = m.delayed("checksum_sum", Reset::None, sum);
        let udp_length = ip_length.minus(IPV4_BYTES as u64);
        let udp_length = m.delayed("udp_length", Reset::None, udp_length);
        let frame_bytes = ip_length.plus(ETHERNET_BYTES as u64);
        let frame_bytes = m.delayed("frame_bytes", Reset::None, frame_bytes);
        let folded = sum.slice(0, 16) + sum.bit(16).zero_extend(16);
        let checksum = m.delayed("checksum", Reset::None, !folded);

        let mut sent = |name: &str, value: &Expr| m.captured(&format!("sent_{name}"), load, value);
        let ip_length = sent("ip_length", &ip_length);
        let udp_length = sent("udp_length", &udp_length);
        let checksum = sent("checksum", &checksum);
        let number = sent("number", &number);
        let report_length = sent("report_length", &report_length);
        let words = sent("metadata_words", &words);
        let bitmap = match kinds.is_empty() {
            true => zeros(16),
            false => {
                let used = sent("available", &available);
                concat((0..16).rev().map(|bit| {
                    let kind = kinds.iter().position(|kind| kind.bit == bit);
                    kind.map_or_else(|| zeros(1), |kind| used.bit(kind))
                }))
            }
        };
        let mut offset = kinds.len();
        let mut values = Vec::new();
        for (index, kind) in kinds.iter().enumerate() {
            if let Some(note) = &note {
                let value = note.slice(offset, 8 * kind.bytes);
                values.push(sent(&format!("metadata_{index}"), &value));
            }
            offset += 8 * kind.bytes;
        }
        let target = sent("target", &target);

        let mut fields = Fields(
            front
                .template
                .iter()
                .map(|&byte| lit(8, byte.into()))
                .collect(),
        );
        let mut of_target = |name: &str, bytes: &dyn Fn(&Target) -> Vec<u8>| {
            let table: Vec<Bits> = front
                .targets
                .iter()
                .map(|to| Bits::from_bytes(&bytes(to)))
                .collect();
            m.rom(name, &target, &table)
        };
        fields.lay(0, &of_target("target_mac", &|to| to.mac.to_vec()));
        let address = of_target("target_address", &|to| to.ipv4.to_vec());
        fields.lay(IPV4_DESTINATION, &address);
        let port = of_target("target_port", &|to| to.port.to_be_bytes().to_vec());
        fields.lay(UDP_PORT, &port);
        fields.lay(IPV4_LENGTH, &ip_length.swap_bytes());
        fields.lay(IPV4_CHECKSUM, &checksum.swap_bytes());
        fields.lay(UDP_LENGTH, &udp_length.swap_bytes());
        let kind = &front.template[GROUP..GROUP + 2];
        let kind = (u64::from(kind[0]) << 8 | u64::from(kind[1])) >> 6;
        let group = concat([number, lit(32 - NUMBER_BITS, kind)]);
        fields.lay(GROUP, &group.swap_bytes());
        fields.lay(INDIVIDUAL + 1, &report_length);
        fields.lay(INDIVIDUAL + 2, &words);
        fields.lay(BITMAP, &bitmap.swap_bytes());
        Self {
            valid,
            frame_bytes,
            parts: m.delayed("part_count", Reset::None, parts),
            available,
            front: m.wire("front", concat(fields.0)),
            values,
        }
    }
}

/// The words of an individual report behind its first, or all ones for "to the end of the datagram".
fn report_length(m: &mut Module, bytes: &Expr, metadata_words: &Expr) -> Expr {
    let copied = bytes.slice(2, LENGTH_BITS - 2).zero_extend(LENGTH_BITS);
    let words = copied + metadata_words.zero_extend(LENGTH_BITS).plus(2);
    let words = m.wire("report_words", words);
    let too_many = words.slice(8, LENGTH_BITS - 8).any() | words.slice(0, 8).all();
    let no_words = bytes.slice(0, 2).any();
    let to_the_end = (too_many | no_words).repeat(8);
    m.delayed("report_length", Reset::None, words.slice(0, 8) | to_the_end)
}

/// The bytes of the front.
struct Fields(Vec<Expr>);

impl Fields {
    /// Puts bytes at an offset.
    fn lay(&mut self, offset: usize, value: &Expr) {
        for byte in 0..value.width() / 8 {
            self.0[offset + byte] = value.byte(byte);
        }
    }
}
