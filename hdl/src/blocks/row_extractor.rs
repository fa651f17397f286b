//! Makes the history row of a frame from its header window.

use std::sync::Arc;

use seqnic_spec::{ByteOrder, Field, HeaderField, Layer, RowLayout, Source};

use super::header_parser::{HEADERS, Scope, layer3_offset, layer4_offset};
use super::header_window::WINDOW_BYTES;
use crate::rtl::{Design, Expr, Module, RtlError, concat, lit, ones, zeros};

const DOC: &str = "\
Row extractor: the fields of the row, packed in order; all zero when the frame lacks a header that the row needs.

    window ---> [ select by tags, layer4_words ] ---> field 0 | field 1 | ... ---> row
    header_time, frame_length, constants -----------^

Latency: none, combinational; a row with the frame's length waits for the end of the frame. Throughput: a row a cycle.
Backpressure: none. Reset: none. Storage: none, or one row of flip-flops when the row has the frame's length.
Source: state-compute replication, sections 3.2 and 3.3, Table 1.";

/// A row extractor. `window_stays`: the window shows the frame's header until the frame has ended. Inputs
/// `header_valid`, and as the row needs them `window`, `matched` (the frame has the headers that the row needs), `tags`,
/// `layer4_words`, `header_time`, `frame_length`, `frame_valid`; outputs `row`, `row_valid`.
pub fn row_extractor(
    name: &str,
    layout: &RowLayout,
    window_stays: bool,
) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let inputs = Inputs::declare(&mut m, layout);
    let matched = match needed_headers(layout).next() {
        Some(_) => m.input("matched", 1),
        None => ones(1),
    };

    let length = layout
        .uses_frame_length()
        .then(|| (m.input("frame_length", 16), m.input("frame_valid", 1)));
    let mut fields = Vec::new();
    for field in layout.fields() {
        let value = match field.source {
            // Filled in below: it is known only at the end of the frame.
            Source::FrameLength => zeros(16),
            source => inputs.value(&mut m, &field.name, source),
        };
        fields.push(placed(&value, field));
    }
    let extracted = m.wire("extracted", concat(fields).gated_by(&matched));
    let Some((length, frame_valid)) = length else {
        m.output_of("row", &extracted);
        m.output_of("row_valid", &inputs.header_valid);
        return m.build();
    };

    // The row waits for the length, which the end of the frame gives.
    let (header, is_matched) = match window_stays {
        true => (extracted, matched),
        false => {
            let mut held = |name: &str, value: &Expr| {
                let held = m.captured(&format!("{name}_held"), &inputs.header_valid, value);
                m.wire(name, inputs.header_valid.mux(value, &held))
            };
            (held("header", &extracted), held("is_matched", &matched))
        }
    };
    let counted = m.wire("counted", length.gated_by(&is_matched));
    let fields = layout
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| match field.source {
            Source::FrameLength => placed(&counted, field),
            _ => header.slice(8 * layout.offset_of(index), 8 * field.bytes),
        });
    m.output_of("row", concat(fields));
    m.output_of("row_valid", &frame_valid);
    m.build()
}

/// A value in the bytes of its field, byte 0 lowest.
fn placed(value: &Expr, field: &Field) -> Expr {
    let sized = value.resize(8 * field.bytes);
    match field.order {
        ByteOrder::Big => sized.swap_bytes(),
        ByteOrder::Little => sized,
    }
}

struct Inputs {
    window: Option<Expr>,
    tags: Option<Expr>,
    layer4_words: Option<Expr>,
    header_valid: Expr,
    time: Option<Expr>,
    scope: Scope,
}

/// Which position a layer's place depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Always at this byte.
    Fixed(usize),
    Layer3,
    Layer4,
}

fn place(field: HeaderField) -> Place {
    match field.layer() {
        // The EtherType stands in front of layer 3.
        Layer::Ethernet if field == HeaderField::EthernetType => Place::Layer3,
        Layer::Ethernet => Place::Fixed(0),
        Layer::Vlan => Place::Fixed(12),
        Layer::InnerVlan => Place::Fixed(16),
        Layer::Ipv4 | Layer::Ipv6 => Place::Layer3,
        Layer::Tcp | Layer::Udp | Layer::Ports => Place::Layer4,
    }
}

