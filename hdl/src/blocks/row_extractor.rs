//! Makes the history row of a frame from its header window.

use std::sync::Arc;

use seqnic_spec::{ByteOrder, Field, HeaderField, Layer, RowLayout, Source};

use super::header_parser::{HEADERS, NO_TAGS, NO_WORDS, Scope, layer3_offset, layer4_offset};
use super::header_window::WINDOW_BYTES;
use crate::rtl::{Design, Expr, Module, RtlError, concat, lit, ones, zeros};

const DOC: &str = "\
Row extractor: the fields of the row, packed in order; all zero when the frame lacks a header that the row needs.

    window ---> [ select by tags, layer4_words ] ---> field 0 | field 1 | ... ---> row
    header_time, frame_length, constants -----------^

Fields of layer 3 and 4 of a frame that lacks a header are zero by their selection: 3 tags, 15 words stand for that.
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
    let matched = match needed_findings(layout).matched {
        true => m.input("matched", 1),
        false => ones(1),
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
        let value = placed(&value, field);
        fields.push(match is_zero_unless_matched(field.source) {
            true => value,
            false => value.gated_by(&matched),
        });
    }
    let extracted = m.wire("extracted", concat(fields));
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

/// Whether a source is selected by the position of its header, and so is zero without the header.
fn is_zero_unless_matched(source: Source) -> bool {
    matches!(source, Source::Header(field) if !matches!(place(field), Place::Fixed(_)))
}

/// The header field that a source reads.
fn header_field(source: Source) -> Option<HeaderField> {
    match source {
        Source::Header(field) => Some(field),
        Source::TcpFlags { .. } => Some(HeaderField::TcpFlags),
        Source::FrameLength | Source::Timestamp | Source::Constant(_) => None,
    }
}

/// The inputs that tell a row about the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Findings {
    /// `window`.
    pub window: bool,
    /// `matched`: there are fields that do not become zero by their selection.
    pub matched: bool,
    /// `tags`.
    pub tags: bool,
    /// `layer4_words`.
    pub layer4_words: bool,
}

/// The inputs of [`Findings`] that a row needs.
pub fn needed_findings(layout: &RowLayout) -> Findings {
    let mut sources = layout.fields().iter().map(|field| field.source);
    let fields = layout
        .fields()
        .iter()
        .filter_map(|field| header_field(field.source));
    let places: Vec<_> = fields.map(place).collect();
    Findings {
        window: !places.is_empty(),
        matched: needed_headers(layout).next().is_some()
            && sources.any(|source| !is_zero_unless_matched(source)),
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
        let needed = needed_findings(layout);
        Self {
            window: needed.window.then(|| m.input("window", 8 * WINDOW_BYTES)),
            tags: needed.tags.then(|| m.input("tags", 2)),
            layer4_words: needed.layer4_words.then(|| m.input("layer4_words", 4)),
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
        let (tag_range, word_range) = (self.scope.tags(), self.scope.layer4_words());
        let raw = match (place(field), &self.tags, &self.layer4_words) {
            (Place::Layer3, Some(tags), _) => {
                m.select_in(
                    &name,
                    tags,
                    *tag_range.start()..=NO_TAGS,
                    |tags| match field {
                        _ if !tag_range.contains(&tags) => zeros(8 * bytes),
                        // Its offset in the table is that in an untagged frame.
                        HeaderField::EthernetType => at(4 * tags),
                        _ => at(layer3_offset(tags)),
                    },
                )
            }
            (Place::Layer4, _, Some(words)) => m.select_in(
                &name,
                words,
                *word_range.start()..=NO_WORDS,
                |words| match word_range.contains(&words) {
                    true => at(layer4_offset(words)),
                    false => zeros(8 * bytes),
                },
            ),
            (Place::Fixed(offset), ..) => m.wire(&name, at(offset)),
            _ => return Expr::refused(field.bits(), "the row declares no position"),
        };
        let below = 8 * bytes - field.bit_offset() % 8 - field.bits();
        raw.swap_bytes().slice(below, field.bits())
    }
}
