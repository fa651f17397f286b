//! Emission of Verilog-2001 through rust-hdl-core. The only file that knows rust-hdl-core.
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

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use rust_hdl_core::ast::{BlackBox, VerilogLiteral};
use rust_hdl_core::prelude::{
    Atom, AtomKind, Block, Logic, ModuleDefines, PinConstraint, Probe, TypeDescriptor, TypeKind,
    VCDValue, Verilog,
};

use super::design::{Case, Child, Design, Driver, MemoryCell, Register, Role};
use super::expr::{BinaryOp, CompareOp, Expr, Kind, ReduceOp, SignalId};
use super::module::MemoryStyle;
use super::{CLOCK, RESET};

/// One emitted file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerilogFile {
    /// File name, `<module>.v`.
    pub name: String,
    /// The whole text.
    pub text: String,
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
    let mut defines = ModuleDefines::default();
    Shell(design).accept(&design.name, &mut defines);
    let text = defines.defines().replace('$', "_");
    let mut tidy = format!("//\n{}\n`default_nettype none\n", comment(&design.doc).trim_end());
    for line in text.lines() {
        if let Some(line) = tidied(line.trim_end(), design) {
            if !(line.is_empty() && tidy.ends_with("\n\n")) {
                tidy += &(line + "\n");
            }
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
        code if code.starts_with("module ") => {
            code.replace('(', "(\n    ").replace(',', ",\n    ").replace(");", "\n);")
        }
        _ => code,
    };
    // An instance's port that a plain signal drives is connected to it, without the wire in between.
    for (wire, signal) in design.instances.iter().flat_map(plain_connections) {
        if code.starts_with("wire ") && code.ends_with(&format!(" {wire};")) {
            return None;
        }
        if code.trim_end_matches(',').ends_with(&format!("({wire})")) {
            return Some(format!("{indent}{}", code.replace(&format!("({wire})"), &format!("({signal})"))));
        }
    }
    Some(format!("{indent}{code}"))
}

/// The inputs of an instance that are driven by a plain signal: the wire that rust-hdl-core declares, and the signal.
fn plain_connections(child: &Child) -> Vec<(String, &str)> {
    let clocks = if child.design.is_clocked() { &[CLOCK, RESET][..] } else { &[] };
    let clocks = clocks.iter().map(|clock| (format!("{}_{clock}", child.name), *clock));
    let inputs = child.inputs.iter().filter_map(|(port, value)| match &value.node().kind {
        Kind::Signal(_, name) => {
            Some((format!("{}_{}", child.name, child.design.signals[*port as usize].name), &**name))
        }
        _ => None,
    });
    clocks.chain(inputs).collect()
}

/// A design as rust-hdl-core sees it.
struct Shell<'a>(&'a Design);

impl Logic for Shell<'_> {
    fn update(&mut self) {}

    fn hdl(&self) -> Verilog {
        Verilog::Custom(Printer(self.0).body())
    }
}

impl Block for Shell<'_> {
    fn connect_all(&mut self) {}

    fn update_all(&mut self) {}

    fn has_changed(&self) -> bool {
        false
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        let design = self.0;
        probe.visit_start_scope(name, self);
        let clocks = if design.is_clocked() {
            &[CLOCK, RESET][..]
        } else {
            &[]
        };
        for clock in clocks {
            probe.visit_atom(
                clock,
                &Wire {
                    width: 1,
                    kind: AtomKind::InputParameter,
                },
            );
        }
        let case_driven: Vec<u32> = design
            .drivers
            .iter()
            .filter(|driver| matches!(driver, Driver::Case(_)))
            .map(|driver| driver.target().index)
            .collect();
        for (index, signal) in design.signals.iter().enumerate() {
            let kind = match signal.role {
                Role::Input => AtomKind::InputParameter,
                Role::Output => AtomKind::OutputPassthrough,
                Role::Register => AtomKind::LocalSignal,
                Role::Wire if case_driven.contains(&(index as u32)) => AtomKind::LocalSignal,
                Role::Wire => AtomKind::StubOutputSignal,
                Role::Child(_) => continue,
            };
            probe.visit_atom(
                &signal.name,
                &Wire {
                    width: signal.width,
                    kind,
                },
            );
        }
        for child in &design.instances {
            BlackBoxed(child).accept(&child.name, probe);
        }
        probe.visit_end_scope(name, self);
    }
}

