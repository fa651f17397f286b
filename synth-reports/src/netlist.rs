//! A mapped netlist, as Yosys writes it in JSON.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::cells::{Kind, is_clock};
use crate::error::SynthError;

/// A flat design of primitives.
#[derive(Clone, Debug)]
pub struct Netlist {
    /// The primitives.
    pub cells: Vec<Cell>,
    /// The names of the nets; a net is its number in here.
    pub names: Vec<String>,
    /// Nets that come in through a port, without the clock, with the name of the port's bit.
    pub inputs: Vec<(Net, String)>,
    /// Nets that go out through a port, with the name of the port's bit.
    pub outputs: Vec<(Net, String)>,
}

/// A net of one bit.
pub type Net = usize;

/// A primitive.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its name, with the instances that it is in in front.
    pub name: String,
    /// The name of the primitive.
    pub primitive: String,
    /// What it is counted as.
    pub kind: Kind,
    /// Its inputs that are neither constant nor a clock.
    pub inputs: Vec<Pin>,
    /// Its outputs that are connected.
    pub outputs: Vec<Pin>,
}

/// A bit of a primitive's port.
#[derive(Clone, Debug)]
pub struct Pin {
    /// The name of the port.
    pub port: String,
    /// What it is connected to.
    pub net: Net,
}

#[derive(Deserialize)]
struct JsonDesign {
    modules: BTreeMap<String, JsonModule>,
}

#[derive(Deserialize)]
struct JsonModule {
    ports: BTreeMap<String, JsonPort>,
    cells: BTreeMap<String, JsonCell>,
    netnames: BTreeMap<String, JsonNet>,
}

#[derive(Deserialize)]
struct JsonPort {
    direction: String,
    bits: Vec<JsonBit>,
}

#[derive(Deserialize)]
struct JsonCell {
    #[serde(rename = "type")]
    primitive: String,
    #[serde(default)]
    port_directions: BTreeMap<String, String>,
    connections: BTreeMap<String, Vec<JsonBit>>,
}

#[derive(Deserialize)]
struct JsonNet {
    #[serde(default)]
    hide_name: u8,
    bits: Vec<JsonBit>,
}

/// A net by its number, or a constant: `0`, `1`, `x` or `z`.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum JsonBit {
    Net(usize),
    Constant(#[expect(dead_code, reason = "read so that nothing else is taken for one")] char),
}

impl JsonBit {
    fn net(self) -> Option<usize> {
        match self {
            Self::Net(number) => Some(number),
            Self::Constant(_) => None,
        }
    }
}

impl Netlist {
    /// Reads what `write_json` wrote of the top module.
    pub fn from_json(text: &str, top: &str) -> Result<Self, SynthError> {
        let refuse = |reason: String| SynthError::Netlist {
            design: top.to_owned(),
            reason,
        };
        let mut design: JsonDesign =
            serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
        let module = design.modules.remove(top);
        let module = module.ok_or_else(|| refuse("the module is not in it".to_owned()))?;
        Self::of(module).map_err(refuse)
    }

    /// Reads all modules of a design whose hierarchy is kept, each without its instances of others.
    pub(crate) fn modules_from_json(
        text: &str,
        top: &str,
    ) -> Result<BTreeMap<String, Self>, SynthError> {
        let refuse = |reason: String| SynthError::Netlist {
            design: top.to_owned(),
            reason,
        };
        let mut design: JsonDesign =
            serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
        let names: BTreeSet<String> = design.modules.keys().cloned().collect();
        for module in design.modules.values_mut() {
            module
                .cells
                .retain(|_, cell| !names.contains(&cell.primitive));
        }
        let modules = design.modules.into_iter();
        modules
            .map(|(name, module)| Ok((name, Self::of(module).map_err(refuse)?)))
            .collect()
    }

