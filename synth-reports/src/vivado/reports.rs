//! Reads `report_utilization` and `report_timing_summary` of Vivado for UltraScale+.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::error::SynthError;
use crate::figures::Resources;
use crate::timing::Path;

const REMEDY: &str =
    "it must be what report_utilization or report_timing_summary wrote for an UltraScale+ device";

/// The entry that reports of one design make together: its utilisation, and perhaps its utilisation by hierarchy and its
/// timing summary. Each text comes with the name of its file.
pub fn entry(texts: &[(String, String)]) -> Result<Entry, SynthError> {
    let reports = texts
        .iter()
        .map(|(file, text)| Report::of(file, text))
        .collect::<Result<Vec<_>, _>>()?;
    for pair in reports.windows(2) {
        if pair[0].design != pair[1].design {
            let reason = format!(
                "it is of `{}`, and {} of `{}`",
                pair[1].design, pair[0].file, pair[0].design
            );
            return Err(pair[1].refuse(&reason, "give the reports of one design"));
        }
    }
    let only = |kind: Kind| {
        let mut found = reports.iter().filter(|report| report.kind == kind);
        match (found.next(), found.next()) {
            (_, Some(second)) => {
                Err(second.refuse("there is another report of this kind", "give one of each"))
            }
            (first, None) => Ok(first),
        }
    };
    let (hierarchy, timing) = (only(Kind::Hierarchy)?, only(Kind::Timing)?);
    let Some(utilization) = only(Kind::Utilization)? else {
        return Err(match reports.first() {
            Some(report) => report.refuse(
                "it does not say what the design takes",
                "give what report_utilization wrote too",
            ),
            None => refusal("--vivado", "there is no report", REMEDY),
        });
    };
    let mut entry = Entry::new(
        &utilization.design,
        utilization.resources()?,
        &utilization.tool,
    );
    if let Some(report) = hierarchy {
        entry.blocks = report.blocks()?;
    }
    if let Some(report) = timing {
        entry.slack_ns = report.worst_slack_ns()?;
        entry.path = report.worst_path()?;
        entry.lut_levels = entry.path.as_ref().map(|path| path.lut_levels);
    }
    Ok(entry)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Utilization,
    Hierarchy,
    Timing,
}

/// The text of a report, and what its head says.
struct Report<'a> {
    file: &'a str,
    text: &'a str,
    kind: Kind,
    design: String,
    tool: String,
}

fn refusal(file: &str, reason: &str, remedy: &str) -> SynthError {
    SynthError::Vivado {
        file: file.to_owned(),
        reason: format!("{reason}; {remedy}"),
    }
}

impl<'a> Report<'a> {
    fn of(file: &'a str, text: &'a str) -> Result<Self, SynthError> {
        let head = |key: &str| {
            let mut values = text.lines().filter_map(|line| {
                let (name, value) = line.strip_prefix('|')?.split_once(':')?;
                (name.trim() == key).then(|| value.trim().to_owned())
            });
            let missing = format!("it is no report of Vivado: its head has no `{key}`");
            values.next().ok_or_else(|| refusal(file, &missing, REMEDY))
        };
        let version = head("Tool Version")?;
        let tool = version.split(" (").next().unwrap_or(&version).to_owned();
        let command = head("Command")?;
        let mut words = command.split_whitespace();
        let kind = match words.next() {
            Some("report_utilization") if words.any(|word| word == "-hierarchical") => {
                Kind::Hierarchy
            }
            Some("report_utilization") => Kind::Utilization,
            Some("report_timing_summary") => Kind::Timing,
            _ => {
                return Err(refusal(
                    file,
                    &format!("it is of the command `{command}`"),
                    REMEDY,
                ));
            }
        };
        Ok(Self {
            file,
            text,
            kind,
            design: head("Design")?,
            tool,
        })
    }

    fn refuse(&self, reason: &str, remedy: &str) -> SynthError {
        refusal(self.file, reason, remedy)
    }

    fn cut_short(&self, what: &str) -> SynthError {
        let reason = format!("it has no {what}, so it is cut short or of another device family");
        self.refuse(&reason, REMEDY)
    }