/// A child as its parent's text sees it: a name and ports.
struct BlackBoxed<'a>(&'a Child);

impl Logic for BlackBoxed<'_> {
    fn update(&mut self) {}

    fn hdl(&self) -> Verilog {
        Verilog::Blackbox(BlackBox {
            code: String::new(),
            name: self.0.design.name.clone(),
        })
    }
}

impl Block for BlackBoxed<'_> {
    fn connect_all(&mut self) {}

    fn update_all(&mut self) {}

    fn has_changed(&self) -> bool {
        false
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_start_scope(name, self);
        let clocks = if self.0.design.is_clocked() {
            &[CLOCK, RESET][..]
        } else {
            &[]
        };
        for clock in clocks {
            probe.visit_atom(
                clock,
                &Wire {
                    width: 1,
                    kind: AtomKind::InOutParameter,
                },
            );
        }
        for port in self.0.design.ports() {
            probe.visit_atom(
                &port.name,
                &Wire {
                    width: port.width,
                    kind: AtomKind::InOutParameter,
                },
            );
        }
        probe.visit_end_scope(name, self);
    }
}

/// A signal as rust-hdl-core sees it.
struct Wire {
    width: usize,
    kind: AtomKind,
}

impl Atom for Wire {
    fn bits(&self) -> usize {
        self.width
    }

    fn connected(&self) -> bool {
        true
    }

    fn changed(&self) -> bool {
        false
    }

    fn kind(&self) -> AtomKind {
        self.kind
    }

    fn descriptor(&self) -> TypeDescriptor {
        TypeDescriptor {
            name: format!("bits{}", self.width),
            kind: TypeKind::Bits(self.width),
        }
    }

    fn vcd(&self) -> VCDValue {
        VCDValue::Vector(Vec::new())
    }

    fn id(&self) -> usize {
        0
    }

    fn verilog(&self) -> VerilogLiteral {
        0_u32.into()
    }

    fn constraints(&self) -> Vec<PinConstraint> {
        Vec::new()
    }
}

/// Prints the body of a module.
struct Printer<'a>(&'a Design);

