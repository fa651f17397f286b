//! Entries as tables: text for people, Markdown, CSV.

use std::fmt::{self, Display, Write};

use crate::entry::Entry;

/// Cells under a header; the first line of cells that is longer than the header is an error of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    header: Vec<&'static str>,
    lines: Vec<Vec<String>>,
}

type Column = (&'static str, fn(&Entry) -> String);

/// What people look at.
const SUMMARY: &[Column] = &[
    ("rows", |e| optional(e.rows)),
    ("bus", |e| optional(e.data_bits)),
    ("LUT logic", |e| e.resources.lut_logic.to_string()),
    ("LUT mem.", |e| e.resources.lut_memory.to_string()),
    ("LUT phys.", |e| e.resources.lut_physical.to_string()),
    ("FF", |e| e.resources.ff.to_string()),
    ("carry", |e| e.resources.carry.to_string()),
    ("RAMB36", |e| ramb36(e)),
    ("URAM", |e| e.resources.uram.to_string()),
    ("DSP", |e| e.resources.dsp.to_string()),
    ("levels", |e| optional(e.lut_levels)),
    ("ns (model)", |e| decimals(e.delay_model_ns, 2)),
    ("slack ns", |e| decimals(e.slack_ns, 3)),
    ("bus %", |e| decimals(e.output_bus_percent, 1)),
    ("LUT % U250", |e| format!("{:.3}", e.u250_lut_percent)),
    ("FF % U250", |e| format!("{:.3}", e.u250_ff_percent)),
];

/// Ours beside Table 2 and beside the simple design.
const COMPARISON: &[Column] = &[
    ("rows", |e| optional(e.rows)),
    ("bus", |e| optional(e.data_bits)),
    ("LUT", |e| e.resources.lut_physical.to_string()),
    ("LUT Table 2", |e| optional(e.table2_lut)),
    ("ratio", |e| ratio(e.resources.lut_physical, e.table2_lut)),
    ("LUT baseline", |e| optional(e.baseline_lut_physical)),
    ("ratio", |e| {
        ratio(e.resources.lut_physical, e.baseline_lut_physical)
    }),
    ("FF", |e| e.resources.ff.to_string()),
    ("FF Table 2", |e| optional(e.table2_ff)),
    ("ratio", |e| ratio(e.resources.ff, e.table2_ff)),
    ("FF baseline", |e| optional(e.baseline_ff)),
    ("ratio", |e| ratio(e.resources.ff, e.baseline_ff)),
    ("RAMB36", |e| ramb36(e)),
];

/// All plain figures, by the names that they have in JSON.
const ALL: &[Column] = &[
    ("design", |e| e.design.clone()),
    ("rows", |e| optional(e.rows)),
    ("data_bits", |e| optional(e.data_bits)),
    ("row_bits", |e| optional(e.row_bits)),
    ("prefix_bytes", |e| optional(e.prefix_bytes)),
    ("storage", |e| e.storage.clone().unwrap_or_default()),
    ("lut_logic", |e| e.resources.lut_logic.to_string()),
    ("lut_memory", |e| e.resources.lut_memory.to_string()),
    ("lut_physical", |e| e.resources.lut_physical.to_string()),
    ("ff", |e| e.resources.ff.to_string()),
    ("carry", |e| e.resources.carry.to_string()),
    ("ramb36", |e| e.resources.ramb36.to_string()),
    ("ramb18", |e| e.resources.ramb18.to_string()),
    ("uram", |e| e.resources.uram.to_string()),
    ("dsp", |e| e.resources.dsp.to_string()),
    ("lut_levels", |e| optional(e.lut_levels)),
    ("delay_model_ns", |e| optional(e.delay_model_ns)),
    ("slack_ns", |e| optional(e.slack_ns)),
    ("output_bus_percent", |e| optional(e.output_bus_percent)),
    ("table2_lut", |e| optional(e.table2_lut)),
    ("table2_ff", |e| optional(e.table2_ff)),
    ("baseline_lut_physical", |e| {
        optional(e.baseline_lut_physical)
    }),
    ("baseline_ff", |e| optional(e.baseline_ff)),
    ("tool", |e| e.tool.clone()),
];

impl Sheet {
    /// What each design takes; a column that says nothing of any of them is left out.
    pub fn summary(entries: &[Entry]) -> Self {
        Self::of(entries, SUMMARY).without_empty_columns()
    }

    /// Beside the paper and the simple design; only the designs that one of them has.
    pub fn comparison(entries: &[Entry]) -> Self {
        let compared = |entry: &&Entry| entry.table2_lut.or(entry.baseline_ff).is_some();
        let entries: Vec<Entry> = entries.iter().filter(compared).cloned().collect();
        Self::of(&entries, COMPARISON)
    }

    /// All plain figures.
    pub fn all(entries: &[Entry]) -> Self {
        Self::of(entries, ALL)
    }

    /// What the modules of a design take.
    pub fn blocks(entry: &Entry) -> Self {
        let lines = entry.blocks.iter().map(|(name, r)| {
            let numbers = [
                r.lut_logic,
                r.lut_memory,
                r.lut_physical,
                r.ff,
                r.carry,
                r.ramb36,
            ];
            let cells = numbers.iter().map(u64::to_string);
            [name.clone()].into_iter().chain(cells).collect()
        });
        Self {
            header: vec![
                "module",
                "LUT logic",
                "LUT mem.",
                "LUT phys.",
                "FF",
                "carry",
                "RAMB36",
            ],
            lines: lines.collect(),
        }
    }

    /// Whether it has no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn of(entries: &[Entry], columns: &[Column]) -> Self {
        let line = |entry| columns.iter().map(|(_, cell)| cell(entry)).collect();
        Self {
            header: columns.iter().map(|(name, _)| *name).collect(),
            lines: entries.iter().map(line).collect(),
        }
    }

    fn without_empty_columns(mut self) -> Self {
        for column in (0..self.header.len()).rev() {
            if self.lines.iter().all(|line| line[column].is_empty()) {
                self.header.remove(column);
                self.lines
                    .iter_mut()
                    .for_each(|line| drop(line.remove(column)));
            }
        }
        self
    }

    /// As GitHub shows it.
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
        let mut text = line(self.header.clone()) + &line(vec!["---:"; self.header.len()]);
        for cells in &self.lines {
            text += &line(cells.iter().map(String::as_str).collect());
        }
        text
    }

    /// Comma-separated, for spreadsheets.
    pub fn csv(&self) -> String {
        let quoted = |cell: &str| match cell.contains([',', '"', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.to_owned(),
        };
        let mut text = self.header.join(",") + "\n";
        for cells in &self.lines {
            let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
            text += &(cells.join(",") + "\n");
        }
        text
    }

    /// As the table of an HTML page.
    pub fn html(&self) -> String {
        let line = |tag: &str, cells: &[&str]| {
            let cells = cells
                .iter()
                .map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let mut text = format!("<table>\n{}", line("th", &self.header));
        for cells in &self.lines {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            text += &line("td", &cells);
        }
        text + "</table>\n"
    }
}

/// Text as HTML shows it.
pub(crate) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// The columns below each other, to the right but for the first.
impl Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.lines.iter().map(|line| line[column].len());
            cells.chain([self.header[column].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let header: Vec<String> = self.header.iter().map(|name| (*name).to_owned()).collect();
        for (number, line) in [&header].into_iter().chain(&self.lines).enumerate() {
            let mut text = String::new();
            for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
                match column {
                    0 if self.header[0] == "module" => write!(text, "{cell:width$}")?,
                    0 => write!(text, "{cell:>width$}")?,
                    _ => write!(text, "  {cell:>width$}")?,
                }
            }
            let newline = if number == 0 { "" } else { "\n" };
            write!(f, "{newline}{text}")?;
        }
        Ok(())
    }
}

fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn decimals(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.digits$}"))
}

fn ratio(ours: u64, theirs: Option<u64>) -> String {
    decimals(theirs.map(|theirs| ours as f64 / theirs as f64), 2)
}

/// Two blocks of 18 kbit are one of 36.
fn ramb36(entry: &Entry) -> String {
    let halves = 2 * entry.resources.ramb36 + entry.resources.ramb18;
    match halves % 2 {
        0 => (halves / 2).to_string(),
        _ => format!("{}.5", halves / 2),
    }
}
