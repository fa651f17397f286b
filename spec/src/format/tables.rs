//! The parts of the document that are made from the layout tables.

use crate::config::Config;
use crate::header::Layer;
use crate::prefix::{PrefixPreset, RowOrder, Section, SectionKind};
use crate::raw::RawConfig;
use crate::row::RowLayout;
use crate::source::Source;

/// What the offsets of the prefix presets are shown for.
const EXAMPLE: &str = r#"
history.row = "port-knocking"
spray.cores = 4
bus.data_bits = 512
"#;

/// The example with one of the prefixes.
fn example(preset: PrefixPreset) -> Config {
    let config = RawConfig::from_toml_str(EXAMPLE, "example").and_then(|mut raw| {
        raw.prefix.layout = Some(preset.name().to_owned());
        Config::try_from(raw)
    });
    // Neither the text nor the presets come from outside, and the tests make them all.
    config.expect("every prefix preset fits the example")
}

/// Which configuration the offsets are for.
pub(super) fn example_text() -> String {
    let config = example(PrefixPreset::Paper);
    format!(
        "The offsets below are for {} cores, the row `{}` of {} bytes and a bus of {}\n\
         bits. The number of rows is the default: as many as cores in array order, one less\n\
         oldest first.",
        config.cores(),
        config.row().name(),
        config.row().bytes(),
        config.data_bits(),
    )
}

/// The title and the table of each prefix preset.
pub(super) fn prefix_presets() -> impl Iterator<Item = (String, Vec<[String; 3]>)> {
    PrefixPreset::ALL.iter().map(|&preset| {
        let config = example(preset);
        let title = format!(
            "`{preset}`: {} bytes with {} rows",
            config.prefix_bytes(),
            config.rows(),
        );
        let sections = config.prefix().sections().iter();
        let mut rows: Vec<_> = sections
            .map(|section| section_row(section, &config))
            .collect();
        rows.push([
            config.prefix_bytes().to_string(),
            String::new(),
            "the original frame".to_owned(),
        ]);
        (title, rows)
    })
}

fn section_row(section: &Section, config: &Config) -> [String; 3] {
    let content = match section.kind {
        SectionKind::Ethernet { .. } => "dummy Ethernet header".to_owned(),
        SectionKind::SequenceNumber { order, .. } => format!("sequence number, {order}-endian"),
        SectionKind::Timestamp { order, .. } => format!("timestamp, {order}-endian"),
        SectionKind::Rows { order } => {
            let order = match order {
                RowOrder::Array => "in array order",
                RowOrder::OldestFirst => "oldest first",
            };
            format!(
                "{} rows of {} bytes, {order}",
                config.rows(),
                config.row().bytes()
            )
        }
        SectionKind::IndexPointer { order, .. } => format!("index pointer, {order}-endian"),
        SectionKind::Padding { .. } => "zeros".to_owned(),
    };
    [
        section.offset_bytes.to_string(),
        section.bytes.to_string(),
        content,
    ]
}

/// What a packet must have to get this row.
pub(super) fn row_text(layout: &RowLayout) -> String {
    if layout.fields().is_empty() {
        return "No history: the prefix has neither rows nor an index pointer.".to_owned();
    }
    let layers: Vec<_> = layout.requires().layers().map(Layer::title).collect();
    format!("Requires {}.", layers.join(" and "))
}

/// The fields of a row.
pub(super) fn row_fields(layout: &RowLayout) -> impl Iterator<Item = [String; 5]> {
    layout.fields().iter().enumerate().map(|(i, field)| {
        let order = match field.bytes {
            1 => "",
            _ => field.order.name(),
        };
        [
            layout.offset_of(i).to_string(),
            field.bytes.to_string(),
            order.to_owned(),
            format!("`{}`", field.name),
            format!("`{}`", field.source),
        ]
    })
}

/// All sources that have a name.
pub(super) fn sources() -> impl Iterator<Item = [String; 5]> {
    Source::named().map(|source| {
        let (first_bit, value) = match source {
            Source::Header(field) => (field.bit_offset().to_string(), field.doc().to_owned()),
            Source::FrameLength => (
                String::new(),
                "bytes of the original frame, without the frame check sequence".to_owned(),
            ),
            Source::Timestamp => (String::new(), "sequencer's time of the packet".to_owned()),
            Source::TcpFlags { mask, .. } => {
                // A named predicate tests one flag; the lowest flag is the last bit.
                let bit = 111 - mask.trailing_zeros();
                (
                    bit.to_string(),
                    "1 when this flag is set, else 0".to_owned(),
                )
            }
            Source::Constant(value) => (String::new(), value.to_string()),
        };
        [
            format!("`{source}`"),
            source
                .layer()
                .map_or_else(String::new, |layer| layer.title().to_owned()),
            first_bit,
            source.bits().to_string(),
            value,
        ]
    })
}