impl Printer<'_> {
    fn body(&self) -> String {
        let design = self.0;
        let mut out = String::new();
        for child in &design.instances {
            for (port, value) in child.inputs.iter().filter(|(_, value)| value.as_signal().is_none()) {
                let inner = &child.design.signals[*port as usize].name;
                let _ = writeln!(out, "assign {}${inner} = {};", child.name, text(value));
            }
        }
        for driver in &design.drivers {
            match driver {
                Driver::Assign { target, value } => {
                    let _ = writeln!(out, "assign {} = {};", self.name(*target), text(value));
                }
                Driver::Case(case) => self.case(case, &mut out),
            }
        }
        for memory in &design.memories {
            self.memory(memory, &mut out);
        }
        self.registers(&mut out);
        self.unused(&mut out);
        out
    }

    fn name(&self, id: SignalId) -> &str {
        &self.0.signals[id.index as usize].name
    }

    fn case(&self, case: &Case, out: &mut String) {
        let target = self.name(case.target);
        let reachable = 1_usize
            .checked_shl(case.index.width() as u32)
            .unwrap_or(usize::MAX);
        let _ = writeln!(out, "always @(*) begin\n    case ({})", text(&case.index));
        for (index, arm) in case.arms.iter().take(reachable).enumerate() {
            let _ = writeln!(
                out,
                "        {}'d{index}: {target} = {};",
                case.index.width(),
                text(arm)
            );
        }
        if case.arms.len() < reachable {
            let _ = writeln!(out, "        default: {target} = {};", text(&case.default));
        }
        let _ = writeln!(out, "    endcase\nend");
    }

    /// One array a lane, so that every tool finds the write enables; a single lane is a plain array.
    fn memory(&self, memory: &MemoryCell, out: &mut String) {
        let MemoryCell {
            name,
            style,
            depth,
            width,
            lane_bits,
            write,
            reads,
        } = memory;
        let style = match style {
            MemoryStyle::Distributed => "distributed",
            MemoryStyle::Block => "block",
            MemoryStyle::Registers => "registers",
        };
        let Some(write) = write else { return };
        let lanes = width / lane_bits;
        let lane = |expr: &str| match lanes {
            1 => expr.to_string(),
            _ => format!("{expr}[{name}_lane * {lane_bits} +: {lane_bits}]"),
        };
        // Only signals can be indexed, so what is written is named first.
        let _ = writeln!(
            out,
            "wire [{}:0] {name}_data = {};",
            width - 1,
            text(&write.data)
        );
        let mut enable = text(&write.enable);
        if let Some(mask) = &write.mask {
            let _ = writeln!(out, "wire [{}:0] {name}_mask = {};", lanes - 1, text(mask));
            let bit = if lanes == 1 {
                format!("{name}_mask")
            } else {
                format!("{name}_mask[{name}_lane]")
            };
            enable = format!("({enable}) && {bit}");
        }
        let indent = if lanes == 1 { "" } else { "        " };
        if lanes > 1 {
            let _ = writeln!(
                out,
                "genvar {name}_lane;\ngenerate\n    for ({name}_lane = 0; {name}_lane < {lanes}; {name}_lane = {name}_lane + 1) begin : {name}_lanes"
            );
        }
        let _ = writeln!(
            out,
            "{indent}(* ram_style = \"{style}\" *) reg [{}:0] {name} [0:{}];",
            lane_bits - 1,
            depth - 1
        );
        let _ = writeln!(
            out,
            "{indent}always @(posedge {CLOCK}) if ({enable}) {name}[{}] <= {};",
            text(&write.address),
            lane(&format!("{name}_data"))
        );
        for read in reads {
            let target = lane(self.name(read.target));
            let word = format!("{name}[{}]", text(&read.address));
            let _ = match &read.enable {
                None => writeln!(out, "{indent}assign {target} = {word};"),
                Some(enable) => {
                    writeln!(
                        out,
                        "{indent}always @(posedge {CLOCK}) if ({}) {target} <= {word};",
                        text(enable)
                    )
                }
            };
        }
        if lanes > 1 {
            let _ = writeln!(out, "    end\nendgenerate");
        }
    }

    fn registers(&self, out: &mut String) {
        for Register {
            signal,
            reset,
            enable,
            next,
        } in &self.0.registers
        {
            let name = self.name(*signal);
            let update = match enable {
                Some(enable) => format!("if ({}) {name} <= {};", text(enable), text(next)),
                None => format!("{name} <= {};", text(next)),
            };
            let _ = match reset {
                Some(value) => writeln!(
                    out,
                    "always @(posedge {CLOCK})\n    if (!{RESET}) {name} <= {value};\n    else {update}"
                ),
                None => writeln!(out, "always @(posedge {CLOCK}) {update}"),
            };
        }
    }

    /// Gathers the bits that nothing reads into one wire whose name tells lint that this is meant: which bytes of a
    /// header are needed depends on the configuration.
    fn unused(&self, out: &mut String) {
        let mut used: BTreeMap<u32, Vec<bool>> = BTreeMap::new();
        for (index, signal) in self.0.signals.iter().enumerate() {
            if signal.role != Role::Output {
                used.insert(index as u32, vec![false; signal.width]);
            }
        }
        for expr in self.0.expressions() {
            mark(expr, &mut used);
        }
        let mut unread = Vec::new();
        for (index, bits) in used {
            let name = &self.0.signals[index as usize].name;
            let mut position = 0;
            while let Some(start) = (position..bits.len()).find(|&bit| !bits[bit]) {
                position = (start..bits.len())
                    .find(|&bit| bits[bit])
                    .unwrap_or(bits.len());
                unread.push(match (start, position - start) {
                    (0, width) if width == bits.len() => name.to_string(),
                    (start, 1) => format!("{name}[{start}]"),
                    (start, _) => format!("{name}[{}:{start}]", position - 1),
                });
            }
        }
        // A module whose only state is in a memory does not read its reset.
        let own_clock = !self.0.registers.is_empty() || !self.0.memories.is_empty();
        let reset_read = self
            .0
            .registers
            .iter()
            .any(|register| register.reset.is_some());
        let passed_down = self
            .0
            .instances
            .iter()
            .any(|child| child.design.is_clocked());
        if own_clock && !reset_read && !passed_down {
            unread.push(RESET.to_string());
        }
        if !unread.is_empty() {
            let _ = writeln!(out, "// Bits that this configuration does not read.");
            let _ = writeln!(out, "wire unused = &{{1'b0, {}}};", unread.join(", "));
        }
    }
}

