//! The body of a module: assignments, cases, memories, registers.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::expression::text;
use crate::rtl::design::{Case, Design, Driver, MemoryCell, MemoryRead, Register, Role};
use crate::rtl::domain::ClockDomain;
use crate::rtl::expr::{Expr, Kind, SignalId};
use crate::rtl::module::MemoryStyle;

/// Prints the body of a module.
pub(super) struct Printer<'a>(pub &'a Design);

impl Printer<'_> {
    pub fn body(&self) -> String {
        let design = self.0;
        let mut out = String::new();
        for child in &design.instances {
            for (port, value) in child
                .inputs
                .iter()
                .filter(|(_, value)| value.as_signal().is_none())
            {
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

    /// The domain of a register.
    fn domain(&self, id: SignalId) -> ClockDomain {
        self.0.signals[id.index as usize]
            .domain
            .unwrap_or(ClockDomain::Datapath)
    }

    fn case(&self, case: &Case, out: &mut String) {
        let target = self.name(case.target);
        let reachable = 1_usize
            .checked_shl(case.index.width() as u32)
            .unwrap_or(usize::MAX);
        let _ = writeln!(out, "always @(*) begin\n    case ({})", text(&case.index));
        let labels = case.first..reachable;
        for (label, arm) in labels.clone().zip(&case.arms) {
            let _ = writeln!(
                out,
                "        {}'d{label}: {target} = {};",
                case.index.width(),
                text(arm)
            );
        }
        if case.first > 0 || case.arms.len() < labels.len() {
            let _ = writeln!(out, "        default: {target} = {};", text(&case.default));
        }
        let _ = writeln!(out, "    endcase\nend");
    }

    /// A memory as synthesis tools look for it. LUT RAM and registers are one array a lane: any tool finds their write
    /// enables. Block RAM and UltraRAM are one array of whole words, written lane by lane in a loop: only so do the lanes share
    /// a RAM with its byte-write enables.
    fn memory(&self, memory: &MemoryCell, out: &mut String) {
        let MemoryCell {
            name,
            style,
            depth,
            width,
            lane_bits,
            write,
            reads,
            domain,
        } = memory;
        let Some(write) = write else { return };
        let clock = domain.clock();
        let lanes = width / lane_bits;
        // Only signals can be indexed, so what is written is named first.
        let _ = writeln!(
            out,
            "wire [{}:0] {name}_data = {};",
            width - 1,
            text(&write.data)
        );
        if let Some(mask) = &write.mask {
            let _ = writeln!(out, "wire [{}:0] {name}_mask = {};", lanes - 1, text(mask));
        }
        let part = format!("[{name}_lane * {lane_bits} +: {lane_bits}]");
        let (enable, address) = (text(&write.enable), text(&write.address));
        let bit = write.mask.as_ref().map(|_| match lanes {
            1 => format!("{name}_mask"),
            _ => format!("{name}_mask[{name}_lane]"),
        });
        let style_name = match style {
            MemoryStyle::Distributed => "distributed",
            MemoryStyle::Block => "block",
            MemoryStyle::Ultra => "ultra",
            MemoryStyle::Registers => "registers",
        };
        if style.is_clocked() && lanes > 1 {
            let bit = bit.unwrap_or_else(|| "1'b1".into());
            let _ = writeln!(
                out,
                "integer {name}_lane;\n\
                 (* ram_style = \"{style_name}\" *) reg [{}:0] {name} [0:{}];\n\
                 always @(posedge {clock})\n    if ({enable})\n        \
                 for ({name}_lane = 0; {name}_lane < {lanes}; {name}_lane = {name}_lane + 1)\n            \
                 if ({bit}) {name}[{address}]{part} <= {name}_data{part};",
                width - 1,
                depth - 1
            );
            self.reads(memory, reads, "", "", out);
            return;
        }

        let enable = bit.map_or(enable.clone(), |bit| format!("({enable}) && {bit}"));
        let (indent, part) = if lanes == 1 {
            ("", "")
        } else {
            ("        ", &*part)
        };
        if lanes > 1 {
            let _ = writeln!(
                out,
                "genvar {name}_lane;\ngenerate\n    \
                 for ({name}_lane = 0; {name}_lane < {lanes}; {name}_lane = {name}_lane + 1) begin : {name}_lanes"
            );
        }
        let _ = writeln!(
            out,
            "{indent}(* ram_style = \"{style_name}\" *) reg [{}:0] {name} [0:{}];\n\
             {indent}always @(posedge {clock}) if ({enable}) {name}[{address}] <= {name}_data{part};",
            lane_bits - 1,
            depth - 1
        );
        self.reads(memory, reads, indent, part, out);
        if lanes > 1 {
            let _ = writeln!(out, "    end\nendgenerate");
        }
    }

    /// The read ports of a memory, or of one lane of it.
    fn reads(
        &self,
        memory: &MemoryCell,
        reads: &[MemoryRead],
        indent: &str,
        part: &str,
        out: &mut String,
    ) {
        let clock = memory.domain.clock();
        for read in reads {
            let target = self.name(read.target);
            let word = format!("{}[{}]", memory.name, text(&read.address));
            let _ = match &read.enable {
                None => writeln!(out, "{indent}assign {target}{part} = {word};"),
                // A constant enable needs no condition.
                Some(enable) if enable.is_const() => {
                    writeln!(
                        out,
                        "{indent}always @(posedge {clock}) {target}{part} <= {word};"
                    )
                }
                Some(enable) => {
                    writeln!(
                        out,
                        "{indent}always @(posedge {clock}) if ({}) {target}{part} <= {word};",
                        text(enable)
                    )
                }
            };
        }
    }

    fn registers(&self, out: &mut String) {
        for Register {
            signal,
            reset,
            enable,
            next,
            ..
        } in &self.0.registers
        {
            let name = self.name(*signal);
            let domain = self.domain(*signal);
            let (clock, reset_port) = (domain.clock(), domain.reset());
            let update = match enable {
                Some(enable) => format!("if ({}) {name} <= {};", text(enable), text(next)),
                None => format!("{name} <= {};", text(next)),
            };
            let _ = match reset {
                Some(value) => writeln!(
                    out,
                    "always @(posedge {clock})\n    if (!{reset_port}) {name} <= {value};\n    else {update}"
                ),
                None => writeln!(out, "always @(posedge {clock}) {update}"),
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
        for domain in ClockDomain::ALL {
            let mut registers = self.0.registers.iter();
            let is_read = registers
                .any(|register| register.reset.is_some() && self.domain(register.signal) == domain);
            if self.0.has_state(domain) && !is_read && !self.0.passes_clock(domain) {
                unread.push(domain.reset().to_string());
            }
        }
        if !unread.is_empty() {
            let _ = writeln!(out, "// Bits that this configuration does not read.");
            let _ = writeln!(out, "wire unused = &{{1'b0, {}}};", unread.join(", "));
        }
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
