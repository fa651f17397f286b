//! Which core is next: a plain counter, or what the registers let take part.

use seqnic_spec::{Config, ControlClock};

use super::block_name;
use super::flowradar::PlacedEncoder;
use crate::blocks::axi_lite_slave::{Access, axi_lite_slave, lift_port};
use crate::blocks::control_registers::control_registers;
use crate::blocks::controlled_sprayer::controlled_sprayer;
use crate::blocks::heartbeat::heartbeat;
use crate::blocks::register_crossing::register_crossing;
use crate::blocks::sprayer::sprayer;
use crate::rtl::{ClockDomain, Expr, Instance, Module, Reset, RtlError, bits_for, ones, zeros};

/// Cycles from a write to the registers until the first core that it leaves is found.
const SETTLE_CYCLES: u64 = 7;

/// The core of the next frame.
pub(super) struct Turn {
    /// The frame may begin.
    pub may_begin: Expr,
    registers: Option<Instance>,
}

impl Turn {
    /// Gives the inserter the core of each frame, and places the registers that say which ones there are.
    pub(super) fn new(
        m: &mut Module,
        config: &Config,
        inserter: Instance,
        frame_done: &Expr,
    ) -> Result<Self, RtlError> {
        let name = block_name(config, "sprayer");
        let design = match config.has_control() {
            true => controlled_sprayer(&name, config.cores(), config.max_weight()),
            false => sprayer(&name, config.cores()),
        };
        let sprayer = m.instance("sprayer", &design?);
        m.connect(sprayer, "frame_done", frame_done);
        let core = m.output_from(sprayer, "core");
        m.connect(inserter, "core", &core);
        if !config.has_control() {
            return Ok(Self {
                may_begin: ones(1),
                registers: None,
            });
        }
        let sent = m.output_from(inserter, "beat_sent");
        m.connect(sprayer, "beat_sent", sent);

        let registers = m.instance(
            "control_registers",
            &control_registers(&block_name(config, "control_registers"), config)?,
        );
        let heartbeat = place_heartbeat(m, config)?;
        let mut wire = |from, to, ports: &[&str]| {
            for port in ports {
                let value = m.output_from(from, port);
                m.connect(to, port, value);
            }
        };
        wire(registers, sprayer, &["enabled", "load"]);
        wire(sprayer, registers, &["core", "frame_begins"]);
        if let Some(heartbeat) = heartbeat {
            let to_registers = [
                "watched_core",
                "heard",
                "heard_core",
                "fails",
                "failing_core",
            ];
            wire(heartbeat, registers, &to_registers);
            let from_registers = [
                "watched_packets",
                "takes_part",
                "restart",
                "most_frames",
                "most_cycles",
            ];
            wire(registers, heartbeat, &from_registers);
        }
        if config.has_weights() {
            wire(sprayer, registers, &["next_core"]);
            wire(registers, sprayer, &["next_weight"]);
        }
        connect_port(m, config, registers)?;
        Ok(Self {
            may_begin: m.output_from(sprayer, "core_valid"),
            registers: Some(registers),
        })
    }

    /// Lets the registers end epochs of an encoder, and read what it says.
    pub(super) fn control_encoder(&self, m: &mut Module, encoder: PlacedEncoder) {
        let Some(registers) = self.registers else {
            m.drive(&encoder.swap_now, zeros(1));
            return;
        };
        for (port, value) in encoder.status {
            m.connect(registers, &port, value);
        }
        let swap = m.output_from(registers, "flowradar_swap");
        m.drive(&encoder.swap_now, swap);
    }

    /// Counts frames: `frame_in` is 1 when the last beat of one is accepted, `frame_out` when it leaves.
    pub(super) fn count(&self, m: &mut Module, frame_in: Expr, frame_out: Expr) {
        if let Some(registers) = self.registers {
            m.connect(registers, "frame_in", frame_in);
            m.connect(registers, "frame_out", frame_out);
        }
    }
}

/// Gives the registers their port, on the clock that it is to have.
fn connect_port(m: &mut Module, config: &Config, registers: Instance) -> Result<(), RtlError> {
    let clock = match config.control_clock() {
        ControlClock::Datapath => ClockDomain::Datapath,
        ControlClock::Own => ClockDomain::Registers,
    };
    let slave = m.instance(
        "axi_lite_slave",
        &axi_lite_slave(&block_name(config, "axi_lite_slave"), clock)?,
    );
    m.place_in(clock);
    lift_port(m, slave);
    m.place_in(ClockDomain::Datapath);

    let mut access = Access::from(m, slave, "");
    let served = m.forward("served", 1);
    let read_data = m.output_from(registers, "read_data");
    if clock == ClockDomain::Datapath {
        for (port, value) in [
            ("ready", &ones(1)),
            ("done", &served),
            ("read_data", &read_data),
        ] {
            m.connect(slave, port, value);
        }
    } else {
        let name = block_name(config, "register_crossing");
        let crossing = m.instance("register_crossing", &register_crossing(&name)?);
        access.connect(m, crossing);
        m.connect(crossing, "served", &served);
        m.connect(crossing, "data_served", read_data);
        for port in ["ready", "done", "read_data"] {
            let value = m.output_from(crossing, port);
            m.connect(slave, port, value);
        }
        access = Access::from(m, crossing, "_out");
    }
    let write = m.wire("write", &access.begins & &access.is_write);
    let read = m.wire("read", &access.begins & !&access.is_write);
    for (port, value) in [
        ("write", &write),
        ("write_word", &access.word),
        ("write_data", &access.data),
        ("write_whole", &access.whole),
        ("read", &read),
        ("read_word", &access.word),
    ] {
        m.connect(registers, port, value);
    }

    // The response to a write comes when it counts.
    let settle = m.register("settle", bits_for(SETTLE_CYCLES as usize), Reset::To(0));
    let settled = settle.is(SETTLE_CYCLES);
    let counts = &write | (settle.any() & !&settled);
    m.next(&settle, settle.plus(1).gated_by(&counts));
    m.drive(&served, read | settled);
    Ok(())
}

/// The heartbeat, if there is one, with what returns on ports of the module.
fn place_heartbeat(m: &mut Module, config: &Config) -> Result<Option<Instance>, RtlError> {
    if !config.has_heartbeat() {
        return Ok(None);
    }
    let design = heartbeat(&block_name(config, "heartbeat"), config.cores())?;
    let heartbeat = m.instance("heartbeat", &design);
    for (port, bits) in [("returned", 1), ("returned_core", config.core_bits())] {
        let input = m.input(port, bits);
        m.connect(heartbeat, port, input);
    }
    Ok(Some(heartbeat))
}
