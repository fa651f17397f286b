//! What a byte of an output frame is.

use seqnic_sim::model::Headers;
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

/// Describes byte `offset` of a frame that an INT node puts out: the header that it is in, where headers in front of it end,
/// and what shim, INT header and stack would be behind them. Whether there are any the frame alone does not say.
pub fn place_in_int_frame(frame: &[u8], offset: usize) -> String {
    let headers = Headers::parse(frame);
    let ip = headers.ipv4.or(headers.ipv6);
    let transport = headers.udp.or(headers.tcp);
    let end = match (headers.udp, headers.tcp) {
        (Some(udp), _) => Some(udp + 8),
        (None, Some(tcp)) => Some(tcp + 4 * usize::from(frame[tcp + 12] >> 4)),
        _ => None,
    };
    let behind = |start: Option<usize>| start.and_then(|start| offset.checked_sub(start));
    if let Some(byte) = behind(end) {
        return match byte {
            0..4 => format!("shim, byte {byte}"),
            4..16 => format!("INT header, byte {}", byte - 4),
            _ => format!(
                "word {} behind the INT header, byte {}",
                (byte - 16) / 4,
                byte % 4
            ),
        };
    }
    let name = if headers.udp.is_some() { "UDP" } else { "TCP" };
    if let Some(byte) = behind(transport) {
        return format!("{name} header, byte {byte}");
    }
    match behind(ip) {
        Some(byte) => format!("IP packet, byte {byte}"),
        None => format!("byte {offset} of the frame"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_header_of_a_frame_with_int() {
        let mut frame = vec![0; 120];
        frame[12..15].copy_from_slice(&[8, 0, 0x45]);
        frame[23] = 17;
        for (offset, place) in [
            (13, "byte 13 of the frame"),
            (24, "IP packet, byte 10"),
            (40, "UDP header, byte 6"),
            (43, "shim, byte 1"),
            (49, "INT header, byte 3"),
            (63, "word 1 behind the INT header, byte 1"),
        ] {
            assert_eq!(place_in_int_frame(&frame, offset), place);
        }
    }

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
