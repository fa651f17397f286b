//! What the designs of the paper's Table 2 take, as it is committed, and whether it still holds.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use miette::{IntoDiagnostic, Result, WrapErr, bail, miette};
use serde_json::Value;

use crate::command::{cargo, output, root, run};

/// The committed files.
const FOLDER: &str = "synth-reports/results";
const FIGURES: &str = "figures.json";
/// What is synthesised.
const SWEEP: [&str; 4] = ["--rows", "16,32,64,128", "--data-bits", "512,1024"];

/// Figures that must not grow, and by how much they may.
const GUARDED: [&str; 6] = [
    "lut_physical",
    "lut_memory",
    "ff",
    "ramb36",
    "uram",
    "lut_levels",
];
const TOLERANCE_PERCENT: f64 = 2.0;

/// What is synthesised again by a check, to see that figures are still made as they were.
const AGAIN: [&str; 4] = ["--rows", "16", "--data-bits", "512"];

/// Writes the results, or only compares them with the committed ones.
pub fn report(check: bool) -> Result<()> {
    if !check {
        return write();
    }
    // The same Verilog and the same tool give the same figures.
    current(FIGURES, &SWEEP)?;
    for page in pages() {
        for (_, arguments) in &page.parts {
            current(&format!("{}.json", page.name), arguments)?;
        }
    }
    let path = root().join(FOLDER).join(FIGURES);
    let committed = fs::read_to_string(&path)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {FOLDER}/{FIGURES}"))?;
    let again = output(seqnic(&AGAIN).args(["--json", "--without-baseline"]))?;
    let problems = compare(&entries(&committed)?, &entries(&again)?);
    if problems.is_empty() {
        println!("{FOLDER} is up to date");
        return Ok(());
    }
    bail!(help = REMEDY, "{}", problems.join("\n"))
}

const REMEDY: &str = "if it must be so, run `cargo xtask report` and say why in the commit";

/// Whether a committed file has the figures of what would be synthesised now.
fn current(name: &str, arguments: &[impl AsRef<OsStr>]) -> Result<()> {
    let file = format!("{FOLDER}/{name}");
    run(seqnic(arguments).args(["--is-current", &file]))
        .map_err(|error| miette!(help = REMEDY, "{error}"))
}

/// Writes figures, tables and plots. What has been synthesised once comes from the cache.
fn write() -> Result<()> {
    fs::create_dir_all(root().join(FOLDER)).into_diagnostic()?;
    let list = entries(&output(seqnic(&SWEEP).arg("--json"))?)?;
    let tables = output(seqnic(&SWEEP).args(["--markdown", "--blocks"]))?;
    let readme = format!(
        "# What the sequencer takes\n\nMade by `cargo xtask report`, which runs `seqnic report {}`; do not edit. How \
         it is counted is in [docs/resources.md](../../docs/resources.md). The rows have 112 bits, the prefix is the \
         paper's. Beside the sequencer there are [FlowRadar encoders](flowradar.md) and [INT nodes](int.md).\n\n\
         ![LUTs](luts-1024.svg) ![flip-flops](flip-flops-1024.svg)\n\n{tables}",
        SWEEP.join(" ")
    );
    save(FIGURES, &pretty(&list)?)?;
    save("README.md", &readme)?;
    run(seqnic(&SWEEP).args(["--quiet", "--plots", FOLDER]))?;
    for page in pages() {
        page.write()?;
    }
    println!("{FOLDER} is written");
    Ok(())
}

/// Figures of designs beside the sequencer, in Markdown and JSON.
struct Page {
    name: &'static str,
    head: String,
    /// A heading, if there are several, and what `seqnic report` is asked.
    parts: Vec<(Option<String>, Vec<String>)>,
}

fn pages() -> [Page; 2] {
    [flowradar(), int()]
}

fn flowradar() -> Page {
    Page {
        name: "flowradar",
        head: "# What a FlowRadar encoder takes\n\nMade by `cargo xtask report`, which runs `seqnic report --flowradar`; do \
               not edit. How it is counted is in [docs/resources.md](../../docs/resources.md). The encoder is alone, with \
               the defaults of the table `[flowradar]`. *Levels* are LUTs on the deepest path between registers, the \
               second time without the hash unit.\n"
            .into(),
        parts: vec![(None, vec!["--flowradar".into()])],
    }
}

fn int() -> Page {
    let part = |role: &&str| {
        let config = format!("examples/int-{role}.toml");
        let arguments = ["--config", &config, "--data-bits", "512,1024"];
        (
            Some(format!("`{config}`")),
            arguments.map(str::to_owned).to_vec(),
        )
    };
    Page {
        name: "int",
        head: "# What INT nodes take\n\nMade by `cargo xtask report`, which runs `seqnic report --config FILE --data-bits \
               512,1024` for each of these files; do not edit. How it is counted is in \
               [docs/resources.md](../../docs/resources.md). *Bus %* is for frames of 64 bytes without INT.\n"
            .into(),
        parts: INT_ROLES.iter().map(part).collect(),
    }
}

