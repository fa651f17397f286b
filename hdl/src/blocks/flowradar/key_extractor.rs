//! From the beats of a frame to the key of its flow.

use std::sync::Arc;

use seqnic_spec::flowradar::{Geometry, KeyKind};

use super::flow_table::LENGTH_BITS;
use crate::blocks::header_parser::{
    FRONT_BYTES, MOST_TAGS, Scope, Stage, header_parser, layer3_offset, layer4_offset,
};
use crate::blocks::header_window::{self, WINDOW_BYTES, Wanted, header_window};
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, lit, zeros};

const DOC: &str = "\
Key extractor: watches accepted beats and gives the key of the flow of each frame.

    beat ---> [ header window ] --+--> [ header parser ] --+
                                  +------------------------+--> [ each version ] ---> [ the one there is ] ---> key

A frame gives its key when its headers are here; where bytes are counted, when it has ended.
Latency: 3 cycles from the beat that completes the window or the frame, 4 on buses below 256 bits. Throughput: a frame a
cycle. Backpressure: none, it watches. Reset: waits for a first beat.
Storage: the header window, from 1024 bits on 86 bytes of flip-flops; three keys.
Source: docs/packet-format.md, \"Keys\".";

/// Bytes in which a field of a key can be: a port behind two tags and the longest IPv4 header.
const FIELD_BYTES: usize = layer4_offset(MOST_WORDS) + 4;

/// Words by which layer 4 can begin later than at its first place.
const MOST_WORDS: usize = 12;

/// How the window is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bus {
    /// The window is the first beat, and is kept here.
    Whole,
    /// Headers are found on their way into the window.
    Wide,
    /// Headers are found a cycle behind the window. Then only bytes of the next frame's first beat can be in it, which
    /// has 16 bytes at most: no field of a key is there.
    Narrow,
}

/// A key extractor. Watches `accept`, `tdata`, `tkeep`, `tlast`. Outputs `valid`, `key`, and `bytes` where they are counted.
pub fn key_extractor(
    name: &str,
    data_bits: usize,
    geometry: &Geometry,
) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let bus = match data_bits {
        bits if header_window::latency_cycles(bits) == 0 => Bus::Whole,
        bits if bits >= 8 * FRONT_BYTES => Bus::Wide,
        _ => Bus::Narrow,
    };
    let counts = geometry.byte_counts;
    let wanted = Wanted {
        time: false,
        length: counts,
        first: bus != Bus::Narrow,
    };
    let window = header_window(&format!("{name}_window"), data_bits, wanted)?;
    let window = m.instance("header_window", &window);
    let ports = [
        ("accept", 1),
        ("tdata", data_bits),
        ("tkeep", data_bits / 8),
        ("tlast", 1),
    ];
    let [_, data, keep, _] = ports.map(|(port, bits)| {
        let input = m.input(port, bits);
        m.connect(window, port, &input);
        input
    });
    let mut of_window = |port: &str| m.output_from(window, port);
    let mut bytes = of_window("window").slice(0, 8 * FIELD_BYTES);
    let mut bytes_keep = of_window("window_keep");
    let header_valid = of_window("header_valid");
    let mut valid = match counts {
        true => of_window("frame_valid"),
        false => header_valid.clone(),
    };
    let mut length = counts.then(|| of_window("frame_length"));

    let stage = match bus {
        Bus::Narrow => Stage::Delayed,
        _ => Stage::FirstBeat,
    };
    let parser = header_parser(&format!("{name}_parser"), Scope::ALL, stage)?;
    let parser = m.instance("header_parser", &parser);
    if bus == Bus::Narrow {
        let whole = m.output_from(window, "window");
        m.connect(parser, "window", whole.slice(0, 8 * WINDOW_BYTES));
    } else {
        let first = m.output_from(window, "first_beat");
        m.connect(parser, "first", first);
        m.connect(parser, "front", data.slice(0, 8 * FRONT_BYTES));
        m.connect(parser, "front_keep", keep.slice(0, FRONT_BYTES));
    }
    if bus == Bus::Whole {
        bytes = m.captured("bytes_kept", &header_valid, bytes);
        bytes_keep = m.captured("keep_kept", &header_valid, bytes_keep);
    }
    m.connect(parser, "window_keep", &bytes_keep);
    if bus != Bus::Wide {
        valid = m.delayed("valid_0", Reset::To(0), valid);
        length = length.map(|length| m.delayed("length_0", Reset::None, length));
    }

    let fields = Fields::read(&mut m, parser, &bytes, geometry.key);
    let valid = m.delayed("valid_1", Reset::To(0), valid);
    let length = length.map(|length| m.delayed("length_1", Reset::None, length));
    let key = m.delayed("key_2", Reset::None, fields.key(geometry.key));
    let valid = m.delayed("valid_2", Reset::To(0), valid);
    let length = length.map(|length| m.delayed("length_2", Reset::None, length));
    m.output_of("valid", valid);
    m.output_of("key", key);
    if let Some(length) = length {
        m.output_of("bytes", length.resize(LENGTH_BITS));
    }
    m.build()
}

