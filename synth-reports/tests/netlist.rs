//! Netlists made by hand, of which all figures are known.

use seqnic_synth::{Figures, Netlist, Path};
use serde_json::{Map, Value, json};

/// A module `top` under construction. Nets are numbers from 2 on, as in what Yosys writes.
#[derive(Default)]
struct Module {
    cells: Map<String, Value>,
    ports: Map<String, Value>,
    names: Map<String, Value>,
}

impl Module {
    fn cell(
        mut self,
        name: &str,
        primitive: &str,
        inputs: &[(&str, u32)],
        outputs: &[(&str, u32)],
    ) -> Self {
        let pins = |pins: &[(&str, u32)], direction: &str| {
            let directions = pins
                .iter()
                .map(|(port, _)| (port.to_string(), json!(direction)));
            let nets = pins
                .iter()
                .map(|(port, net)| (port.to_string(), json!([net])));
            (directions.collect::<Vec<_>>(), nets.collect::<Vec<_>>())
        };
        let (mut directions, mut nets) = pins(inputs, "input");
        let (out_directions, out_nets) = pins(outputs, "output");
        directions.extend(out_directions);
        nets.extend(out_nets);
        self.cells.insert(
            name.to_owned(),
            json!({
                "type": primitive,
                "port_directions": Map::from_iter(directions),
                "connections": Map::from_iter(nets),
            }),
        );
        self
    }

    /// A LUT of these inputs.
    fn lut(self, name: &str, inputs: &[u32], output: u32) -> Self {
        let ports = ["I0", "I1", "I2", "I3", "I4", "I5"];
        let pins: Vec<_> = ports.into_iter().zip(inputs.iter().copied()).collect();
        self.cell(
            name,
            &format!("LUT{}", inputs.len()),
            &pins,
            &[("O", output)],
        )
    }

    /// A flip-flop on the clock, which is net 2.
    fn flip_flop(self, wire: &str, d: u32, q: u32) -> Self {
        self.cell(
            &format!("{wire}\\FDRE"),
            "FDRE",
            &[("C", 2), ("D", d)],
            &[("Q", q)],
        )
    }

    fn port(mut self, name: &str, direction: &str, net: u32) -> Self {
        self.ports.insert(
            name.to_owned(),
            json!({ "direction": direction, "bits": [net] }),
        );
        self
    }

    fn net(mut self, name: &str, bits: &[u32]) -> Self {
        self.names
            .insert(name.to_owned(), json!({ "hide_name": 0, "bits": bits }));
        self
    }

    fn netlist(self) -> Result<Netlist, String> {
        let module = json!({ "ports": self.ports, "cells": self.cells, "netnames": self.names });
        let text = json!({ "modules": { "top": module } }).to_string();
        Netlist::from_json(&text, "top").map_err(|error| error.to_string())
    }

    #[track_caller]
    fn figures(self) -> Figures {
        let netlist = self.netlist().expect("a netlist");
        Figures::of(&netlist, "top").expect("no loop")
    }
}

fn path(lut_levels: u32, carries: u32, from: &str, to: &str) -> Option<Path> {
    Some(Path {
        lut_levels,
        carries,
        from: from.to_owned(),
        to: to.to_owned(),
    })
}

#[test]
fn the_deepest_path_between_registers_is_found_by_name() {
    let figures = Module::default()
        .port("clock", "input", 2)
        .flip_flop("block.a", 20, 3)
        .flip_flop("block.b", 12, 4)
        .flip_flop("c[7]", 12, 5)
        .lut("l1", &[3, 4], 10)
        .lut("l2", &[10, 4], 11)
        .lut("l3", &[11, 4], 12)
        .lut("l4", &[4], 20)
        .net("n", &[3, 4, 5, 10, 11, 12])
        .figures();
    let found = figures.timing.internal.expect("there is one");
    // Where there are two of three levels, the one over the wire with more loads.
    assert_eq!((found.lut_levels, found.from.as_str()), (3, "block.b"));
    assert!(
        ["block.b", "c[7]"].contains(&found.to.as_str()),
        "{found:?}"
    );
    assert_eq!(figures.timing.from_input, None);
    let fan_out = figures.fan_out.expect("there are nets");
    assert_eq!((fan_out.loads, fan_out.net.as_str()), (4, "block.b"));
    // 0.1 from the clock, wires of four loads, of one twice and of two, three LUTs, 0.05 at the end.
    let wires = (0.30 + 2.0 * 0.05) + 2.0 * 0.30 + (0.30 + 0.05);
    assert!((figures.timing.delay_model_ns - (0.10 + 3.0 * 0.12 + wires + 0.05)).abs() < 1e-9);
}