const INT_ROLES: [&str; 6] = ["source", "transit", "sink", "mx", "xd", "mirror"];

impl Page {
    fn write(&self) -> Result<()> {
        let (mut text, mut list) = (self.head.clone(), Vec::new());
        for (heading, arguments) in &self.parts {
            if let Some(heading) = heading {
                text += &format!("\n## {heading}\n");
            }
            text += &format!("\n{}", output(seqnic(arguments).arg("--markdown"))?);
            list.extend(entries(&output(seqnic(arguments).arg("--json"))?)?);
        }
        save(&format!("{}.md", self.name), &text)?;
        save(&format!("{}.json", self.name), &pretty(&list)?)
    }
}

fn pretty(list: &[Value]) -> Result<String> {
    Ok(serde_json::to_string_pretty(list).into_diagnostic()? + "\n")
}

fn save(name: &str, text: &str) -> Result<()> {
    fs::write(root().join(FOLDER).join(name), text)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write {FOLDER}/{name}"))
}

/// `seqnic report`, in the profile of the tests, which have built it already.
fn seqnic(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = cargo(&["run", "--profile", "test", "--quiet", "--", "report"]);
    command.args(arguments);
    command
}

fn entries(json: &str) -> Result<Vec<Value>> {
    serde_json::from_str(json)
        .into_diagnostic()
        .wrap_err("a report is no list")
}

/// What is worse now than it was committed, and what is out of date.
fn compare(committed: &[Value], now: &[Value]) -> Vec<String> {
    let name = |entry: &Value| format!("{} rows, {}-bit bus", entry["rows"], entry["data_bits"]);
    let mut problems = Vec::new();
    for entry in now {
        let design = name(entry);
        let Some(old) = committed.iter().find(|old| name(old) == design) else {
            problems.push(format!("{FOLDER} has no design of {design}"));
            continue;
        };
        for figure in GUARDED {
            match worse_by_percent(&old[figure], &entry[figure]) {
                Ok(percent) if percent <= TOLERANCE_PERCENT => {}
                Ok(percent) => problems.push(format!(
                    "{design}: {figure} is {}, {percent:.1} % more than the committed {}",
                    entry[figure], old[figure]
                )),
                Err(error) => problems.push(format!("{design}: {figure}: {error}")),
            }
        }
        for (key, what) in [("verilog", "Verilog"), ("tool", "tool")] {
            if old[key] != entry[key] {
                problems.push(format!(
                    "{design}: {FOLDER} is stale, it was made from another {what}"
                ));
            }
        }
    }
    problems
}

/// How much larger a figure is now; what was zero must stay so.
fn worse_by_percent(old: &Value, now: &Value) -> Result<f64> {
    let number = |value: &Value| {
        value
            .as_f64()
            .ok_or_else(|| miette!("{value} is no number"))
    };
    let (old, now) = (number(old)?, number(now)?);
    Ok(match old == 0.0 {
        true if now > 0.0 => f64::INFINITY,
        true => 0.0,
        false => 100.0 * (now - old) / old,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(ff: u64, verilog: &str) -> Value {
        json!({
            "rows": 16, "data_bits": 1024, "lut_physical": 1000, "lut_memory": 0, "ff": ff, "ramb36": 0, "uram": 0,
            "lut_levels": 4, "verilog": verilog, "tool": "Yosys 0.70",
        })
    }

    #[test]
    fn what_has_not_changed_passes() {
        assert!(compare(&[entry(1000, "a")], &[entry(1000, "a")]).is_empty());
    }

    #[test]
    fn a_figure_may_grow_by_two_percent_and_no_more() {
        assert!(compare(&[entry(1000, "a")], &[entry(1020, "a")]).is_empty());
        assert_eq!(
            compare(&[entry(1000, "a")], &[entry(1021, "a")]),
            ["16 rows, 1024-bit bus: ff is 1021, 2.1 % more than the committed 1000"]
        );
        let mut with_ram = entry(1000, "a");
        with_ram["ramb36"] = json!(1);
        assert_eq!(compare(&[entry(1000, "a")], &[with_ram]).len(), 1);
    }

    #[test]
    fn other_verilog_makes_the_results_stale() {
        assert_eq!(
            compare(&[entry(1000, "a")], &[entry(900, "b")]),
            [
                "16 rows, 1024-bit bus: synth-reports/results is stale, it was made from another Verilog"
            ]
        );
    }

    #[test]
    fn a_design_that_is_missing_or_has_no_figure_is_a_problem() {
        assert_eq!(compare(&[], &[entry(1, "a")]).len(), 1);
        let mut without = entry(1000, "a");
        without["ff"] = Value::Null;
        assert_eq!(
            compare(&[without], &[entry(1000, "a")]),
            ["16 rows, 1024-bit bus: ff: null is no number"]
        );
    }
}
