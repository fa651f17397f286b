//! What stands in front of the metadata of a report: Ethernet, IPv4, UDP, and the headers of the report.

use seqnic_spec::flowradar::DatagramHeader;
use seqnic_spec::int::{
    BitField, GroupHeader, IndividualHeader, REPORT_TO_END, ReportBody, SEQUENCE_BITS, WORD_BYTES,
};

use super::ReportSpec;
use crate::blocks::frame_copier::{LENGTH_BITS, target_bits};
use crate::rtl::{Bits, Expr, Module, Reset, concat, lit, zeros};

/// A kind of metadata that a report may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataKind {
    /// Its bit in the bitmap of the report, 0 the most significant.
    pub bit: usize,
    /// 4 or 8.
    pub bytes: usize,
}

/// The front of a report. What depends on the report is left 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// The headers of the frame, to the first collector.
    pub datagram: DatagramHeader,
    /// How many collectors there are; the address of number i is i higher.
    pub collectors: usize,
    /// The group header.
    pub group: GroupHeader,
    /// The header of the report.
    pub individual: IndividualHeader,
    /// What a report of INT has behind it.
    pub body: Option<ReportBody>,
    /// Whether each report has a domain of its own, which ends its note.
    pub has_domain: bool,
    /// The metadata behind it, in the order of their bits.
    pub kinds: Vec<MetadataKind>,
}

/// Bits of the number of a report.
pub const NUMBER_BITS: usize = SEQUENCE_BITS as usize;
/// Bits of a domain.
pub(super) const DOMAIN_BITS: usize = 16;

/// Bytes of the Ethernet header.
const ETHERNET_BYTES: usize = 14;
/// Bytes of the IPv4 header.
const IPV4_BYTES: usize = 20;
/// Where the group header begins, and the report behind it.
const GROUP: usize = DatagramHeader::BYTES;
const INDIVIDUAL: usize = GROUP + GroupHeader::BYTES;
const BODY: usize = INDIVIDUAL + IndividualHeader::BYTES;

impl Front {
    /// Its length.
    pub fn bytes(&self) -> usize {
        BODY + self.body.map_or(0, |_| ReportBody::BYTES)
    }

    /// The address of a collector.
    fn address(&self, collector: usize) -> u32 {
        self.datagram.destination_ip.wrapping_add(collector as u32)
    }

    /// The headers to a collector.
    fn template(&self, collector: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let datagram = DatagramHeader {
            destination_ip: self.address(collector),
            ..self.datagram
        };
        datagram.write(&mut bytes);
        self.group.write(&mut bytes);
        self.individual.write(&mut bytes);
        if let Some(body) = &self.body {
            body.write(&mut bytes);
        }
        bytes
    }

