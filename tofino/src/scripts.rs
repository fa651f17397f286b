//! The scripts that fill the tables and reset the registers.

pub mod encoder;
pub mod int;

use std::fmt::Write;

use seqnic_spec::Config;

use crate::build::{Built, FORWARD, SPRAY};
use crate::control::{self, Cores};
use crate::design::Design;
use crate::ir::{Arch, Initial, Program};
use crate::p4::names::Gress;

const CORES: &str = include_str!("../templates/cores.py");
const BFRT: &str = include_str!("../templates/bfrt.py");
const P4RUNTIME: &str = include_str!("../templates/p4runtime.py");
const RUN: &str = include_str!("../templates/run.sh");

/// Where packets come from, and where the cores are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports {
    /// Where packets come from.
    pub input: Vec<u16>,
    /// Where the cores are: core i is behind port i modulo their number, in a queue of its own there.
    pub cores: Vec<u16>,
}

/// The names of the controls.
fn controls(arch: Arch) -> [&'static str; 2] {
    Gress::ALL.map(|gress| gress.control(arch))
}

/// Replaces every `@KEY@` of a template.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut text = template.to_owned();
    for (key, value) in values {
        text = text.replace(&format!("@{key}@"), value);
    }
    text
}

/// A list in Python, one item on each line when there are many.
fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match items.len() {
        0..=4 => format!("[{}]", items.join(", ")),
        _ => format!("[\n    {},\n]", items.join(",\n    ")),
    }
}

fn numbers(ports: &[u16]) -> String {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    format!("[{}]", ports.join(", "))
}

/// What both scripts are told of a program.
fn common(
    config: &Config,
    built: &Built,
    ports: &Ports,
    file: &str,
) -> Vec<(&'static str, String)> {
    let parameters = built.spray.parameters.iter();
    let parameters: Vec<String> = parameters
        .map(|field| format!("{:?}", field.name))
        .collect();
    let mut queue = built.spray.parameters.iter();
    let queue = queue.find(|field| field.name == "queue");
    let queues = queue.map_or(1, |field| 1 << field.bits);
    vec![
        ("QUEUES", queues.to_string()),
        ("COMMON", CORES.trim_end().to_owned()),
        ("NAME", config.name().to_owned()),
        ("FILE", file.to_owned()),
        ("CORES", config.cores().to_string()),
        ("ROWS", config.rows().to_string()),
        ("TURNS", built.spray.turns.to_string()),
        (
            "SOURCE_BASE",
            format!("{:#014x}", control::source_base(config)),
        ),
        ("FIRST_VID", control::vlan_tag(config).first_vid.to_string()),
        ("VID_STEP", control::vlan_tag(config).vid_step.to_string()),
        ("PARAMETERS", format!("[{}]", parameters.join(", "))),
        ("INPUT_PORTS", numbers(&ports.input)),
        ("CORE_PORTS", numbers(&ports.cores)),
    ]
}

/// The path of a table, by the control that it is in.
fn paths<'a>(program: &'a Program, table: &'a str) -> impl Iterator<Item = String> + 'a {
    let pipes = controls(program.arch).into_iter().zip(program.pipes());
    let pipes = pipes.filter(move |(_, pipe)| pipe.table(table).is_some());
    pipes.map(move |(control, _)| format!("{control}.{table}"))
}

/// The control plane of the chip, for bfrt_python.
pub fn bfrt(config: &Config, design: &Design, ports: &Ports, file: &str) -> String {
    let program = |suffix: &str| format!("{}_{suffix}", config.name());
    let mut spray = String::new();
    let mut forward = Vec::new();
    let mut registers = Vec::new();
    for loaded in &design.programs {
        let name = program(loaded.suffix);
        let whole = &loaded.program;
        if let Some(path) = paths(whole, SPRAY).next() {
            spray = format!("({name:?}, {path:?})");
        }
        forward.extend(paths(whole, FORWARD).map(|path| format!("({name:?}, {path:?}, False)")));
        for (control, pipe) in controls(whole.arch).into_iter().zip(whole.pipes()) {
            registers.extend(pipe.registers.iter().map(|register| {
                let values = match register.initial {
                    Initial::One(value) => format!("{{\"f1\": {value}}}"),
                    Initial::Pair(low, high) => format!("{{\"lo\": {low}, \"hi\": {high}}}"),
                };
                format!("({name:?}, \"{control}.{}\", {values})", register.name)
            }));
        }
    }
    let stripper = program("stripper");
    forward.push(format!("({stripper:?}, \"Ingress.{FORWARD}\", True)"));
    let mut values = common(config, &design.built, ports, file);
    values.extend([
        ("SPRAY", spray),
        ("FORWARD", list(forward)),
        ("REGISTERS", list(registers)),
    ]);
    fill(BFRT, &values)
}

