//! What a node of the chip cannot do.

use seqnic_spec::int::{Int, IntMode, WORD_BYTES};

use crate::error::Refusal;

/// What a refusal is about.
pub const INT: &str = "int";

fn refuse(rule: &'static str, figure: String, limit: &str, fix: &str) -> Refusal {
    Refusal {
        pattern: Some(INT.to_owned()),
        ..Refusal::new(rule, figure, limit, fix)
    }
}

/// Refuses what no program does.
pub fn check(node: &Int) -> Result<(), Refusal> {
    if node.mode() == IntMode::Mx {
        return Err(refuse(
            "mode",
            format!("int.mode = \"{}\"", node.mode()),
            "there are programs for the modes md and xd",
            "set it to one of these, or use emit verilog",
        ));
    }
    match node.report().filter(|report| report.fill) {
        Some(report) if report.truncate_bytes > SHORTEST_BYTES => Err(refuse(
            "report-fill",
            format!(
                "int.report.fill = true, int.report.truncate_bytes = {}",
                report.truncate_bytes
            ),
            &format!(
                "the chip puts no zeros behind what it copies, and a frame of more than {SHORTEST_BYTES} bytes may end inside a word"
            ),
            &format!(
                "set int.report.fill = false, or int.report.truncate_bytes to {SHORTEST_BYTES} or less"
            ),
        )),
        _ => Ok(()),
    }
}

/// The bytes of the shortest frame on a wire, without its check sequence.
const SHORTEST_BYTES: usize = 60;
const _: () = assert!(SHORTEST_BYTES.is_multiple_of(WORD_BYTES), "it is filled");

/// Refuses a watchlist that makes too many rows.
pub fn watchlist(rows: usize, most: usize) -> Result<(), Refusal> {
    match rows > most {
        true => Err(refuse(
            "watchlist",
            format!("int.watch makes {rows} rows of a table"),
            &format!(
                "a table has {most}; a range of ports is a row for each part of it whose last bits are free"
            ),
            "use ranges that begin at a multiple of their length, a power of two, or fewer entries",
        )),
        false => Ok(()),
    }
}
