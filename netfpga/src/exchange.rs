//! Frames that a bench plays, and what must come of them.

use std::fmt::Write;

use seqnic_spec::{Config, SectionKind, Source};

/// A frame, and what the golden model makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The frame at the input.
    pub sent: Vec<u8>,
    /// The frame at the output.
    pub expected: Vec<u8>,
    /// The time of the frame; 0 where it follows from cycles, which a model does not have.
    pub time: u64,
    /// The core that it is for.
    pub core: usize,
    /// The bits of `tuser` that say so; 0 unless the configuration steers by `tuser`.
    pub core_tuser: u128,
}

/// The places of the time in a frame that comes out, as (first byte, bytes).
pub(crate) fn time_bytes(config: &Config) -> Vec<(usize, usize)> {
    let row = config.row();
    let mut places = Vec::new();
    for section in config.prefix().sections() {
        match section.kind {
            SectionKind::Timestamp { .. } => {
                places.push((section.offset_bytes, section.bytes));
            }
            SectionKind::Rows { .. } => places.extend((0..config.rows()).flat_map(|number| {
                let start = section.offset_bytes + number * row.bytes();
                let fields = row.fields().iter().enumerate();
                let of_time = fields.filter(|(_, field)| field.source == Source::Timestamp);
                of_time.map(move |(at, field)| (start + row.offset_of(at), field.bytes))
            })),
            _ => {}
        }
    }
    places
}

/// The beats of a prefix as one hexadecimal number, with ones where they hold the time.
pub(crate) fn time_mask(config: &Config) -> String {
    let mut mask = vec!["00"; config.prefix_beats() * config.data_bits() / 8];
    for (first, bytes) in time_bytes(config) {
        mask[first..first + bytes].fill("ff");
    }
    mask.reverse();
    mask.concat()
}

/// The beats of frames.
pub(crate) fn beats<'a>(frames: impl IntoIterator<Item = &'a Vec<u8>>, bus_bytes: usize) -> String {
    let counts = frames
        .into_iter()
        .map(|frame| frame.len().div_ceil(bus_bytes));
    counts.sum::<usize>().to_string()
}

/// Frames as a hex file for `$readmemh`, a beat a line: `tlast`, `user_bits` of `tuser`, `tkeep` and `tdata` as one number.
/// `tuser` is that of the frame in all its beats.
pub(crate) fn hex_beats<'a>(
    frames: impl IntoIterator<Item = (&'a [u8], u128)>,
    bus_bytes: usize,
    user_bits: usize,
) -> String {
    let mut text = String::new();
    for (bytes, user) in frames {
        let beats = bytes.chunks(bus_bytes);
        let last = beats.len() - 1;
        for (at, beat) in beats.enumerate() {
            let keep = u128::MAX >> (u128::BITS as usize - beat.len());
            let side = user | u128::from(at == last) << user_bits;
            // Writing to a string does not fail.
            let _ = write!(text, "{side:x}{keep:0width$x}", width = bus_bytes / 4);
            text.extend(std::iter::repeat_n("00", bus_bytes - beat.len()));
            for byte in beat.iter().rev() {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
    }
    text
}