impl Design {
    /// Every expression of the module.
    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let drivers = self.drivers.iter().flat_map(|driver| match driver {
            Driver::Assign { value, .. } => vec![value],
            Driver::Case(case) => case
                .arms
                .iter()
                .chain([&case.default, &case.index])
                .collect(),
        });
        let registers = self
            .registers
            .iter()
            .flat_map(|r| r.enable.iter().chain([&r.next]));
        let memories = self.memories.iter().flat_map(|memory| {
            let written = memory
                .write
                .iter()
                .flat_map(|w| [&w.enable, &w.address, &w.data].into_iter().chain(&w.mask));
            written.chain(
                memory
                    .reads
                    .iter()
                    .flat_map(|read| read.enable.iter().chain([&read.address])),
            )
        });
        let inputs = self
            .instances
            .iter()
            .flat_map(|child| child.inputs.iter().map(|(_, value)| value));
        drivers.chain(registers).chain(memories).chain(inputs)
    }
}

fn mark(expr: &Expr, used: &mut BTreeMap<u32, Vec<bool>>) {
    let (signal, range) = match &expr.node().kind {
        Kind::Signal(id, _) => (Some(*id), 0..expr.width()),
        Kind::Slice(base, lo) => (base.as_signal(), *lo..lo + expr.width()),
        _ => (None, 0..0),
    };
    match signal.map(|id| used.get_mut(&id.index)) {
        Some(Some(bits)) => bits[range].fill(true),
        Some(None) => {}
        None => expr
            .operands()
            .into_iter()
            .for_each(|operand| mark(operand, used)),
    }
}

/// An operand: parenthesised unless it is a name, a literal, a slice or a concatenation.
fn operand(expr: &Expr) -> String {
    match expr.node().kind {
        Kind::Const(_)
        | Kind::Signal(..)
        | Kind::Slice(..)
        | Kind::Concat(_)
        | Kind::Repeat(..) => text(expr),
        _ => format!("({})", text(expr)),
    }
}

fn text(expr: &Expr) -> String {
    match &expr.node().kind {
        Kind::Const(bits) => bits.to_string(),
        Kind::Signal(_, name) => name.to_string(),
        Kind::Not(a) => format!("~{}", operand(a)),
        Kind::Binary(op, a, b) => {
            let sign = match op {
                BinaryOp::And => "&",
                BinaryOp::Or => "|",
                BinaryOp::Xor => "^",
                BinaryOp::Add => "+",
                BinaryOp::Sub => "-",
            };
            // A chain of one associative operator needs no parentheses on its left.
            let left = match &a.node().kind {
                Kind::Binary(inner, ..) if inner == op && *op != BinaryOp::Sub => text(a),
                _ => operand(a),
            };
            format!("{left} {sign} {}", operand(b))
        }
        Kind::Compare(op, a, b) => {
            let sign = match op {
                CompareOp::Eq => "==",
                CompareOp::Ne => "!=",
                CompareOp::Lt => "<",
                CompareOp::Ge => ">=",
            };
            format!("{} {sign} {}", operand(a), operand(b))
        }
        Kind::Reduce(op, a) => {
            let sign = match op {
                ReduceOp::And => "&",
                ReduceOp::Or => "|",
                ReduceOp::Xor => "^",
            };
            format!("{sign}{}", operand(a))
        }
        Kind::Mux(c, a, b) => format!("{} ? {} : {}", operand(c), operand(a), operand(b)),
        Kind::Slice(base, lo) => match expr.width() {
            1 => format!("{}[{lo}]", text(base)),
            width => format!("{}[{}:{lo}]", text(base), lo + width - 1),
        },
        Kind::Concat(parts) => {
            let parts: Vec<_> = parts.iter().rev().map(text).collect();
            format!("{{{}}}", parts.join(", "))
        }
        Kind::Repeat(a, count) => format!("{{{count}{{{}}}}}", text(a)),
        Kind::Refused(_) => {
            unreachable!("`Module::build` refuses a module with such an expression")
        }
    }
}
