//! The INT node that embeds nothing: INT-XD, and Everflow's match and mirror.

use seqnic_spec::Config;
use seqnic_spec::int::{Int, Report};

use super::int_reports::{Watched, collector, collector_bits, reports};
use super::int_watch::int_watch;
use super::{Built, block_name};
use crate::blocks::axis::{self, Shape, SlavePort};
use crate::blocks::frame_gate::{GateSpec, frame_gate};
use crate::rtl::{MemoryStyle, Module, concat};

const DOC: &str = "\
INT reporter: all frames pass as they are; those on the watchlist are reported.

    s_axis --+--> [ frame gate ] --+--------------------------------> m_axis
             |         ^           +--> [ frame copier ] ---> [ report writer ] ---> m_axis_report
             +--> [ INT watch ]

A frame waits in the gate until it is known whether it is reported. Reports never hold frames back: one for which there is
no room is left out, and counted in reports_dropped.
Latency: 10 cycles from the last beat that the header window takes to m_axis. Throughput: 1 beat a cycle.
Backpressure: m_axis_tready stops frames; m_axis_report_tready costs reports.
Reset: synchronous, active low. Storage: see the blocks.
Source: P4.org INT dataplane specification v2.1 (INT-XD); Zhu et al., Packet-Level Telemetry in Large Datacenter Networks,
SIGCOMM 2015 (match and mirror).";

/// Beats that wait for the watch: as many as a window has on the narrowest bus, and those that come until it has decided.
const GATE_BEATS: usize = 32;

/// The node of a configuration of mode `xd`. Ports `s_axis_*`, `m_axis_*`, `m_axis_report_*`, `reports_dropped`.
pub fn int_reporter(config: &Config, int: &Int, report: &Report) -> Built {
    let name = block_name(config, &format!("int_{}", int.role()));
    let mut m = Module::new(name, DOC);
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let out_ready = m.input("m_axis_tready", 1);
    let spec = GateSpec {
        data_bits: shape.data_bits,
        user_bits: shape.user_bits,
        verdict_bits: 1 + collector_bits(report),
        beats: GATE_BEATS,
        frames: GATE_BEATS,
        style: MemoryStyle::Distributed,
    };
    let gate = m.instance(
        "frame_gate",
        &frame_gate(&block_name(config, "frame_gate"), spec)?,
    );
    let ready = axis::connect_slave(&mut m, gate, "s_axis", &input.beat, &input.valid);
    m.drive(&input.ready, &ready);

    let watch = m.instance("int_watch", &int_watch(config, int)?);
    let accept = m.wire("accept", &input.valid & &ready);
    for (port, value) in [
        ("accept", &accept),
        ("tdata", &input.beat.data),
        ("tkeep", &input.beat.keep),
        ("tlast", &input.beat.last),
    ] {
        m.connect(watch, port, value);
    }
    let mut of_watch = |port| m.output_from(watch, port);
    let (decided, taken, hash) = (of_watch("decided"), of_watch("taken"), of_watch("hash"));
    m.connect(gate, "verdict_valid", decided);
    m.connect(gate, "verdict", concat([taken, collector(report, &hash)]));

    let (beat, valid) = axis::master_of(&mut m, gate, "m_axis", shape);
    let verdict = m.output_from(gate, "m_axis_verdict");
    m.connect(gate, "m_axis_tready", &out_ready);
    axis::drive_master_port(&mut m, "m_axis", &beat, &valid);
    let passes = m.wire("passes", &valid & &out_ready);
    let watched = Watched {
        beat: &beat,
        accept: &passes,
        wanted: &verdict.bit(0),
        collector: &verdict.slice(1, collector_bits(report)),
        asked: None,
    };
    reports(&mut m, config, int, report, &watched)?;
    m.build()
}