/// What a key is made of, for each version of IP.
struct Fields {
    /// One bit: which version there is.
    ipv4: Expr,
    ipv6: Expr,
    has_ports: Expr,
    /// The numbers as the header has them.
    source_4: Expr,
    destination_4: Expr,
    protocol_4: Expr,
    source_6: Expr,
    destination_6: Expr,
    protocol_6: Expr,
    /// The source port, and below it the destination port.
    ports: Expr,
}

impl Fields {
    fn read(m: &mut Module, parser: crate::rtl::Instance, window: &Expr, kind: KeyKind) -> Self {
        let tags = m.output_from(parser, "tags");
        let words = m.output_from(parser, "layer4_words");
        let number = |offset: usize, bytes: usize| window.slice(8 * offset, 8 * bytes).swap_bytes();
        let mut behind_tags = |name: &str, at: &dyn Fn(usize) -> Expr| {
            let value = m.select_in(name, &tags, 0..=MOST_TAGS, |tags| at(layer3_offset(tags)));
            m.delayed(&format!("{name}_1"), Reset::None, value)
        };
        // An IPv6 address in the shorter key is the XOR of its words.
        let address_6 = |offset: usize| match kind {
            KeyKind::Ipv6FiveTuple => number(offset, 16),
            KeyKind::FiveTuple => {
                let word = |word: usize| number(offset + 4 * word, 4);
                word(0) ^ word(1) ^ word(2) ^ word(3)
            }
        };
        let source_4 = behind_tags("source_4", &|start| number(start + 12, 4));
        let destination_4 = behind_tags("destination_4", &|start| number(start + 16, 4));
        let protocol_4 = behind_tags("protocol_4", &|start| number(start + 9, 1));
        let source_6 = behind_tags("source_6", &|start| address_6(start + 8));
        let destination_6 = behind_tags("destination_6", &|start| address_6(start + 24));
        let protocol_6 = behind_tags("protocol_6", &|start| number(start + 6, 1));
        // "More fragments"; where a fragment is not the first one, the parser finds no ports.
        let is_fragment = behind_tags("is_fragment", &|start| window.bit(8 * (start + 6) + 5));
        let ports = m.select_in("both_ports", &words, 0..=MOST_WORDS, |words| {
            number(layer4_offset(words), 4)
        });
        let ports = m.delayed("port_pair", Reset::None, ports);
        let [ipv4, ipv6, found] = ["ipv4", "ipv6", "ports"].map(|header| {
            let found = m.output_from(parser, header);
            m.delayed(&format!("{header}_1"), Reset::None, found)
        });
        Self {
            has_ports: m.wire("has_ports", found & !(&ipv4 & is_fragment)),
            ipv4,
            ipv6,
            source_4,
            destination_4,
            protocol_4,
            source_6,
            destination_6,
            protocol_6,
            ports,
        }
    }

    /// The key as a number: the source address is its most significant part.
    fn key(&self, kind: KeyKind) -> Expr {
        let wide = 8 * kind.address_bytes();
        let of_ipv4 = |address: &Expr| match kind {
            KeyKind::FiveTuple => address.clone(),
            // The address a.b.c.d is ::ffff:a.b.c.d.
            KeyKind::Ipv6FiveTuple => concat([address.clone(), lit(16, 0xffff), zeros(wide - 48)]),
        };
        let either = |version_4: Expr, version_6: &Expr| {
            version_4.gated_by(&self.ipv4) | version_6.gated_by(&self.ipv6)
        };
        concat([
            either(self.protocol_4.clone(), &self.protocol_6),
            self.ports.gated_by(&self.has_ports),
            either(of_ipv4(&self.destination_4), &self.destination_6),
            either(of_ipv4(&self.source_4), &self.source_6),
        ])
    }
}
