//! A report as one HTML page that needs nothing else.

use crate::entry::Entry;
use crate::plots::{Quantity, plot, widths};
use crate::sheet::{Sheet, escaped};
use crate::timing::{Path, model};

const STYLE: &str = "\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1500px; margin: 2em auto; padding: 0 1.5em; color: #1f2328; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 2em; } h3 { font-size: 1.05em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .8em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .3em .8em; border-bottom: 1px solid #d8dee4; text-align: right; white-space: nowrap; }
th { background: #f6f8fa; font-weight: 600; }
table.text th, table.text td, .modules td:first-child, .modules th:first-child { text-align: left; }
table.text td { white-space: normal; overflow-wrap: anywhere; }
.plots { display: flex; flex-wrap: wrap; gap: 1.2em; }
.plots svg { flex: 1 1 480px; min-width: 0; max-width: 720px; height: auto; border: 1px solid #d8dee4; border-radius: 6px; }
code { background: #f6f8fa; padding: .1em .3em; border-radius: 4px; }
.note { color: #57606a; max-width: 75em; }";

/// The page; `command` is what made it.
pub fn page(entries: &[Entry], command: &str) -> Result<String, String> {
    let mut tools: Vec<&str> = entries.iter().map(|entry| entry.tool.as_str()).collect();
    tools.dedup();
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>seqnic: resources</title>\n\
         <style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>Resources of the sequencer</h1>\n\
         <p>Tool: {}. Made by <code>{}</code>.</p>\n<p class=\"note\">{}</p>\n",
        escaped(&tools.join(", ")),
        escaped(command),
        escaped(&note()),
    );
    let comparison = Sheet::comparison(entries);
    if !comparison.is_empty() {
        text += "<h2>Beside the paper's Table 2 and the simple design</h2>\n";
        text += &scrolling(&comparison.html());
    }
    let widths = widths(entries);
    if !widths.is_empty() {
        text += "<div class=\"plots\">\n";
        for &data_bits in &widths {
            for quantity in Quantity::ALL {
                text += &plot(entries, data_bits, quantity)?;
            }
        }
        text += "</div>\n";
    }
    text += "<h2>What each design takes</h2>\n";
    text += &scrolling(&Sheet::summary(entries).html());
    text += "<h2>Deepest paths</h2>\n";
    entries.iter().for_each(|entry| text += &paths(entry));
    if entries.iter().any(|entry| !entry.blocks.is_empty()) {
        text += "<h2>By module</h2>\n<p class=\"note\">Each module is synthesised on its own, so that all together \
                 take somewhat more than the whole.</p>\n";
        for entry in entries.iter().filter(|entry| !entry.blocks.is_empty()) {
            let table = scrolling(&Sheet::blocks(entry).html());
            text += &format!(
                "<h3>{}</h3>\n<div class=\"modules\">{table}</div>\n",
                title(entry)
            );
        }
    }
    Ok(text + "</body>\n</html>\n")
}

/// What the figures are and are not.
pub fn note() -> String {
    format!(
        "LUT phys. counts LUT6 after LUTs that have at most five inputs together share one; Yosys does not do that, \
         Vivado does. Levels are LUTs on the deepest path between registers, reads of LUT RAM included. The delay is a \
         model of constants ({} ns a LUT, {} ns a wire and {} ns for each doubling of its loads, {} and {} ns at the \
         registers), not timing closure: no placement and no routing stand behind it. Table 2 is the paper's \
         sequencer after synthesis by Vivado into a whole switch, and has no column for block RAM; the baseline was \
         made in the same way as ours, and has none.",
        model::LUT_NS,
        model::WIRE_NS,
        model::WIRE_PER_DOUBLING_NS,
        model::CLOCK_TO_OUTPUT_NS,
        model::SETUP_NS,
    )
}

fn scrolling(table: &str) -> String {
    format!("<div class=\"scroll\">{table}</div>\n")
}

/// What a design is called over a table of its own.
pub fn title(entry: &Entry) -> String {
    match (entry.rows, entry.data_bits) {
        (Some(rows), Some(bits)) => format!("{rows} rows, {bits}-bit bus"),
        _ => entry.design.clone(),
    }
}

/// The deepest paths of a design, with what they are between.
pub fn named_paths(entry: &Entry) -> Vec<(&'static str, &Path)> {
    let paths = [
        ("register to register", &entry.path),
        ("input to register", &entry.path_from_input),
        ("register to output", &entry.path_to_output),
        ("input to output", &entry.path_through),
    ];
    let found = paths.into_iter();
    found
        .filter_map(|(name, path)| Some((name, path.as_ref()?)))
        .collect()
}

fn paths(entry: &Entry) -> String {
    let mut lines = String::new();
    for (
        name,
        Path {
            lut_levels,
            carries,
            from,
            to,
        },
    ) in named_paths(entry)
    {
        let (from, to) = (escaped(from), escaped(to));
        lines += &format!(
            "<tr><td>{name}</td><td>{lut_levels}</td><td>{carries}</td><td><code>{from}</code></td>\
             <td><code>{to}</code></td></tr>\n"
        );
    }
    if lines.is_empty() {
        return String::new();
    }
    let fan_out = entry.fan_out.iter().map(|fan_out| {
        let net = escaped(&fan_out.net);
        format!(
            "<p>Net with the most loads: <code>{net}</code>, {}.</p>\n",
            fan_out.loads
        )
    });
    format!(
        "<h3>{}</h3>\n<table class=\"text\">\n<tr><th>between</th><th>LUT levels</th><th>carries</th><th>from</th>\
         <th>to</th></tr>\n{lines}</table>\n{}",
        title(entry),
        fan_out.collect::<String>(),
    )
}