    fn of(module: JsonModule) -> Result<Self, String> {
        let mut nets = Nets::default();
        let mut cells = Vec::new();
        for (name, cell) in module.cells {
            // Where the instances were; of no substance.
            if cell.primitive == "$scopeinfo" {
                continue;
            }
            cells.push(Cell::of(name, cell, &mut nets)?);
        }
        let clocks = nets.clocks.clone();
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        for (name, port) in &module.ports {
            for (index, bit) in port.bits.iter().enumerate() {
                let Some(number) = bit.net() else { continue };
                let net = nets.net(number);
                match port.direction.as_str() {
                    "output" => outputs.push((net, bit_name(name, index, port.bits.len()))),
                    "input" if clocks.contains(&net) => {}
                    "input" => inputs.push((net, bit_name(name, index, port.bits.len()))),
                    other => return Err(format!("the port `{name}` is an {other}")),
                }
            }
        }
        let names = names(&module.netnames, &nets, &cells);
        Ok(Self {
            cells,
            names,
            inputs,
            outputs,
        })
    }
}

impl Cell {
    fn of(name: String, cell: JsonCell, nets: &mut Nets) -> Result<Self, String> {
        let primitive = cell.primitive;
        let kind = Kind::of(&primitive).ok_or_else(|| {
            format!("`{primitive}` (cell `{name}`) is no primitive that is known")
        })?;
        let mut found = Self {
            name,
            primitive,
            kind,
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        for (port, bits) in &cell.connections {
            let direction = cell.port_directions.get(port).map(String::as_str);
            for number in bits.iter().filter_map(|bit| bit.net()) {
                let net = nets.net(number);
                let pin = Pin {
                    port: port.clone(),
                    net,
                };
                match direction {
                    Some("output") => found.outputs.push(pin),
                    Some("input") if is_clock(port) => nets.clocks.push(net),
                    Some("input") => found.inputs.push(pin),
                    _ => {
                        return Err(format!(
                            "port `{port}` of `{}` has no direction",
                            found.name
                        ));
                    }
                }
            }
        }
        Ok(found)
    }
}

impl Cell {
    /// The name in the source of a register or a memory. The script has named flip-flops `<wire>\<primitive>`.
    pub fn register_name(&self) -> &str {
        match self.name.rsplit_once('\\') {
            Some((wire, primitive)) if primitive == self.primitive => wire,
            _ => &self.name,
        }
    }
}

/// Nets under numbers without gaps.
#[derive(Default)]
struct Nets {
    numbers: BTreeMap<usize, Net>,
    count: usize,
    clocks: Vec<Net>,
}

impl Nets {
    fn net(&mut self, number: usize) -> Net {
        *self.numbers.entry(number).or_insert_with(|| {
            self.count += 1;
            self.count - 1
        })
    }

    fn known(&self, number: usize) -> Option<Net> {
        self.numbers.get(&number).copied()
    }
}

/// A name for each net: that of the register that drives it, or else one from the source, the deepest in the hierarchy,
/// the shortest of these.
fn names(named: &BTreeMap<String, JsonNet>, nets: &Nets, cells: &[Cell]) -> Vec<String> {
    let mut best: Vec<(Option<_>, String)> = vec![(None, String::new()); nets.count];
    for (name, group) in named {
        for (index, bit) in group.bits.iter().enumerate() {
            let Some(net) = bit.net().and_then(|number| nets.known(number)) else {
                continue;
            };
            let depth = name.matches('.').count();
            let rank = Some((group.hide_name == 0, depth, Reverse(name.len())));
            if rank > best[net].0 {
                best[net] = (rank, bit_name(name, index, group.bits.len()));
            }
        }
    }
    for cell in cells.iter().filter(|cell| cell.kind == Kind::FlipFlop) {
        for output in &cell.outputs {
            if cell.register_name() != cell.name {
                best[output.net].1 = cell.register_name().to_owned();
            }
        }
    }
    best.into_iter().map(|(_, name)| name).collect()
}

/// A bit as Verilog has it.
fn bit_name(name: &str, index: usize, width: usize) -> String {
    match width {
        1 => name.to_owned(),
        _ => format!("{name}[{index}]"),
    }
}
