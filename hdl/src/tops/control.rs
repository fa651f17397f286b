//! Which core is next: a plain counter, or what the registers let take part.

use seqnic_spec::Config;

use super::block_name;
use crate::blocks::axi_lite_slave::{axi_lite_slave, lift_port};
use crate::blocks::control_registers::control_registers;
use crate::blocks::controlled_sprayer::controlled_sprayer;
use crate::blocks::sprayer::sprayer;
use crate::rtl::{Expr, Instance, Module, RtlError, ones};

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

        let slave = m.instance(
            "axi_lite_slave",
            &axi_lite_slave(&block_name(config, "axi_lite_slave"))?,
        );
        lift_port(m, slave);
        let registers = m.instance(
            "control_registers",
            &control_registers(&block_name(config, "control_registers"), config)?,
        );
        let mut wire = |from, to, ports: &[&str]| {
            for port in ports {
                let value = m.output_from(from, port);
                m.connect(to, port, value);
            }
        };
        let of_bus = [
            "write",
            "write_word",
            "write_data",
            "write_whole",
            "read",
            "read_word",
        ];
        wire(slave, registers, &of_bus);
        wire(registers, slave, &["read_data"]);
        wire(registers, sprayer, &["enabled", "load"]);
        wire(sprayer, registers, &["core", "frame_begins"]);
        if config.has_weights() {
            wire(sprayer, registers, &["next_core"]);
            wire(registers, sprayer, &["next_weight"]);
        }
        Ok(Self {
            may_begin: m.output_from(sprayer, "core_valid"),
            registers: Some(registers),
        })
    }

    /// Counts frames: `frame_in` is 1 when the last beat of one is accepted, `frame_out` when it leaves.
    pub(super) fn count(&self, m: &mut Module, frame_in: Expr, frame_out: Expr) {
        if let Some(registers) = self.registers {
            m.connect(registers, "frame_in", frame_in);
            m.connect(registers, "frame_out", frame_out);
        }
    }
}
