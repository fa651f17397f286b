//! What a byte of an output frame is.

use seqnic_spec::{Config, Section, SectionKind};

/// Describes byte `offset` of a frame that a sequencer puts out: the section of the prefix and what it is in it,
/// as in `row 3, field destination_port`, or its place in the original frame.
pub fn place_of_byte(config: &Config, offset: usize) -> String {
    let sections = config.prefix().sections();
    let inside = |section: &&Section| {
        (section.offset_bytes..section.offset_bytes + section.bytes).contains(&offset)
    };
    match sections.iter().find(inside) {
        Some(section) => place_in_section(config, section.kind, offset - section.offset_bytes),
        None => format!(
            "byte {} of the original frame",
            offset - config.prefix_bytes()
        ),
    }
}

fn place_in_section(config: &Config, kind: SectionKind, offset: usize) -> String {
    match kind {
        SectionKind::Ethernet { vlan, .. } => {
            let part = match offset {
                0..6 => "destination",
                6..12 => "source",
                12..16 if vlan.is_some() => "VLAN tag",
                _ => "EtherType",
            };
            format!("dummy Ethernet header, {part}")
        }
        SectionKind::Rows { .. } => {
            let (row, within) = (offset / config.row().bytes(), offset % config.row().bytes());
            let fields = config.row().fields();
            let starts = (0..fields.len())
                .rev()
                .map(|index| (index, config.row().offset_of(index)));
            match starts.into_iter().find(|&(_, start)| start <= within) {
                Some((index, start)) => {
                    format!(
                        "row {row}, field {}, byte {}",
                        fields[index].name,
                        within - start
                    )
                }
                None => format!("row {row}, byte {within}"),
            }
        }
        SectionKind::SequenceNumber { .. } => format!("sequence number, byte {offset}"),
        SectionKind::Timestamp { .. } => format!("timestamp, byte {offset}"),
        SectionKind::IndexPointer { .. } => format!("index pointer, byte {offset}"),
        SectionKind::Padding { .. } => format!("padding, byte {offset}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_section_and_the_field() {
        let config = Config::from_toml_str(
            "history = { row = \"port-knocking\", rows = 4 }\nspray = { cores = 4, steering = \"vlan\" }",
            "test",
        )
        .expect("a valid configuration");
        let row = |row: usize, byte: usize| 18 + row * 8 + byte;
        for (offset, place) in [
            (0, "dummy Ethernet header, destination"),
            (11, "dummy Ethernet header, source"),
            (13, "dummy Ethernet header, VLAN tag"),
            (17, "dummy Ethernet header, EtherType"),
            (row(0, 3), "row 0, field source, byte 3"),
            (row(3, 5), "row 3, field destination_port, byte 1"),
            (row(2, 7), "row 2, field fin, byte 0"),
            (row(4, 1), "index pointer, byte 1"),
            (row(4, 2) + 60, "byte 60 of the original frame"),
        ] {
            assert_eq!(place_of_byte(&config, offset), place);
        }
    }
}
