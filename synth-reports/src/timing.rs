//! LUT levels of paths, and a delay from constants.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::cells::Kind;
use crate::netlist::{Net, Netlist};

/// The constants of the delay model, in nanoseconds. They are round numbers near those of an UltraScale+ device of
/// speed grade 2; where a wire goes is not known, so it costs the same wherever it goes, and more with its loads.
pub mod model {
    /// From the clock to the output of a flip-flop or LUT RAM.
    pub const CLOCK_TO_OUTPUT_NS: f64 = 0.10;
    /// From the clock to the output of a block RAM.
    pub const RAM_CLOCK_TO_OUTPUT_NS: f64 = 0.90;
    /// Through a LUT.
    pub const LUT_NS: f64 = 0.12;
    /// Through LUT RAM, from an address.
    pub const LUT_RAM_NS: f64 = 0.20;
    /// Through four bits of a carry chain.
    pub const CARRY_NS: f64 = 0.05;
    /// Through a multiplexer behind LUTs.
    pub const WIDE_MUX_NS: f64 = 0.08;
    /// A wire to one load, other than along a carry chain.
    pub const WIRE_NS: f64 = 0.30;
    /// What each doubling of its loads adds to a wire.
    pub const WIRE_PER_DOUBLING_NS: f64 = 0.05;
    /// Before the clock at whatever captures.
    pub const SETUP_NS: f64 = 0.05;
}

/// The worst paths of a design, by where they begin and end.
#[derive(Clone, Debug)]
pub struct Timing {
    /// From a register to a register.
    pub internal: Option<Path>,
    /// From an input port to a register.
    pub from_input: Option<Path>,
    /// From a register to an output port.
    pub to_output: Option<Path>,
    /// From an input port to an output port.
    pub through: Option<Path>,
    /// The delay of the slowest path between registers by [`model`]; never a statement that a clock is met.
    pub delay_model_ns: f64,
}

/// A path through LUTs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// LUTs on it, reads of LUT RAM included.
    pub lut_levels: u32,
    /// Pieces of carry chains on it.
    pub carries: u32,
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
}

/// The latest arrival at a net.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    levels: u32,
    carries: u32,
    delay_ns: f64,
    start: Start,
}

#[derive(Clone, Copy, Debug)]
enum Start {
    Cell(usize),
    Input(usize),
}

impl Arrival {
    /// By levels, and where these are equal by delay.
    fn deeper(&self, other: &Self) -> Ordering {
        let levels = self.levels.cmp(&other.levels);
        levels.then(self.delay_ns.total_cmp(&other.delay_ns))
    }
}

/// A way through a cell.
struct Arc {
    cell: usize,
    from: Net,
    to: Net,
    /// Whether it begins with a wire: along a carry chain there is none.
    has_wire: bool,
}

/// Finds the deepest paths. An error names a net of a combinational loop.
pub fn analyse(netlist: &Netlist) -> Result<Timing, String> {
    let graph = Graph::new(netlist)?;
    let registers = graph.arrivals(graph.register_starts(), Arrival::deeper);
    let slowest = graph.arrivals(graph.register_starts(), |a, b| {
        a.delay_ns.total_cmp(&b.delay_ns)
    });
    let inputs = netlist.inputs.iter().enumerate().map(|(port, &(net, _))| {
        let start = Start::Input(port);
        (
            net,
            Arrival {
                levels: 0,
                carries: 0,
                delay_ns: 0.0,
                start,
            },
        )
    });
    let inputs = graph.arrivals(inputs.collect(), Arrival::deeper);
    let captured = || {
        graph
            .captured()
            .map(|(cell, net)| (net, graph.name_of(cell)))
    };
    let outputs = || {
        netlist
            .outputs
            .iter()
            .map(|(net, name)| (*net, name.clone()))
    };
    let delay_ns = graph
        .captured()
        .filter_map(|(_, net)| Some(slowest[net]?.delay_ns + graph.wire_ns(net) + model::SETUP_NS))
        .fold(0.0, f64::max);
    Ok(Timing {
        internal: graph.worst(&registers, captured()),
        from_input: graph.worst(&inputs, captured()),
        to_output: graph.worst(&registers, outputs()),
        through: graph.worst(&inputs, outputs()),
        delay_model_ns: delay_ns,
    })
}

struct Graph<'a> {
    netlist: &'a Netlist,
    /// The inputs that each net reaches, ports included.
    loads: Vec<u32>,
    /// All arcs, each behind those that lead to where it begins.
    arcs: Vec<Arc>,
}

