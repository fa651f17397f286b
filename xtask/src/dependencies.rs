//! Every dependency has a line in docs/dependencies.md that says what it is for.

use std::collections::BTreeSet;
use std::fs;

use miette::{IntoDiagnostic, Result, WrapErr, bail};

use crate::command::root;
use crate::compare_cocotb;
use crate::metadata::packages;
use crate::setup;

const DOCUMENT: &str = "docs/dependencies.md";

/// Fails when a dependency has no line, or a line no dependency.
pub fn check() -> Result<()> {
    let mut used: BTreeSet<String> = packages()?
        .into_iter()
        .flat_map(|package| package.dependencies)
        .filter(|dependency| !dependency.is_ours)
        .map(|dependency| dependency.name)
        .collect();
    for tools in [setup::TOOLS, compare_cocotb::TOOLS] {
        used.extend(tools.pins()?.into_iter().map(|(name, _)| name));
    }
    let document = fs::read_to_string(root().join(DOCUMENT))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {DOCUMENT}"))?;
    compare(&used, &explained(&document))
}

fn compare(used: &BTreeSet<String>, explained: &BTreeSet<String>) -> Result<()> {
    if let Some(name) = used.difference(explained).next() {
        bail!(
            help = "add a line: | `name` | what it is for |",
            "{DOCUMENT} has no line for the dependency `{name}`",
        );
    }
    match explained.difference(used).next() {
        Some(name) => bail!("{DOCUMENT} has a line for `{name}`, which nothing depends on"),
        None => Ok(()),
    }
}

/// The names in the first column of the document's tables that have a reason beside them.
fn explained(document: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let (name, reason) = line.strip_prefix("| `")?.split_once("` |")?;
        let reason = reason.trim_matches(['|', ' ']);
        (!reason.is_empty()).then(|| name.to_owned())
    };
    document.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_line_needs_a_reason() {
        let document =
            "| crate | reason |\n|---|---|\n| `clap` | reads flags |\n| `toml` |  |\n`vcd`";
        assert_eq!(explained(document), names(&["clap"]));
    }

    #[test]
    fn lines_and_dependencies_must_be_the_same() {
        let message = |used: &[&str], explained: &[&str]| {
            compare(&names(used), &names(explained))
                .err()
                .map(|error| error.to_string())
        };
        assert_eq!(message(&["clap", "vcd"], &["vcd", "clap"]), None);
        let missing = "docs/dependencies.md has no line for the dependency `vcd`";
        assert_eq!(
            message(&["clap", "vcd"], &["clap"]).as_deref(),
            Some(missing)
        );
        let stale = "docs/dependencies.md has a line for `vcd`, which nothing depends on";
        assert_eq!(message(&["clap"], &["clap", "vcd"]).as_deref(), Some(stale));
    }
}
