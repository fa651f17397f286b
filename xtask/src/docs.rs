//! Documents that are generated.

use std::fs;

use miette::{IntoDiagnostic, Result, WrapErr, bail};

use crate::command::{cargo, output, root};

/// Each document, and the example of `seqnic-spec` that prints it.
const DOCUMENTS: [(&str, &str); 2] = [
    ("docs/packet-format.md", "packet_format"),
    ("docs/registers.md", "registers"),
];

/// Writes the generated documents, or only checks that they are up to date.
pub fn docs(check: bool) -> Result<()> {
    for (document, example) in DOCUMENTS {
        let run = ["run", "-q", "-p", "seqnic-spec", "--example", example];
        let text = output(&mut cargo(&run))?;
        let path = root().join(document);
        let is_current = fs::read_to_string(&path).is_ok_and(|committed| committed == text);
        match (is_current, check) {
            (true, _) => println!("{document} is up to date"),
            (false, true) => bail!(help = "run `cargo xtask docs`", "{document} is stale"),
            (false, false) => {
                fs::write(&path, text)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("cannot write {document}"))?;
                println!("{document} is written");
            }
        }
    }
    Ok(())
}
