//! What a node of the chip cannot do.

use seqnic_spec::int::{Int, IntMode, IntRole};

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
    if node.mode() != IntMode::Md {
        return Err(refuse(
            "mode",
            format!("int.mode = \"{}\"", node.mode()),
            "nodes of this mode send reports, and the programs send none",
            "set it to \"md\"",
        ));
    }
    Ok(())
}

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

/// There is no program for this role.
pub fn no_role(role: IntRole) -> Refusal {
    refuse(
        "role",
        format!("int.role = \"{role}\""),
        "there are programs for sources, transit hops and sinks alone",
        "set it to one of these, or use emit verilog",
    )
}
