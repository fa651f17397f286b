//! Frames as `.axi` text: what the simulations of NetFPGA-PLUS play and record.
//!
//! A line is a beat, `TDATA, TKEEP, TUSER` in hexadecimal with the most significant byte first; it ends in `,` within a frame
//! and in `.` at its end. `tuser` stands in the first beat of a frame, and is 0 in the others. Lines that begin with
//! `#` are comments; `@`, `+` and `*` say when the next beat comes.

use std::fmt::Write;

use thiserror::Error;

use super::{DATA_BITS, TUSER_BITS};

/// Bytes of a beat.
const BUS_BYTES: usize = DATA_BITS / 8;

/// A frame with the `tuser` of its first beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The bytes, the first one on the wire first.
    pub bytes: Vec<u8>,
    /// `tuser`.
    pub tuser: u128,
}

impl Frame {
    /// A frame with its length and its ports in `tuser`.
    pub fn new(bytes: Vec<u8>, source_port: u8, destination_port: u8) -> Self {
        let length = bytes.len().min(usize::from(u16::MAX)) as u128;
        let ports = u128::from(source_port) << 16 | u128::from(destination_port) << 24;
        Self {
            tuser: length | ports,
            bytes,
        }
    }
}

/// A line that is none of `.axi`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {reason}")]
pub struct AxiError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Frames as text, below lines of comment.
pub fn write(comment: &str, frames: &[Frame]) -> String {
    let mut text: String = comment.lines().map(|line| format!("# {line}\n")).collect();
    for frame in frames {
        text.push('\n');
        let beats = frame.bytes.chunks(BUS_BYTES);
        let last = beats.len().saturating_sub(1);
        for (at, bytes) in beats.enumerate() {
            text.extend(std::iter::repeat_n("00", BUS_BYTES - bytes.len()));
            for byte in bytes.iter().rev() {
                // Writing to a string does not fail.
                let _ = write!(text, "{byte:02x}");
            }
            let keep = u128::MAX >> (BUS_BYTES - bytes.len());
            let (tuser, end) = (
                if at == 0 { frame.tuser } else { 0 },
                if at == last { '.' } else { ',' },
            );
            let _ = writeln!(text, ", {keep:032x}, {tuser:032x}{end}");
        }
    }
    text
}

/// The frames of a text.
pub fn read(text: &str) -> Result<Vec<Frame>, AxiError> {
    let mut frames = Vec::new();
    let mut open: Option<Frame> = None;
    let mut line = 0;
    for whole in text.lines() {
        line += 1;
        let refused = |reason| AxiError { line, reason };
        let beat = whole.split('#').next().unwrap_or_default().trim();
        if beat.is_empty() || beat.starts_with(['@', '+', '*']) {
            continue;
        }
        let (bytes, tuser, is_last) = read_beat(beat).map_err(refused)?;
        let is_whole = bytes.len() == BUS_BYTES;
        let mut frame = match open.take() {
            None => Frame {
                bytes: Vec::new(),
                tuser,
            },
            Some(_) if tuser != 0 => {
                return Err(refused("tuser is not 0 behind the first beat"));
            }
            Some(frame) => frame,
        };
        frame.bytes.extend(bytes);
        match (is_last, is_whole) {
            (true, _) => frames.push(frame),
            (false, true) => open = Some(frame),
            (false, false) => return Err(refused("tkeep has a gap before the end of the frame")),
        }
    }
    match open {
        None => Ok(frames),
        Some(_) => Err(AxiError {
            line,
            reason: "the last frame has no end",
        }),
    }
}

/// The bytes, `tuser` and `tlast` of a beat.
fn read_beat(beat: &str) -> Result<(Vec<u8>, u128, bool), &'static str> {
    let (fields, is_last) = match (beat.strip_suffix('.'), beat.strip_suffix(',')) {
        (Some(fields), _) => (fields, true),
        (None, Some(fields)) => (fields, false),
        (None, None) => return Err("it ends neither in `,` nor in `.`"),
    };
    let fields: Vec<&str> = fields.split(',').map(str::trim).collect();
    let [data, keep, tuser] = fields[..] else {
        return Err("a beat has three fields");
    };
    let digits = [data, keep, tuser].map(str::len);
    if digits != [DATA_BITS / 4, BUS_BYTES / 4, TUSER_BITS / 4] {
        return Err("a beat has 256, 32 and 32 digits");
    }
    let number =
        |text: &str| u128::from_str_radix(text, 16).map_err(|_| "a field is no hexadecimal number");
    let (keep, tuser) = (number(keep)?, number(tuser)?);
    let kept = keep.trailing_ones() as usize;
    if kept == 0 || keep.count_ones() as usize != kept {
        return Err("tkeep is not contiguous from bit 0");
    }
    let mut bytes = Vec::new();
    for pair in data.as_bytes().rchunks(2).take(kept) {
        let pair = std::str::from_utf8(pair).map_err(|_| "a field is no hexadecimal number")?;
        bytes.push(u8::from_str_radix(pair, 16).map_err(|_| "a field is no hexadecimal number")?);
    }
    Ok((bytes, tuser, is_last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_two_beats_is_written_as_the_tree_writes_it() {
        let frame = Frame::new((0..130).collect(), 0x01, 0x04);
        let text = write("two\nlines", std::slice::from_ref(&frame));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..3], ["# two", "# lines", ""]);
        assert!(lines[3].starts_with("7f7e7d7c"), "{}", lines[3]);
        assert!(lines[3].ends_with(
            "03020100, ffffffffffffffffffffffffffffffff, 00000000000000000000000004010082,"
        ));
        assert!(lines[4].starts_with("000000"), "{}", lines[4]);
        assert!(lines[4].ends_with(
            "8180, 00000000000000000000000000000003, 00000000000000000000000000000000."
        ));
        assert_eq!(lines.len(), 5);
        assert_eq!(read(&text), Ok(vec![frame]));
    }

    #[test]
    fn times_and_comments_are_passed_over_and_other_lines_refused() {
        let beat = write("", &[Frame::new(vec![7; 5], 1, 0)]);
        let beat = beat.trim();
        let timed = format!("@ 5\n{beat} # a beat\n+ 3\n* 2\n{beat}");
        assert_eq!(read(&timed).map(|frames| frames.len()), Ok(2));
        for (text, reason) in [
            (beat.replace('.', ";"), "it ends neither in `,` nor in `.`"),
            (
                beat.replace('.', ","),
                "tkeep has a gap before the end of the frame",
            ),
            (
                beat.replacen("00", "0", 1),
                "a beat has 256, 32 and 32 digits",
            ),
            (
                beat.replacen("07", "0x", 1),
                "a field is no hexadecimal number",
            ),
            (beat.replacen(", ", " ", 1), "a beat has three fields"),
            (
                beat.replace("0000001f,", "0000002f,"),
                "tkeep is not contiguous from bit 0",
            ),
        ] {
            let refused = read(&format!("# x\n{text}")).map_err(|error| (error.line, error.reason));
            assert_eq!(refused, Err((2, reason)));
        }
    }

    #[test]
    fn a_frame_without_an_end_is_refused() {
        let text = write("", &[Frame::new(vec![7; 200], 1, 0)]);
        let cut = text.trim_end().rsplit_once('\n').expect("two beats").0;
        let error = read(cut).expect_err("no end");
        assert_eq!((error.line, error.reason), (2, "the last frame has no end"));
        let again = text.replace("000000.", "000001.");
        let error = read(&again).expect_err("tuser");
        assert_eq!(error.reason, "tuser is not 0 behind the first beat");
    }
}