    /// The cells of all lines of tables.
    fn table_lines(&self) -> impl Iterator<Item = Vec<&'a str>> {
        self.text.lines().filter_map(|line| {
            let cells = line.trim().strip_prefix('|')?.strip_suffix('|')?;
            Some(cells.split('|').map(str::trim).collect())
        })
    }

    fn number(&self, cell: &str, what: &str) -> Result<u64, SynthError> {
        let refuse = || {
            let reason = format!("`{cell}` is no number of {what}");
            self.refuse(&reason, REMEDY)
        };
        // Halves of a block RAM tile are not asked for.
        cell.parse().map_err(|_| refuse())
    }

    /// The number beside a name in the tables of a utilisation.
    fn used(&self, name: &str) -> Result<u64, SynthError> {
        let cells = self.table_lines().find(|cells| {
            // Vivado marks some names with a note.
            cells
                .first()
                .is_some_and(|first| first.trim_end_matches('*') == name)
        });
        match cells.as_deref() {
            Some([_, used, ..]) => self.number(used, name),
            _ => Err(self.cut_short(&format!("line `{name}`"))),
        }
    }

    fn resources(&self) -> Result<Resources, SynthError> {
        Ok(Resources {
            lut_physical: self.used("CLB LUTs")?,
            lut_logic: self.used("LUT as Logic")?,
            lut_memory: self.used("LUT as Memory")?,
            ff: self.used("CLB Registers")?,
            carry: self.used("CARRY8")?,
            ramb36: self.used("RAMB36/FIFO")?,
            ramb18: self.used("RAMB18")?,
            uram: self.used("URAM")?,
            dsp: self.used("DSPs")?,
        })
    }

    /// What each instance takes with all below it.
    fn blocks(&self) -> Result<BTreeMap<String, Resources>, SynthError> {
        let mut lines = self.table_lines();
        let header = lines
            .find(|cells| cells.first() == Some(&"Instance"))
            .ok_or_else(|| self.cut_short("table by instance"))?;
        let column = |name: &str| {
            let found = header.iter().position(|cell| *cell == name);
            found.ok_or_else(|| self.cut_short(&format!("column `{name}`")))
        };
        let [luts, logic, ram, shift, ff, ramb36, ramb18, uram] = [
            "Total LUTs",
            "Logic LUTs",
            "LUTRAMs",
            "SRLs",
            "FFs",
            "RAMB36",
            "RAMB18",
            "URAM",
        ]
        .map(column);
        let dsp = column("DSP Blocks").or_else(|_| column("DSPs"));
        let (luts, logic, ram, shift, ff) = (luts?, logic?, ram?, shift?, ff?);
        let (ramb36, ramb18, uram, dsp) = (ramb36?, ramb18?, uram?, dsp?);
        let mut blocks = BTreeMap::new();
        for cells in lines.filter(|cells| cells.len() == header.len()) {
            let number = |column: usize| self.number(cells[column], header[column]);
            let resources = Resources {
                lut_physical: number(luts)?,
                lut_logic: number(logic)?,
                lut_memory: number(ram)? + number(shift)?,
                ff: number(ff)?,
                carry: 0,
                ramb36: number(ramb36)?,
                ramb18: number(ramb18)?,
                uram: number(uram)?,
                dsp: number(dsp)?,
            };
            // `(name)` is what an instance takes without those in it.
            if !cells[0].starts_with('(') {
                blocks.insert(cells[0].to_owned(), resources);
            }
        }
        match blocks.is_empty() {
            true => Err(self.cut_short("line of an instance")),
            false => Ok(blocks),
        }
    }

    /// The slack of the design timing summary; none where no path is constrained.
    fn worst_slack_ns(&self) -> Result<Option<f64>, SynthError> {
        let is_header = |line: &&str| line.trim_start().starts_with("WNS(ns)");
        let mut lines = self
            .text
            .lines()
            .skip_while(|line| !is_header(line))
            .skip(1);
        let mut words = || lines.next().unwrap_or_default().split_whitespace();
        let (columns, mut values) = (words().count(), words());
        // A line that is cut short could end in the middle of the number.
        let value = match values.clone().count() == columns {
            true => values.next(),
            false => None,
        };
        match value {
            Some("NA") => Ok(None),
            Some(value) => match value.parse::<f64>() {
                Ok(slack) if slack.is_finite() => Ok(Some(slack)),
                _ => Err(self.refuse(&format!("`{value}` is no slack"), REMEDY)),
            },
            None => Err(self.cut_short("design timing summary")),
        }
    }

    /// The path with the least setup slack, if paths are listed.
    fn worst_path(&self) -> Result<Option<Path>, SynthError> {
        let mut worst: Option<(f64, Path)> = None;
        let lines: Vec<&str> = self.text.lines().map(str::trim).collect();
        let starts = (0..lines.len()).filter(|&line| lines[line].starts_with("Slack ("));
        for start in starts {
            let rest = &lines[start + 1..];
            let length = rest.iter().position(|line| line.starts_with("Slack ("));
            let block = &rest[..length.unwrap_or(rest.len())];
            let field = |key: &str| {
                let value = block.iter().find_map(|line| line.strip_prefix(key));
                value
                    .map(str::trim)
                    .ok_or_else(|| self.cut_short(&format!("`{key}` of a path")))
            };
            if !field("Path Type:")?.starts_with("Setup") {
                continue;
            }
            let slack = lines[start]
                .split_once(':')
                .map_or("", |(_, value)| value.trim());
            let slack = slack
                .split("ns")
                .next()
                .and_then(|value| value.parse::<f64>().ok());
            let slack = slack
                .ok_or_else(|| self.refuse(&format!("`{}` is no slack", lines[start]), REMEDY))?;
            if worst.as_ref().is_none_or(|(least, _)| slack < *least) {
                let (lut_levels, carries) = levels(field("Logic Levels:")?)
                    .ok_or_else(|| self.refuse("a path's `Logic Levels` cannot be read", REMEDY))?;
                let path = Path {
                    lut_levels,
                    carries,
                    from: field("Source:")?.to_owned(),
                    to: field("Destination:")?.to_owned(),
                };
                worst = Some((slack, path));
            }
        }
        Ok(worst.map(|(_, path)| path))
    }
}

/// LUTs with reads of LUT RAM, and pieces of carry chains, of `5  (CARRY8=1 LUT3=1 LUT6=2 RAMD32=1)`.
fn levels(text: &str) -> Option<(u32, u32)> {
    let (total, cells) = match text.split_once('(') {
        Some((total, cells)) => (total, cells.strip_suffix(')')?),
        None => (text, ""),
    };
    let mut all = 0;
    let (mut luts, mut carries) = (0, 0);
    for cell in cells.split_whitespace() {
        let (name, count) = cell.split_once('=')?;
        let count: u32 = count.parse().ok()?;
        all += count;
        if ["LUT", "RAMD", "RAMS", "SRL"]
            .iter()
            .any(|kind| name.starts_with(kind))
        {
            luts += count;
        } else if name.starts_with("CARRY") {
            carries += count;
        }
    }
    (total.trim().parse() == Ok(all)).then_some((luts, carries))
}