#[test]
fn paths_go_through_reads_of_lut_ram_and_through_carry_chains() {
    let ram = |module: Module| {
        let inputs = [
            ("WCLK", 2),
            ("ADDRA", 3),
            ("ADDRH", 4),
            ("DIA", 5),
            ("WE", 5),
        ];
        module.cell("fifo.words.0", "RAM32M16", &inputs, &[("DOA", 10)])
    };
    let figures = ram(Module::default())
        .flip_flop("read", 5, 3)
        .flip_flop("write", 5, 4)
        .flip_flop("sum", 13, 5)
        .lut("l", &[10], 11)
        .cell("c0", "CARRY8", &[("S", 11)], &[("CO", 12)])
        .cell("c1", "CARRY8", &[("CI", 12)], &[("O", 13)])
        .figures();
    // The read and the LUT; the write address leads nowhere but into the RAM.
    assert_eq!(figures.timing.internal, path(2, 2, "read", "sum"));
    assert_eq!(figures.resources.lut_memory, 8);
    assert_eq!(
        (figures.resources.carry, figures.resources.lut_physical),
        (2, 9)
    );

    // What was written comes out at the next edge: the RAM is where a path begins, and ends.
    let figures = ram(Module::default()).lut("l", &[10], 5).figures();
    assert_eq!(
        figures.timing.internal,
        path(2, 0, "fifo.words.0", "fifo.words.0")
    );
}

#[test]
fn ports_are_the_ends_of_their_own_paths() {
    let figures = Module::default()
        .port("a", "input", 3)
        .port("y", "output", 11)
        .flip_flop("r", 10, 4)
        .lut("l1", &[3], 10)
        .lut("l2", &[4, 10], 11)
        .figures();
    assert_eq!(figures.timing.internal, None);
    assert_eq!(figures.timing.from_input, path(1, 0, "a", "r"));
    assert_eq!(figures.timing.to_output, path(1, 0, "r", "y"));
    assert_eq!(figures.timing.through, path(2, 0, "a", "y"));
}

#[test]
fn small_luts_share_a_lut6() {
    let physical = |luts: &[&[u32]]| {
        let mut module = Module::default();
        for (number, inputs) in luts.iter().enumerate() {
            module = module.lut(&format!("l{number}"), inputs, 100 + number as u32);
        }
        let resources = module.figures().resources;
        assert_eq!(resources.lut_logic, luts.len() as u64);
        resources.lut_physical
    };
    // Two multiplexers with one select have five inputs together.
    assert_eq!(physical(&[&[3, 4, 5], &[3, 6, 7]]), 1);
    // Two of three inputs with none in common have six.
    assert_eq!(physical(&[&[3, 4, 5], &[6, 7, 8]]), 2);
    assert_eq!(physical(&[&[3, 4], &[6, 7, 8]]), 1);
    assert_eq!(physical(&[&[3, 4, 5, 6, 7], &[3, 4, 5, 6, 7]]), 1);
    assert_eq!(physical(&[&[3, 4, 5, 6, 7], &[3, 4, 5, 6, 8]]), 2);
    // A LUT of six inputs shares with nothing.
    assert_eq!(physical(&[&[3, 4, 5, 6, 7, 8], &[3]]), 2);
    // The one with more in common is taken, so that the third finds the fourth.
    assert_eq!(
        physical(&[&[3, 4, 5, 6], &[3, 4, 5, 7], &[8, 9, 10], &[3, 11]]),
        2
    );
    assert_eq!(
        physical(&[&[3, 4], &[5, 6], &[7, 8], &[9, 10], &[11, 12]]),
        3
    );
}

#[test]
fn memories_are_weighed_in_luts() {
    let resources = Module::default()
        .cell("a", "RAM32M", &[], &[])
        .cell("b", "RAM64X1D", &[], &[])
        .cell("c", "SRLC32E", &[], &[])
        .cell("d", "RAMB36E2", &[], &[])
        .cell("e", "RAMB18E2", &[], &[])
        .cell("f", "URAM288", &[], &[])
        .cell("g", "DSP48E2", &[], &[])
        .figures()
        .resources;
    assert_eq!(
        (resources.lut_memory, resources.lut_physical),
        (4 + 2 + 1, 7)
    );
    assert_eq!(
        (
            resources.ramb36,
            resources.ramb18,
            resources.uram,
            resources.dsp
        ),
        (1, 1, 1, 1)
    );
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let unknown = Module::default()
        .cell("x", "GTYE4_CHANNEL", &[], &[])
        .netlist();
    assert_eq!(
        unknown.expect_err("no such primitive"),
        "the netlist of top cannot be read: `GTYE4_CHANNEL` (cell `x`) is no primitive that is known"
    );
    let other = Netlist::from_json("{\"modules\":{}}", "top").expect_err("no module");
    assert!(
        other.to_string().contains("the module is not in it"),
        "{other}"
    );
    let cut = Netlist::from_json("{\"modules\":{\"top\"", "top").expect_err("cut short");
    assert!(cut.to_string().contains("EOF"), "{cut}");
    let looped = Module::default()
        .lut("a", &[3], 4)
        .lut("b", &[4], 3)
        .net("loop", &[3, 4]);
    let error = Figures::of(&looped.netlist().expect("a netlist"), "top").expect_err("a loop");
    assert!(
        error.to_string().contains("is in a combinational loop"),
        "{error}"
    );
}