/// The control plane of the twin, over P4Runtime.
pub fn p4runtime(config: &Config, twin: &Built, ports: &Ports, file: &str) -> String {
    let mut values = common(config, twin, ports, file);
    let spray = paths(&twin.program, SPRAY).next().unwrap_or_default();
    values.extend([
        ("SPRAY", format!("{spray:?}")),
        (
            "FORWARD",
            list(paths(&twin.program, FORWARD).map(|path| format!("{path:?}"))),
        ),
    ]);
    fill(P4RUNTIME, &values)
}

/// The same for simple_switch_CLI: all tables filled.
pub fn commands(config: &Config, twin: &Built, ports: &Ports) -> String {
    let cores = Cores::all(config, &ports.cores);
    let to = ports.cores.first().copied().unwrap_or(0);
    let mut text = String::new();
    for (table, entries) in [
        (SPRAY, control::spray_entries(config, &twin.spray, &cores)),
        (
            FORWARD,
            control::forward_entries(ports.input.iter().copied(), to),
        ),
    ] {
        for path in paths(&twin.program, table) {
            let gress = path.split('.').next().unwrap_or_default();
            for entry in &entries {
                let arguments: Vec<String> = entry
                    .arguments
                    .iter()
                    .map(|value| format!("{value:#x}"))
                    .collect();
                // Writing into a string cannot fail.
                let _ = writeln!(
                    text,
                    "table_add {path} {gress}.{} {} => {}",
                    entry.action,
                    entry.key,
                    arguments.join(" ")
                );
            }
        }
    }
    text
}

/// What the script that plays a capture through a twin is called with. Reports have a file of their own when they leave by
/// another port.
pub fn usage(reports: Option<u16>) -> &'static str {
    match reports {
        Some(_) => "IN.pcap OUT.pcap REPORTS.pcap",
        None => "IN.pcap OUT.pcap",
    }
}

/// The script that plays a capture through a twin; the file of its commands is called after `commands`, and `reports` is
/// the port of reports, when that is another one.
pub fn run(program: &str, commands: &str, ports: &Ports, reports: Option<u16>) -> String {
    let copy = |port| format!("save \"$work/port{port}_out.pcap\" \"$3\"\n");
    let input = ports.input.first().copied().unwrap_or(0);
    let mut others = ports.cores.clone();
    others.sort_unstable();
    others.dedup();
    others.retain(|&port| port != input);
    let words = |text: &dyn Fn(u16) -> String, ports: &[u16]| {
        let words: Vec<String> = ports.iter().map(|&port| text(port)).collect();
        words.join(" ")
    };
    let interface = |port: u16| format!("-i {port}@\"$work/port{port}\"");
    let all = [&[input][..], &others].concat();
    fill(
        RUN,
        &[
            ("PROGRAM", program.to_owned()),
            ("USAGE", usage(reports).to_owned()),
            ("ARGUMENTS", usage(reports).split(' ').count().to_string()),
            ("COPY_REPORTS", reports.map(copy).unwrap_or_default()),
            ("COMMANDS", format!("{commands}_commands.txt")),
            ("INPUT_PORT", input.to_string()),
            ("OTHER_PORTS", words(&|port| port.to_string(), &others)),
            ("INTERFACES", words(&interface, &all)),
            (
                "OUTPUT_PORT",
                ports.cores.first().copied().unwrap_or(input).to_string(),
            ),
        ],
    )
}
