//! Emission of Verilog-2001 through rust-hdl-core.
//!
//! rust-hdl-core declares the ports and wires, instantiates the children and frames the module; what its
//! syntax tree lacks (concatenation, selection, clocked processes, memories) is printed here and handed to it as
//! `Verilog::Custom`. Each module is emitted on its own, with its children shown as black boxes of their real
//! names: that gives one file a module and short names instead of paths.
//!
//! Two of its habits are worked around. It declares what feeds a child's input as `reg`, which an `always @(*)` would
//! have to drive, and such a process never runs when the value is constant: children's ports are therefore
//! shown as `inout`, for which it declares wires. And it joins instance and port by `$`, which Tcl does
//! not like: the text it returns holds no other `$`, and each becomes `_` ([`Module::build`] has checked
//! that the joined names are unique).
//!
//! [`Module::build`]: super::Module::build

mod expression;
mod printer;
mod shell;

use std::sync::Arc;

use super::design::{Child, Design, Port};
use super::domain::{ClockDomain, Crossing};
use super::expr::Kind;

/// One emitted file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerilogFile {
    /// File name, `<module>.v`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A top module as text, with what an engine must know to run it: what is emitted of a design, or that among modules
/// that were written by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verilog {
    /// The name of the top module.
    pub top: String,
    /// It and all below it.
    pub files: Vec<VerilogFile>,
    /// Its ports, without clock and reset.
    pub ports: Vec<Port>,
    /// The domains whose clock and reset it has.
    pub domains: Vec<ClockDomain>,
}

impl Verilog {
    /// What is emitted of a design.
    pub fn of(top: &Arc<Design>) -> Self {
        Self {
            top: top.name().to_owned(),
            files: emit(top, ""),
            ports: top.ports().collect(),
            domains: top.domains().collect(),
        }
    }
}

/// Emits a design and all below it, one file a module, children before parents. `header` is put in
/// front of every file, line by line, as a comment. The same input gives the same bytes.
pub fn emit(top: &Arc<Design>, header: &str) -> Vec<VerilogFile> {
    top.modules()
        .iter()
        .map(|design| VerilogFile {
            name: format!("{}.v", design.name),
            text: format!("{}{}", comment(header), module_text(design)),
        })
        .collect()
}

fn comment(text: &str) -> String {
    text.lines()
        .map(|line| format!("// {line}").trim_end().to_string() + "\n")
        .collect()
}

fn module_text(design: &Design) -> String {
    let text = shell::module(design).replace('$', "_");
    let mut tidy = format!(
        "//\n{}\n`default_nettype none\n",
        comment(&design.doc).trim_end()
    );
    for line in text.lines() {
        match tidied(line.trim_end(), design) {
            Some(line) if !(line.is_empty() && tidy.ends_with("\n\n")) => tidy += &(line + "\n"),
            _ => {}
        }
    }
    tidy + "\n`default_nettype wire\n"
}

/// A line of rust-hdl-core's text as we want it, if at all.
fn tidied(line: &str, design: &Design) -> Option<String> {
    let (indent, code) = line.split_at(line.len() - line.trim_start().len());
    // Room for `signed` in every declaration.
    let code = code.replace("  ", " ");
    let code = match code.as_str() {
        "// Module arguments" => "// Ports".to_string(),
        "// Stub signals" => "// Wires".to_string(),
        "// Local signals" => "// Registers, and wires that a process drives".to_string(),
        "// Sub module instances" => "// Instances".to_string(),
        code if code.starts_with("// Update code") => return None,
        code if code.starts_with("module ") => code
            .replace('(', "(\n    ")
            .replace(',', ",\n    ")
            .replace(");", "\n);"),
        _ => code,
    };
    // An instance's port that a plain signal drives is connected to it, without the wire in between.
    for (wire, signal) in design.instances.iter().flat_map(plain_connections) {
        if code.starts_with("wire ") && code.ends_with(&format!(" {wire};")) {
            return None;
        }
        if code.trim_end_matches(',').ends_with(&format!("({wire})")) {
            return Some(format!(
                "{indent}{}",
                code.replace(&format!("({wire})"), &format!("({signal})"))
            ));
        }
    }
    let is_synchroniser = code.starts_with("reg ")
        && synchronisers(design).any(|name| code.ends_with(&format!(" {name};")));
    let mark = if is_synchroniser {
        "(* ASYNC_REG = \"TRUE\" *) "
    } else {
        ""
    };
    Some(format!("{indent}{mark}{code}"))
}

/// The flip-flops that tools must keep side by side.
fn synchronisers(design: &Design) -> impl Iterator<Item = &str> {
    let registers = design.registers.iter();
    let chosen = registers.filter(|register| register.crossing == Some(Crossing::Synchroniser));
    chosen.map(|register| &*design.signals[register.signal.index as usize].name)
}

/// The inputs of an instance that are driven by a plain signal: the wire that rust-hdl-core declares, and the signal.
fn plain_connections(child: &Child) -> Vec<(String, &str)> {
    let clocks = child.design.clocks();
    let clocks = clocks.map(|clock| (format!("{}_{clock}", child.name), clock));
    let inputs = child
        .inputs
        .iter()
        .filter_map(|(port, value)| match &value.node().kind {
            Kind::Signal(_, name) => Some((
                format!(
                    "{}_{}",
                    child.name, child.design.signals[*port as usize].name
                ),
                &**name,
            )),
            _ => None,
        });
    clocks.chain(inputs).collect()
}
