//! The Verilog around a module and its mutant: a pair of the two, and a bench for the pair.

use std::fmt::Write as _;

use miette::{Result, miette};
use serde_json::Value;

use super::netlist::{DIFFERS, GATE, GOLD, LEGAL};

/// A module that holds all of a mutation, as others see it.
pub struct Scope {
    pub module: String,
    clocked: bool,
    /// Bits of registers and memories.
    pub state_bits: u64,
    ports: Vec<Port>,
}

struct Port {
    name: String,
    bits: u64,
    is_input: bool,
}

/// What two modules must agree on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// All outputs, in every cycle.
    AllOutputs,
    /// Outside reset all outputs but what `m_axis` carries while `m_axis_tvalid` is 0.
    Streams,
}

impl Scope {
    pub fn read(value: &Value) -> Result<Self> {
        let scope = || {
            let port = |port: &Value| {
                Some(Port {
                    name: port["name"].as_str()?.to_owned(),
                    bits: port["bits"].as_u64()?,
                    is_input: port["input"].as_bool()?,
                })
            };
            Some(Self {
                module: value["module"].as_str()?.to_owned(),
                clocked: value["clocked"].as_bool()?,
                state_bits: value["state_bits"].as_u64()?,
                ports: value["ports"]
                    .as_array()?
                    .iter()
                    .map(port)
                    .collect::<Option<_>>()?,
            })
        };
        scope().ok_or_else(|| miette!("not a module: {value}"))
    }

    fn outputs(&self) -> impl Iterator<Item = &Port> {
        self.ports.iter().filter(|port| !port.is_input)
    }

    fn header(&self, name: &str, clocked: bool) -> String {
        let clock = |name: &&str| format!("    input wire {name}");
        let port = |port: &Port| {
            let direction = if port.is_input { "input" } else { "output" };
            format!("    {direction} wire [{}:0] {}", port.bits - 1, port.name)
        };
        let clocks = ["axis_aclk", "axis_resetn"];
        let clocks = clocks.iter().filter(|_| clocked).map(clock);
        let ports: Vec<String> = clocks.chain(self.ports.iter().map(port)).collect();
        format!("module {name} (\n{}\n);\n", ports.join(",\n"))
    }

    /// An instance whose ports are connected to signals of their names, outputs to such with a prefix.
    fn instance(&self, module: &str, name: &str, prefix: &str) -> String {
        let clocks = ["axis_aclk", "axis_resetn"];
        let clocks = clocks.iter().filter(|_| self.clocked);
        let clocks = clocks.map(|clock| format!("    .{clock}({clock})"));
        let port = |port: &Port| {
            let prefix = if port.is_input { "" } else { prefix };
            format!("    .{0}({prefix}{0})", port.name)
        };
        let ports: Vec<String> = clocks.chain(self.ports.iter().map(port)).collect();
        format!("{module} {name} (\n{}\n);\n", ports.join(",\n"))
    }

    /// A module in the place of the design's: it does the same, beside the mutant's, and says when they differ.
    pub fn pair(&self, agreement: Agreement) -> String {
        let mut text = self.header(&self.module, self.clocked);
        for port in self.outputs() {
            let _ = writeln!(text, "wire [{}:0] gate_{};", port.bits - 1, port.name);
        }
        text += &self.instance(GOLD, GOLD, "");
        text += &self.instance(GATE, GATE, "gate_");
        let differ = |when: &str, ports: Vec<&Port>| {
            let of = |prefix: &str| -> String {
                let names = ports.iter().map(|port| format!("{prefix}{}", port.name));
                names.collect::<Vec<_>>().join(", ")
            };
            match ports.is_empty() {
                true => "1'b0".to_owned(),
                false => format!("({when} & ({{{}}} != {{{}}}))", of(""), of("gate_")),
            }
        };
        let carried =
            |port: &&Port| port.name.starts_with("m_axis_") && port.name != "m_axis_tvalid";
        let differs = match agreement {
            Agreement::AllOutputs => differ("1'b1", self.outputs().collect()),
            Agreement::Streams => format!(
                "axis_resetn & ({} | {})",
                differ(
                    "1'b1",
                    self.outputs().filter(|port| !carried(port)).collect()
                ),
                differ("m_axis_tvalid", self.outputs().filter(carried).collect()),
            ),
        };
        text + &format!("(* keep *) wire {DIFFERS} = {differs};\nendmodule\n")
    }

    /// The bench `bench` around the module, with free inputs. Of a whole design the source keeps to one rule: `tkeep` has
    /// no holes and is full before the last beat.
    pub fn bench(&self, is_whole: bool) -> String {
        let legal = match is_whole {
            true => {
                "wire legal_now = !s_axis_tvalid | (s_axis_tlast\n    \
                 ? |s_axis_tkeep & ~|(s_axis_tkeep & (s_axis_tkeep + 1'b1)) : &s_axis_tkeep);\n\
                 reg legal_before;\n\
                 always @(posedge axis_aclk) legal_before <= !axis_resetn | (legal_before & legal_now);\n"
            }
            false => "wire legal_now = 1'b1;\nwire legal_before = 1'b1;\n",
        };
        format!(
            "{}{}{legal}(* keep *) wire {LEGAL} = legal_before & legal_now;\nendmodule\n",
            self.header("bench", true),
            self.instance(&self.module, "dut", ""),
        )
    }
}
