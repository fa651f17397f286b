//! Prefixes: four bytes choose a configuration, and frames follow, each behind two bytes of length.

use seqnic_sim::model::{RowExtractor, Sequencer, Stripper};
use seqnic_spec::{
    ByteOrder, Config, PrefixPreset, RawConfig, RawSection, RowOrder, RowPreset, Section,
    SectionKind, Steering, VlanTag,
};

use super::bytes::Bytes;

/// The longest frame.
const FRAME_BYTES: u64 = 2_000;

/// A frame behind a prefix whose sections say, read one by one, what they must say; the stripper
/// gives back the frame, and from a frame without a prefix it takes as many bytes.
pub fn check(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let Some(config) = config(&mut bytes) else {
        return;
    };
    let mut sequencer = Sequencer::new(&config);
    let mut stripper = Stripper::new(&config);
    let mut past = Past::new(&config);
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let length = bytes.number(2) % FRAME_BYTES + 1;
        let frame = bytes.slice(length as usize);
        if frame.is_empty() {
            return;
        }
        let time = past.number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        out.clear();
        let sprayed = sequencer.process(frame, time, &mut out);

        past.number += 1;
        let core = (past.number - 1) % config.cores() as u64;
        assert_eq!((sprayed.core as u64, sprayed.number), (core, past.number));
        assert_eq!(out.len(), config.prefix_bytes() + frame.len());
        let mut end = 0;
        for section in config.prefix().sections() {
            assert_eq!(section.offset_bytes, end, "sections have no gaps");
            end += section.bytes;
            past.check(section, &out[section.offset_bytes..end], time, &config);
        }
        assert_eq!(end, config.prefix_bytes());

        assert_eq!(stripper.strip(&out), Some(frame));
        let behind = frame.get(end..).filter(|behind| !behind.is_empty());
        assert_eq!(stripper.strip(frame), behind);
        past.push(frame, time);
    }
}

/// What the frames so far leave behind.
struct Past {
    extractor: RowExtractor,
    /// The rows of all of them, behind as many empty rows as the history has.
    rows: Vec<Vec<u8>>,
    history_rows: usize,
    /// How many frames there were, the current one included.
    number: u64,
}

impl Past {
    fn new(config: &Config) -> Self {
        let extractor = RowExtractor::new(config.row());
        Self {
            rows: vec![vec![0; extractor.bytes()]; config.rows()],
            history_rows: config.rows(),
            extractor,
            number: 0,
        }
    }

    fn push(&mut self, frame: &[u8], time: u64) {
        let mut row = vec![0xee; self.extractor.bytes()];
        self.extractor.fill(frame, time, &mut row);
        self.rows.push(row);
    }

    /// Compares one section of the prefix of the current frame.
    fn check(&self, section: &Section, shown: &[u8], time: u64, config: &Config) {
        let before = self.number as usize - 1;
        let width = |number: u64| match section.bytes {
            8.. => number,
            bytes => number & ((1 << (8 * bytes)) - 1),
        };
        match section.kind {
            SectionKind::Ethernet {
                destination,
                source_base,
                ethertype,
                vlan,
            } => {
                let core = (before % config.cores()) as u64;
                let source = match config.steering() {
                    Steering::SourceMac => source_base.checked_add(core),
                    _ => Some(source_base),
                };
                let source = source.expect("the addresses of all cores fit");
                let mut header = [destination.octets(), source.octets()].concat();
                if let Some(tag) = vlan {
                    header.extend(VlanTag::TPID.to_be_bytes());
                    header.extend((tag.first_vid + tag.vid_step * core as u16).to_be_bytes());
                }
                header.extend(ethertype.to_be_bytes());
                assert_eq!(shown, header);
            }
            SectionKind::SequenceNumber { order, .. } => {
                assert_eq!(number(shown, order), width(self.number));
            }
            SectionKind::Timestamp { order, .. } => {
                assert_eq!(number(shown, order), width(time));
            }
            SectionKind::IndexPointer { order, .. } => {
                let oldest = (before % self.history_rows) as u64;
                assert_eq!(number(shown, order), width(oldest));
            }
            SectionKind::Rows { order } => {
                let mut rows = self.rows[before..][..self.history_rows].to_vec();
                if order == RowOrder::Array {
                    rows.rotate_right(before % self.history_rows);
                }
                assert_eq!(shown, rows.concat());
            }
            SectionKind::Padding { .. } => assert!(shown.iter().all(|&byte| byte == 0)),
        }
    }
}

fn number(bytes: &[u8], order: ByteOrder) -> u64 {
    let append = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    match order {
        ByteOrder::Big => bytes.iter().fold(0, append),
        ByteOrder::Little => bytes.iter().rev().fold(0, append),
    }
}

/// Any row preset, preset or list of sections, number of rows and cores; not all go together.
fn config(bytes: &mut Bytes) -> Option<Config> {
    let mut raw = RawConfig::default();
    raw.history.row = Some(bytes.choose(RowPreset::ALL).name().into());
    let layout = bytes.byte();
    match PrefixPreset::ALL.get(usize::from(layout)) {
        Some(preset) => raw.prefix.layout = Some(preset.name().into()),
        None => raw.prefix.section = Some(sections(layout)),
    }
    let sizes = bytes.byte();
    raw.history.rows = Some(u64::from(sizes % 16) + 1);
    raw.spray.cores = Some(u64::from(sizes / 16) + 1);
    raw.spray.steering = Some(bytes.choose(&["source-mac", "vlan", "tdest"]).into());
    raw.bus.data_bits = Some(64);
    Config::try_from(raw).ok()
}

/// Some of the sections in an order that follows from a number.
fn sections(choice: u8) -> Vec<RawSection> {
    let order = if choice & 1 == 0 { "big" } else { "little" };
    let bytes = u64::from(choice >> 1 & 7) + 1;
    let section = |kind: &str, bytes: Option<u64>, order: Option<&str>| RawSection {
        kind: kind.into(),
        bytes,
        order: order.map(str::to_owned),
        ..RawSection::default()
    };
    let mut sections = vec![
        section("ethernet", None, None),
        section("rows", None, Some("array")),
        section("padding", Some(bytes), None),
        section("index-pointer", Some(1 << (bytes % 3)), Some(order)),
        section("sequence-number", Some(bytes), Some(order)),
        section("timestamp", Some(9 - bytes), Some(order)),
    ];
    sections.rotate_left(usize::from(choice >> 4) % 6);
    sections
}