impl<'a> Graph<'a> {
    fn new(netlist: &'a Netlist) -> Result<Self, String> {
        let nets = netlist.names.len();
        let mut unsorted = Vec::new();
        for (cell, found) in netlist.cells.iter().enumerate() {
            for input in &found.inputs {
                for output in &found.outputs {
                    if found
                        .kind
                        .passes(&found.primitive, &input.port, &output.port)
                    {
                        unsorted.push(Arc {
                            cell,
                            from: input.net,
                            to: output.net,
                            has_wire: found.kind != Kind::Carry || !input.port.starts_with("CI"),
                        });
                    }
                }
            }
        }
        let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); nets];
        let mut waits_for = vec![0u32; nets];
        for (index, arc) in unsorted.iter().enumerate() {
            outgoing[arc.from].push(index);
            waits_for[arc.to] += 1;
        }
        let mut ready: Vec<Net> = (0..nets).filter(|&net| waits_for[net] == 0).collect();
        let mut order = Vec::with_capacity(unsorted.len());
        while let Some(net) = ready.pop() {
            for &index in &outgoing[net] {
                order.push(index);
                let to = unsorted[index].to;
                waits_for[to] -= 1;
                if waits_for[to] == 0 {
                    ready.push(to);
                }
            }
        }
        if let Some(net) = waits_for.iter().position(|&count| count > 0) {
            return Err(format!(
                "`{}` is in a combinational loop",
                netlist.names[net]
            ));
        }
        let mut unsorted: Vec<Option<Arc>> = unsorted.into_iter().map(Some).collect();
        let arcs = order
            .into_iter()
            .filter_map(|index| unsorted[index].take())
            .collect();
        Ok(Self {
            netlist,
            loads: loads(netlist),
            arcs,
        })
    }

    /// The arrivals at the outputs of whatever a clock drives.
    fn register_starts(&self) -> Vec<(Net, Arrival)> {
        let mut starts = Vec::new();
        for (index, cell) in self.netlist.cells.iter().enumerate() {
            if !cell.kind.launches() {
                continue;
            }
            let (levels, delay_ns) = match cell.kind {
                Kind::LutRam { .. } | Kind::ShiftRegister { .. } => {
                    (1, model::CLOCK_TO_OUTPUT_NS + model::LUT_RAM_NS)
                }
                Kind::FlipFlop => (0, model::CLOCK_TO_OUTPUT_NS),
                _ => (0, model::RAM_CLOCK_TO_OUTPUT_NS),
            };
            let start = Start::Cell(index);
            let arrival = Arrival {
                levels,
                carries: 0,
                delay_ns,
                start,
            };
            starts.extend(cell.outputs.iter().map(|pin| (pin.net, arrival)));
        }
        starts
    }

    /// The worst arrival at each net, from these starts.
    fn arrivals(
        &self,
        starts: Vec<(Net, Arrival)>,
        order: impl Fn(&Arrival, &Arrival) -> Ordering,
    ) -> Vec<Option<Arrival>> {
        let mut at: Vec<Option<Arrival>> = vec![None; self.netlist.names.len()];
        let put = |at: &mut Vec<Option<Arrival>>, net: Net, new: Arrival| {
            if at[net].is_none_or(|old| order(&new, &old) == Ordering::Greater) {
                at[net] = Some(new);
            }
        };
        for (net, arrival) in starts {
            put(&mut at, net, arrival);
        }
        for arc in &self.arcs {
            let Some(before) = at[arc.from] else { continue };
            let kind = self.netlist.cells[arc.cell].kind;
            let (levels, carries, cell_ns) = match kind {
                Kind::Carry => (0, 1, model::CARRY_NS),
                Kind::WideMux => (0, 0, model::WIDE_MUX_NS),
                Kind::Lut => (1, 0, model::LUT_NS),
                _ => (1, 0, model::LUT_RAM_NS),
            };
            let wire_ns = if arc.has_wire {
                self.wire_ns(arc.from)
            } else {
                0.0
            };
            let after = Arrival {
                levels: before.levels + levels,
                carries: before.carries + carries,
                delay_ns: before.delay_ns + wire_ns + cell_ns,
                start: before.start,
            };
            put(&mut at, arc.to, after);
        }
        at
    }

    /// The delay of the wire that is a net.
    fn wire_ns(&self, net: Net) -> f64 {
        let doublings = f64::from(self.loads[net].max(1)).log2();
        model::WIRE_NS + model::WIRE_PER_DOUBLING_NS * doublings
    }

    /// The cells in which paths end, with the nets that they end on.
    fn captured(&self) -> impl Iterator<Item = (usize, Net)> {
        self.netlist
            .cells
            .iter()
            .enumerate()
            .flat_map(|(index, cell)| {
                let pins = cell.inputs.iter();
                pins.filter(|pin| cell.kind.captures(&cell.primitive, &pin.port))
                    .map(move |pin| (index, pin.net))
            })
    }

    fn worst(
        &self,
        arrivals: &[Option<Arrival>],
        ends: impl Iterator<Item = (Net, String)>,
    ) -> Option<Path> {
        let arrived = ends.filter_map(|(net, name)| Some((arrivals[net]?, name)));
        let (arrival, to) = arrived.max_by(|(a, _), (b, _)| a.deeper(b))?;
        Some(Path {
            lut_levels: arrival.levels,
            carries: arrival.carries,
            from: match arrival.start {
                Start::Cell(cell) => self.name_of(cell),
                Start::Input(port) => self.netlist.inputs[port].1.clone(),
            },
            to,
        })
    }

    fn name_of(&self, cell: usize) -> String {
        self.netlist.cells[cell].register_name().to_owned()
    }
}

/// The inputs that each net reaches, ports included.
pub fn loads(netlist: &Netlist) -> Vec<u32> {
    let mut loads = vec![0; netlist.names.len()];
    let pins = netlist.cells.iter().flat_map(|cell| &cell.inputs);
    let nets = pins
        .map(|pin| pin.net)
        .chain(netlist.outputs.iter().map(|(net, _)| *net));
    for net in nets {
        loads[net] += 1;
    }
    loads
}