    /// The ones' complement sum of the IPv4 header to a collector, without its length.
    fn header_sum(&self, collector: usize) -> u64 {
        let template = self.template(collector);
        let words = template[ETHERNET_BYTES..ETHERNET_BYTES + IPV4_BYTES].chunks(2);
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
    /// Of the one that was begun: the bytes of its copy in the last part, 0 for all.
    pub rest: Expr,
}

/// Cycles from an order to the end of its arithmetic.
const SETTLE_CYCLES: usize = 4;

impl Prepared {
    pub(super) fn new(m: &mut Module, spec: &ReportSpec, load: &Expr) -> Self {
        let front = &spec.front;
        let kinds = &front.kinds;
        let order_valid = m.input("order_valid", 1);
        let bytes = m.input("order_bytes", LENGTH_BITS);
        let target = m.input("order_target", target_bits(front.collectors));
        let number = m.input("order_number", NUMBER_BITS);
        let note = (spec.note_bits() > 0).then(|| m.input("order_note", spec.note_bits()));

        // An order stands in front until it is begun. What is found of it follows one cycle behind the other.
        let mut valid = order_valid;
        for cycle in 0..SETTLE_CYCLES {
            valid = m.delayed(&format!("settled_{cycle}"), Reset::To(0), &valid & !load);
        }

        let available = match &note {
            Some(note) if !kinds.is_empty() => note.slice(0, kinds.len()),
            _ => zeros(1),
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
        let copied = Copied::new(m, spec, &bytes);
        let ip_length = copied.bytes.clone() + metadata.plus(fixed as u64);
        let ip_length = m.delayed("ip_length", Reset::None, ip_length);
        let body_words = front.body.map_or(0, |_| ReportBody::BYTES / WORD_BYTES);
        let report_length = report_length(m, &copied, &words, body_words);
        let report_bytes = spec.report_bits / 8;
        let rounded = m.wire("rounded", bytes.plus(report_bytes as u64 - 1));
        let shift = report_bytes.trailing_zeros() as usize;
        let parts = rounded
            .slice(shift, LENGTH_BITS - shift)
            .zero_extend(LENGTH_BITS);

        let sums = (0..front.collectors).map(|to| Bits::new(17, front.header_sum(to)));
        let sums: Vec<Bits> = sums.collect();
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
        let domain = match &note {
            Some(note) if front.has_domain => {
                let domain = note.slice(spec.note_bits() - DOMAIN_BITS, DOMAIN_BITS);
                Some(sent("domain", &domain))
            }
            _ => None,
        };
        let rest = m.captured("copy_rest", load, bytes.slice(0, shift));

        let template = front.template(0);
        let mut fields = Fields(template.iter().map(|&byte| lit(8, byte.into())).collect());
        let addresses: Vec<Bits> = (0..front.collectors)
            .map(|to| Bits::from_bytes(&front.address(to).to_be_bytes()))
            .collect();
        let address = m.rom("address", &target, &addresses);
        fields.lay_datagram("destination_ip", &address);
        fields.lay_datagram("total_length", &ip_length.swap_bytes());
        fields.lay_datagram("header_checksum", &checksum.swap_bytes());
        fields.lay_datagram("udp_length", &udp_length.swap_bytes());
        // The number shares its first byte with what is in front of it.
        let kind = u64::from(template[GROUP]) << 8 | u64::from(template[GROUP + 1]);
        let above = lit(32 - NUMBER_BITS, kind >> (NUMBER_BITS - 16));
        fields.lay(GROUP, &concat([number, above]).swap_bytes());
        let individual = IndividualHeader::FIELDS;
        fields.lay_field(INDIVIDUAL, individual, "report_words", &report_length);
        fields.lay_field(INDIVIDUAL, individual, "metadata_words", &words);
        if front.body.is_some() {
            let body = ReportBody::FIELDS;
            fields.lay_field(BODY, body, "metadata_bits", &bitmap.swap_bytes());
            if let Some(domain) = &domain {
                fields.lay_field(BODY, body, "domain_id", domain);
            }
        }
        Self {
            valid,
            frame_bytes,
            parts: m.delayed("part_count", Reset::None, parts),
            available,
            front: m.wire("front", concat(fields.0)),
            values,
            rest,
        }
    }
}

/// What a report has of its frame.
struct Copied {
    /// Its bytes, with those that fill it up.
    bytes: Expr,
    /// Its whole words.
    words: Expr,
    /// It ends inside a word.
    ends_inside: Option<Expr>,
}

impl Copied {
    fn new(m: &mut Module, spec: &ReportSpec, bytes: &Expr) -> Self {
        let filled = match spec.fill {
            true => bytes.plus(3),
            false => bytes.clone(),
        };
        let filled = m.delayed("filled_bytes", Reset::None, filled);
        let words = filled.slice(2, LENGTH_BITS - 2);
        match spec.fill {
            true => Self {
                bytes: concat([zeros(2), words.clone()]),
                words,
                ends_inside: None,
            },
            false => Self {
                ends_inside: Some(filled.slice(0, 2).any()),
                bytes: filled,
                words,
            },
        }
    }
}

/// The words of an individual report behind its first; from [`REPORT_TO_END`] on that, and where it ends inside a word.
fn report_length(
    m: &mut Module,
    copied: &Copied,
    metadata_words: &Expr,
    body_words: usize,
) -> Expr {
    let bits = copied.words.width();
    let words = &copied.words + metadata_words.zero_extend(bits).plus(body_words as u64);
    let words = m.delayed("report_words", Reset::None, words);
    let too_many = words.slice(8, bits - 8).any();
    let to_end = match &copied.ends_inside {
        Some(inside) => too_many | m.delayed("ends_inside_word", Reset::None, inside.clone()),
        None => too_many,
    };
    let words = words.slice(0, 8) | lit(8, REPORT_TO_END.into()).gated_by(&to_end);
    m.delayed("report_length", Reset::None, words)
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

    /// Puts a field of the headers of the frame.
    fn lay_datagram(&mut self, name: &str, value: &Expr) {
        let fields = DatagramHeader::fields();
        let field = fields.iter().find(|field| field.name == name);
        let field = field.expect("the header has this field");
        self.lay(field.offset_bytes, value);
    }

    /// Puts a field of whole bytes of a header that begins at an offset.
    fn lay_field(&mut self, header: usize, fields: &[BitField], name: &str, value: &Expr) {
        let field = fields.iter().find(|field| field.name == name);
        let field = field.expect("the header has this field");
        self.lay(header + field.offset_bits / 8, value);
    }
}
