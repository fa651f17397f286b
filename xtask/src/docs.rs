//! Documents that are generated.

use std::fs;

use miette::{IntoDiagnostic, Result, WrapErr, bail};

use crate::command::{cargo, output, root};

const PACKET_FORMAT: &str = "docs/packet-format.md";

/// Writes the generated documents, or only checks that they are up to date.
pub fn docs(check: bool) -> Result<()> {
    let example = [
        "run",
        "-q",
        "-p",
        "seqnic-spec",
        "--example",
        "packet_format",
    ];
    let text = output(&mut cargo(&example))?;
    let path = root().join(PACKET_FORMAT);
    let is_current = fs::read_to_string(&path).is_ok_and(|committed| committed == text);
    match (is_current, check) {
        (true, _) => println!("{PACKET_FORMAT} is up to date"),
        (false, true) => bail!(help = "run `cargo xtask docs`", "{PACKET_FORMAT} is stale"),
        (false, false) => {
            fs::write(&path, text)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot write {PACKET_FORMAT}"))?;
            println!("{PACKET_FORMAT} is written");
        }
    }
    Ok(())
}
