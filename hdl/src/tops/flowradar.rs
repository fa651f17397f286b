//! The FlowRadar encoder.

use std::sync::Arc;

use seqnic_spec::Config;
use seqnic_spec::flowradar::FlowRadar;

use super::{Built, block_name};
use crate::blocks::flowradar::epoch_control::{DRAIN_CYCLES, QUIET, epoch_control};
use crate::blocks::flowradar::export_engine::export_engine;
use crate::blocks::flowradar::flow_filter::flow_filter;
use crate::blocks::flowradar::flow_table::flow_table;
use crate::blocks::flowradar::hash_unit::{self, hash_unit};
use crate::blocks::flowradar::key_extractor::key_extractor;
use crate::blocks::flowradar::{FILTER_CYCLES, TABLE_WAITS_CYCLES, memory_style};
use crate::rtl::{Design, Expr, Instance, Module, Reset, RtlError, all_of, concat};

const DOC: &str = "\
FlowRadar encoder: counts the packets of every flow in cells that many flows share, and exports them epoch by epoch.

    tap ---> [ key ] ---> [ hash ] ---> [ filter ] ---> [ sub-tables ]
                |                           ^  ^            ^  ^
          [ epoch control ] ----- bank -----+--|------------+  |
                |                              |               |
                +------> [ export engine ] ----+---------------+     ---> m_axis_report

It watches a stream (tap_tvalid and tap_tready are inputs) and never holds it up. A packet is recorded when its headers are
here, or, where bytes are counted, when it has ended.
`swap`: a rising edge ends the epoch; `swap_now`: so does each cycle in which it is 1. `epoch`: that of the packets now.
`recording`: packets are recorded; `missed`: how many passed before. `overrun`: a swap had to wait since reset.
Latency: about 18 cycles from a beat to its cells. Throughput: a packet a cycle. Backpressure: none towards the tap; the
export waits for m_axis_report_tready. Reset: all banks are cleared before a packet is recorded.
Storage: two banks of filter and sub-tables.
Source: Li et al., FlowRadar: A Better NetFlow for Data Centers, NSDI 2016; docs/packet-format.md, \"FlowRadar\".";

/// What an encoder watches of a stream: ports behind `tap_`.
const TAP: [&str; 5] = ["tvalid", "tready", "tdata", "tkeep", "tlast"];

/// The encoder of a configuration that has one, `<name>_flowradar`. Ports `tap_*`, `swap`, `swap_now`, `recording`,
/// `overrun`, `epoch`, `missed`, `m_axis_report_*`.
pub fn flowradar(config: &Config, encoder: &FlowRadar) -> Built {
    build(config, encoder, true)
}

/// The same without its hash unit, whose input and outputs are ports: to be looked at by the report.
pub fn flowradar_around_hash(config: &Config, encoder: &FlowRadar) -> Built {
    build(config, encoder, false)
}

