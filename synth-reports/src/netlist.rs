//! A mapped netlist, as Yosys writes it in JSON.

use std::collections::BTreeMap;

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
    /// Nets that come in through a port, without the clock.
    pub inputs: Vec<Net>,
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

/// A net by its number, or a constant.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum JsonBit {
    Net(usize),
    Constant(char),
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
                    "input" => inputs.push(net),
                    other => return Err(format!("the port `{name}` is an {other}")),
                }
            }
        }
        for (name, named) in &module.netnames {
            for (index, bit) in named.bits.iter().enumerate() {
                if let Some(net) = bit.net().and_then(|number| nets.known(number)) {
                    nets.suggest(net, named.hide_name == 0, name, index, named.bits.len());
                }
            }
        }
        Ok(Self {
            cells,
            names: nets.names,
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

/// Nets under numbers without gaps.
#[derive(Default)]
struct Nets {
    numbers: BTreeMap<usize, Net>,
    names: Vec<String>,
    clocks: Vec<Net>,
}

impl Nets {
    fn net(&mut self, number: usize) -> Net {
        *self.numbers.entry(number).or_insert_with(|| {
            self.names.push(String::new());
            self.names.len() - 1
        })
    }

    fn known(&self, number: usize) -> Option<Net> {
        self.numbers.get(&number).copied()
    }

    /// The best name is one from the source, the deepest in the hierarchy, the shortest of these.
    fn suggest(&mut self, net: Net, is_public: bool, name: &str, index: usize, width: usize) {
        let name = bit_name(name, index, width);
        let rank = |name: &str, is_public: bool| {
            (
                is_public,
                name.matches('.').count(),
                usize::MAX - name.len(),
            )
        };
        let old = &self.names[net];
        let old_rank = rank(old, !old.contains('$') && !old.is_empty());
        if old.is_empty() || rank(&name, is_public) > old_rank {
            self.names[net] = name;
        }
    }
}

/// A bit as Verilog has it.
fn bit_name(name: &str, index: usize, width: usize) -> String {
    match width {
        1 => name.to_owned(),
        _ => format!("{name}[{index}]"),
    }
}
