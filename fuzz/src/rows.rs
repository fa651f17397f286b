//! Rows: the first bytes choose a row and a time, the rest is a frame.

use seqnic_sim::model::{Headers, RowExtractor};
use seqnic_spec::{
    ByteOrder, Config, Field, HeaderField, Layer, RawConfig, RawField, RowPreset, Source,
};

use super::bytes::Bytes;

/// No header that is looked for ends behind these bytes; the hardware keeps no more.
const WINDOW_BYTES: usize = 128;

/// The offset of the byte of flags in a TCP header.
const TCP_FLAGS_OFFSET: usize = 13;

/// Headers that are found lie in the frame and are found in it alone; a row has the values that
/// its fields have when they are read bit by bit.
pub fn check(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let Some(config) = config(&mut bytes) else {
        return;
    };
    let time = bytes.number(8);
    let frame = bytes.0;
    let headers = Headers::parse(frame);
    check_headers(frame, &headers);

    let layout = config.row();
    let extractor = RowExtractor::new(layout);
    let mut row = vec![0xee; extractor.bytes()];
    let is_matched = extractor.fill(frame, time, &mut row);
    let has = |layer| headers.start_of(layer).is_some();
    assert_eq!(is_matched, layout.requires().layers().all(has));
    for (index, field) in layout.fields().iter().enumerate() {
        let shown = &row[layout.offset_of(index)..][..field.bytes];
        let expected = match is_matched {
            true => written(value(field.source, frame, &headers, time), field),
            false => vec![0; field.bytes],
        };
        assert_eq!(shown, expected, "{field:?}");
    }

    // What is behind the window has no say but by its length.
    let mut other = frame.to_vec();
    for byte in other.iter_mut().skip(WINDOW_BYTES) {
        *byte = !*byte;
    }
    let mut same = vec![0x11; extractor.bytes()];
    assert_eq!(extractor.fill(&other, time, &mut same), is_matched);
    assert_eq!(same, row);
}

fn check_headers(frame: &[u8], headers: &Headers) {
    for &layer in Layer::ALL {
        let end = headers
            .start_of(layer)
            .map_or(0, |start| start + layer.bytes());
        assert!(end <= frame.len().min(WINDOW_BYTES), "{layer}");
    }
    // The options of IPv4 are part of its header.
    if let Some(start) = headers.ipv4 {
        let words = usize::from(frame[start] & 15);
        assert!(words >= 5 && start + 4 * words <= frame.len());
    }
    assert!(headers.ethertype.is_none_or(|at| at + 2 <= frame.len()));
    // A frame that is cut short has no header that the whole one lacks.
    for cut in 0..frame.len().min(WINDOW_BYTES) {
        let fewer = Headers::parse(&frame[..cut]);
        for &layer in Layer::ALL {
            let start = fewer.start_of(layer);
            assert!(
                start.is_none() || start == headers.start_of(layer),
                "{layer}, cut to {cut} bytes"
            );
        }
    }
}

/// The value of a source, read bit by bit.
fn value(source: Source, frame: &[u8], headers: &Headers, time: u64) -> u128 {
    match source {
        Source::Header(HeaderField::EthernetType) => {
            let start = headers.ethertype.expect("the frame has an EtherType");
            bits(frame, 8 * start, 16)
        }
        Source::Header(field) => {
            let start = headers.start_of(field.layer()).expect("the row is matched");
            bits(frame, 8 * start + field.bit_offset(), field.bits())
        }
        Source::FrameLength => frame.len() as u128 & 0xffff,
        Source::Timestamp => time.into(),
        Source::TcpFlags { mask, value } => {
            let start = headers.tcp.expect("the row is matched");
            u128::from(frame[start + TCP_FLAGS_OFFSET] & mask == value)
        }
        Source::Constant(value) => value.into(),
    }
}

fn bits(frame: &[u8], start: usize, count: usize) -> u128 {
    (start..start + count).fold(0, |number, bit| {
        number << 1 | u128::from(frame[bit / 8] >> (7 - bit % 8) & 1)
    })
}

/// A number in the width and the byte order of a field.
fn written(value: u128, field: &Field) -> Vec<u8> {
    let mut bytes = value.to_le_bytes()[..field.bytes].to_vec();
    if field.order == ByteOrder::Big {
        bytes.reverse();
    }
    bytes
}

/// A preset, or a list of one to four of all named sources; not all go together.
fn config(bytes: &mut Bytes) -> Option<Config> {
    let mut raw = RawConfig::default();
    raw.history.rows = Some(1);
    raw.spray.cores = Some(1);
    let choice = usize::from(bytes.byte());
    match RowPreset::ALL.get(choice) {
        Some(preset) => raw.history.row = Some(preset.name().into()),
        None => {
            let sources: Vec<Source> = Source::named().collect();
            let field = |index| RawField {
                name: Some(format!("field_{index}")),
                source: bytes.choose(&sources).to_string(),
                bytes: Some(u64::from(bytes.byte() % 16) + 1),
                order: Some(bytes.choose(ByteOrder::ALL).name().into()),
            };
            raw.history.field = Some((0..=choice % 4).map(field).collect());
        }
    }
    Config::try_from(raw).ok()
}