fn build(config: &Config, encoder: &FlowRadar, has_hash: bool) -> Built {
    let mut m = Module::new(block_name(config, "flowradar"), DOC);
    let geometry = encoder.geometry();
    let data_bits = config.data_bits();
    let name = |block: &str| block_name(config, &format!("flowradar_{block}"));
    let [valid, ready, data, keep, last] = TAP.map(|signal| {
        let bits = match signal {
            "tdata" => data_bits,
            "tkeep" => data_bits / 8,
            _ => 1,
        };
        m.input(&format!("tap_{signal}"), bits)
    });
    let (swap, swap_now) = (m.input("swap", 1), m.input("swap_now", 1));
    let report_ready = m.input("m_axis_report_tready", 1);

    let extractor = key_extractor(&name("key_extractor"), data_bits, geometry)?;
    let extractor = m.instance("key_extractor", &extractor);
    let accept = m.wire("accept", valid & ready);
    for (port, value) in [
        ("accept", accept),
        ("tdata", data),
        ("tkeep", keep),
        ("tlast", last),
    ] {
        m.connect(extractor, port, value);
    }
    let key = m.output_from(extractor, "key");
    let enters = m.output_from(extractor, "valid");

    let control = m.instance(
        "epoch_control",
        &epoch_control(&name("epoch_control"), encoder)?,
    );
    m.connect(control, "enters", &enters);
    m.connect(control, "swap", swap);
    m.connect(control, "swap_now", swap_now);
    let recording = m.output_from(control, "recording");
    let bank = m.output_from(control, "bank");

    // Beside the blocks, what comes with a packet, by the cycles behind its entry.
    let hash_cycles = hash_unit::latency_cycles(geometry.hash);
    let known_at = hash_cycles + FILTER_CYCLES;
    let mut beside = |name: &str, value: Expr, reset: Reset| {
        let mut values = vec![value];
        for cycle in 1..=known_at {
            let value = m.delayed(&format!("{name}_{cycle}"), reset, &values[cycle - 1]);
            values.push(value);
        }
        values
    };
    let valids = beside("valid", &enters & &recording, Reset::To(0));
    // Reset keeps it out of shift registers, whose outputs are as late as a LUT.
    let banks = beside("bank", bank, Reset::To(0));
    let keys = beside("key", key.clone(), Reset::None);
    const { assert!(4 + FILTER_CYCLES + 2 < DRAIN_CYCLES) };
    let lengths = geometry.byte_counts.then(|| {
        let bytes = m.output_from(extractor, "bytes");
        delayed_by(&mut m, "bytes", known_at, &bytes)
    });

    let hash = hash_unit(&name("hash_unit"), geometry)?;
    let hash = match has_hash {
        true => {
            let hash = m.instance("hash_unit", &hash);
            m.connect(hash, "key", key);
            Some(hash)
        }
        false => {
            m.output_of("hash_key", key);
            None
        }
    };
    let index = |m: &mut Module, memory: &str, bits: usize| match hash {
        Some(hash) => m.output_from(hash, memory),
        None => m.input(&format!("hash_{memory}"), bits),
    };

    let service = Service::of(&mut m, control);
    let mut served = Vec::new();
    let filter = flow_filter(
        &name("filter"),
        geometry,
        memory_style(encoder.storage()),
        service.bits(),
    )?;
    let mut known = Vec::new();
    for part in 0..geometry.filter_hashes {
        let partition = m.instance(&format!("filter_{part}"), &filter);
        let bits = geometry.filter.index_bits();
        let index = index(&mut m, &format!("filter_{part}"), bits);
        for (port, value) in [
            ("valid", &valids[hash_cycles]),
            ("bank", &banks[hash_cycles]),
            ("index", &index),
        ] {
            m.connect(partition, port, value);
        }
        service.connect(&mut m, partition);
        known.push(m.output_from(partition, "known"));
        served.push(m.output_from(partition, "served"));
    }
    let is_new = m.delayed("is_new", Reset::None, !all_of(known));
    let new_flow = m.wire("new_flow", &is_new & &valids[known_at]);
    m.connect(control, "new_flow", new_flow);
    m.connect(control, "new_flow_bank", &banks[known_at]);

    let table = flow_table(
        &name("table"),
        geometry,
        memory_style(encoder.storage()),
        service.bits(),
    )?;
    let begins = hash_cycles + TABLE_WAITS_CYCLES;
    let (mut saturates, mut saturated_banks) = (Vec::new(), Vec::new());
    for number in 0..geometry.tables {
        let table = m.instance(&format!("table_{number}"), &table);
        let bits = geometry.cells.index_bits();
        let index = index(&mut m, &format!("table_{number}"), bits);
        let name = format!("table_{number}_index");
        let index = delayed_by(&mut m, &name, TABLE_WAITS_CYCLES - 1, &index);
        // Reset keeps what is compared first out of a shift register.
        let name = format!("{name}_{TABLE_WAITS_CYCLES}");
        let index = m.delayed(&name, Reset::To(0), index);
        for (port, value) in [
            ("valid", &valids[begins]),
            ("bank", &banks[begins]),
            ("index", &index),
            ("key", &keys[known_at]),
            ("is_new", &is_new),
        ] {
            m.connect(table, port, value);
        }
        if let Some(lengths) = &lengths {
            m.connect(table, "bytes", lengths);
        }
        service.connect(&mut m, table);
        saturates.push(m.output_from(table, "saturates"));
        saturated_banks.push(m.output_from(table, "saturated_bank"));
        served.push(m.output_from(table, "served"));
    }
    m.connect(control, "saturates", concat(saturates));
    m.connect(control, "saturated_bank", concat(saturated_banks));

    let engine: Arc<Design> = export_engine(&name("export_engine"), encoder)?;
    let engine = m.instance("export_engine", &engine);
    let start = m.output_from(control, "export_start");
    m.connect(engine, "start", start);
    for (port, _) in QUIET {
        let value = m.output_from(control, port);
        m.connect(engine, port, value);
    }
    for (memory, word) in served.iter().enumerate() {
        m.connect(engine, &format!("word_{memory}"), word);
    }
    let done = m.output_from(engine, "done");
    m.connect(control, "export_done", done);
    service.drive(&mut m, control, engine);
    m.connect(engine, "m_axis_report_tready", report_ready);
    for port in REPORT {
        let value = m.output_from(engine, port);
        m.output_of(port, value);
    }
    for port in STATUS {
        let value = m.output_from(control, port);
        m.output_of(port, value);
    }
    m.build()
}