/// The header field that a source reads.
fn header_field(source: Source) -> Option<HeaderField> {
    match source {
        Source::Header(field) => Some(field),
        Source::TcpFlags { .. } => Some(HeaderField::TcpFlags),
        Source::FrameLength | Source::Timestamp | Source::Constant(_) => None,
    }
}

/// The inputs that a row needs to find its header fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    /// `window`.
    pub window: bool,
    /// `tags`.
    pub tags: bool,
    /// `layer4_words`.
    pub layer4_words: bool,
}

/// The inputs that a row needs to find its header fields.
pub fn needed_positions(layout: &RowLayout) -> Positions {
    let fields = layout
        .fields()
        .iter()
        .filter_map(|field| header_field(field.source));
    let places: Vec<_> = fields.map(place).collect();
    Positions {
        window: !places.is_empty(),
        tags: places.contains(&Place::Layer3),
        layer4_words: places.contains(&Place::Layer4),
    }
}

/// The headers that a row needs, of [`HEADERS`].
pub fn needed_headers(layout: &RowLayout) -> impl Iterator<Item = &'static str> {
    let requires = layout.requires();
    HEADERS.into_iter().filter(move |&header| match header {
        "ethernet" => requires.ethernet,
        "vlan" => requires.vlan,
        "inner_vlan" => requires.inner_vlan,
        "ipv4" => requires.ipv4,
        "ipv6" => requires.ipv6,
        "tcp" => requires.tcp,
        "udp" => requires.udp,
        _ => requires.ports,
    })
}

impl Inputs {
    fn declare(m: &mut Module, layout: &RowLayout) -> Self {
        let positions = needed_positions(layout);
        Self {
            window: positions
                .window
                .then(|| m.input("window", 8 * WINDOW_BYTES)),
            tags: positions.tags.then(|| m.input("tags", 2)),
            layer4_words: positions.layer4_words.then(|| m.input("layer4_words", 4)),
            header_valid: m.input("header_valid", 1),
            time: layout.uses_timestamp().then(|| m.input("header_time", 64)),
            scope: Scope::of(layout.requires()),
        }
    }

    /// The number that a source gives.
    fn value(&self, m: &mut Module, name: &str, source: Source) -> Expr {
        match source {
            Source::Constant(value) => lit(64, value),
            Source::Timestamp => self
                .time
                .clone()
                .unwrap_or_else(|| Expr::refused(64, "the row declares no time")),
            Source::FrameLength => Expr::refused(16, "the frame's length is not in the header"),
            Source::Header(field) => self.header(m, name, field),
            Source::TcpFlags { mask, value } => {
                let flags = self.header(m, name, HeaderField::TcpFlags);
                (flags & lit(8, mask.into())).is(value.into())
            }
        }
    }

    fn header(&self, m: &mut Module, name: &str, field: HeaderField) -> Expr {
        let Some(window) = &self.window else {
            return Expr::refused(field.bits(), "the row declares no window");
        };
        let first_byte = field.bit_offset() / 8;
        let bytes = (field.bit_offset() + field.bits()).div_ceil(8) - first_byte;
        let at = |offset: usize| window.slice(8 * (offset + first_byte), 8 * bytes);
        let name = format!("{name}_bytes");
        let raw = match (place(field), &self.tags, &self.layer4_words) {
            (Place::Layer3, Some(tags), _) => m.select_in(&name, tags, self.scope.tags(), |tags| {
                match field {
                    // Its offset in the table is that in an untagged frame.
                    HeaderField::EthernetType => at(4 * tags),
                    _ => at(layer3_offset(tags)),
                }
            }),
            (Place::Layer4, _, Some(words)) => {
                m.select_in(&name, words, self.scope.layer4_words(), |words| {
                    at(layer4_offset(words))
                })
            }
            (Place::Fixed(offset), ..) => m.wire(&name, at(offset)),
            _ => return Expr::refused(field.bits(), "the row declares no position"),
        };
        let below = 8 * bytes - field.bit_offset() % 8 - field.bits();
        raw.swap_bytes().slice(below, field.bits())
    }
}