/// What leaves an encoder on the stream of reports.
const REPORT: [&str; 4] = [
    "m_axis_report_tdata",
    "m_axis_report_tkeep",
    "m_axis_report_tvalid",
    "m_axis_report_tlast",
];

/// What an encoder says of itself.
const STATUS: [&str; 4] = ["recording", "overrun", "epoch", "missed"];

/// Places the encoder of a configuration that has one beside a stream whose beats are these, with its own ports in the
/// module: `flowradar_swap`, `flowradar_recording`, `flowradar_overrun`, `flowradar_epoch`, `flowradar_missed`, and the
/// stream of reports. Nothing, where there is none.
pub(super) fn place_encoder(
    m: &mut Module,
    config: &Config,
    tap: [Expr; 5],
) -> Result<Option<PlacedEncoder>, RtlError> {
    let Some(encoder) = config.flowradar() else {
        return Ok(None);
    };
    let encoder = m.instance("encoder", &flowradar(config, encoder)?);
    for (signal, value) in TAP.into_iter().zip(tap) {
        m.connect(encoder, &format!("tap_{signal}"), value);
    }
    let swap = m.input("flowradar_swap", 1);
    m.connect(encoder, "swap", swap);
    let ready = m.input("m_axis_report_tready", 1);
    m.connect(encoder, "m_axis_report_tready", ready);
    for port in REPORT {
        let value = m.output_from(encoder, port);
        m.output_of(port, value);
    }
    let status = STATUS.map(|port| {
        let (name, value) = (format!("flowradar_{port}"), m.output_from(encoder, port));
        m.output_of(&name, &value);
        (name, value)
    });
    let swap_now = m.forward("flowradar_swap_now", 1);
    m.connect(encoder, "swap_now", &swap_now);
    Ok(Some(PlacedEncoder { status, swap_now }))
}

/// An encoder beside a stream, for the registers.
pub(super) struct PlacedEncoder {
    /// What it says of itself, by the ports of the module.
    pub status: [(String, Expr); 4],
    /// To be driven: 1 ends the epoch.
    pub swap_now: Expr,
}

/// A value so many cycles later.
fn delayed_by(m: &mut Module, name: &str, cycles: usize, value: &Expr) -> Expr {
    (1..=cycles).fold(value.clone(), |value, cycle| {
        m.delayed(&format!("{name}_{cycle}"), Reset::None, value)
    })
}

/// What all memories are told about the bank that no packet is in.
struct Service {
    address: Expr,
    serve: Expr,
    clear: Expr,
}

impl Service {
    fn of(m: &mut Module, control: Instance) -> Self {
        let sweep = m.output_from(control, "sweep_address");
        Self {
            address: m.forward("service_address", sweep.width()),
            serve: m.output_from(control, "serve"),
            clear: m.output_from(control, "clear"),
        }
    }

    fn bits(&self) -> usize {
        self.address.width()
    }

    fn connect(&self, m: &mut Module, memory: Instance) {
        m.connect(memory, "service_address", &self.address);
        m.connect(memory, "serve", &self.serve);
        m.connect(memory, "clear", &self.clear);
    }

    /// The address is that of the sweep or that of the export.
    fn drive(&self, m: &mut Module, control: Instance, engine: Instance) {
        let sweeping = m.output_from(control, "sweeping");
        let sweep = m.output_from(control, "sweep_address");
        let read = m.output_from(engine, "read_address");
        m.drive(&self.address, sweeping.mux(&sweep, &read));
    }
}
