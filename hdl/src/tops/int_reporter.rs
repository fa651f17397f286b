//! INT nodes that let all frames pass as they are, and report: INT-XD, Everflow's match and mirror, the transit hop of INT-MX.

use seqnic_spec::Config;
use seqnic_spec::int::{Int, Report};

use super::int_reports::{Asked, Watched, collector, collector_bits, reports};
use super::int_watch::{Parsed, int_watch, parse};
use super::{Built, block_name};
use crate::blocks::axis::{self, Shape, SlavePort};
use crate::blocks::frame_gate::{GateSpec, frame_gate};
use crate::rtl::{Expr, MemoryStyle, Module, RtlError, concat};

const DOC: &str = "\
INT reporter: all frames pass as they are; those on the watchlist, or with an INT-MX header, are reported.

    s_axis --+--> [ frame gate ] --+--------------------------------> m_axis
             |         ^           +--> [ frame copier ] ---> [ report writer ] ---> m_axis_report
             +--> [ INT watch, or INT parser ]

A frame waits in the gate until it is known whether it is reported. Reports never hold frames back: one for which there is
no room is left out, and counted in reports_dropped.
Latency: 10 cycles from the last beat that the header window takes to m_axis. Throughput: 1 beat a cycle.
Backpressure: m_axis_tready stops frames; m_axis_report_tready costs reports.
Reset: synchronous, active low. Storage: see the blocks.
Source: P4.org INT dataplane specification v2.1 (INT-XD, INT-MX); Zhu et al., Packet-Level Telemetry in Large Datacenter
Networks, SIGCOMM 2015 (match and mirror).";

/// Beats that wait for the watch: as many as a window has on the narrowest bus, and those that come until it has decided.
const GATE_BEATS: usize = 32;
/// Bits of a bitmap, and of a domain.
const HALF_BITS: usize = 16;

/// What is decided about a frame.
struct Verdict {
    valid: Expr,
    wanted: Expr,
    collector: Expr,
    /// Bitmap and domain of the packet.
    asked: Option<[Expr; 2]>,
}

/// The node of a configuration of mode `xd`, or the transit hop of mode `mx`. Ports `s_axis_*`, `m_axis_*`, `m_axis_report_*`,
/// `reports_dropped`.
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
    let ready = m.forward("ready", 1);
    m.drive(&input.ready, &ready);
    let accept = m.wire("accept", &input.valid & &ready);
    let beat = [
        &accept,
        &input.beat.data,
        &input.beat.keep,
        &input.beat.last,
    ];
    let verdict = Verdict::new(&mut m, config, int, report, beat)?;
    let asked = verdict.asked.iter().flatten().cloned();
    let packed = [verdict.wanted, verdict.collector].into_iter().chain(asked);
    let packed = concat(packed);

    let spec = GateSpec {
        data_bits: shape.data_bits,
        user_bits: shape.user_bits,
        verdict_bits: packed.width(),
        beats: GATE_BEATS,
        frames: GATE_BEATS,
        style: MemoryStyle::Distributed,
    };
    let gate = m.instance(
        "frame_gate",
        &frame_gate(&block_name(config, "frame_gate"), spec)?,
    );
    let gate_ready = axis::connect_slave(&mut m, gate, "s_axis", &input.beat, &input.valid);
    m.drive(&ready, &gate_ready);
    m.connect(gate, "verdict_valid", verdict.valid);
    m.connect(gate, "verdict", packed);

    let (beat, valid) = axis::master_of(&mut m, gate, "m_axis", shape);
    let packed = m.output_from(gate, "m_axis_verdict");
    m.connect(gate, "m_axis_tready", &out_ready);
    axis::drive_master_port(&mut m, "m_axis", &beat, &valid);
    let passes = m.wire("passes", &valid & &out_ready);
    let bits = collector_bits(report);
    let part = |index: usize| packed.slice(1 + bits + index * HALF_BITS, HALF_BITS);
    let asked = verdict.asked.map(|_| [part(0), part(1)]);
    let watched = Watched {
        beat: &beat,
        accept: &passes,
        wanted: &packed.bit(0),
        collector: &packed.slice(1, bits),
        asked: asked.as_ref().map(|[instructions, domain]| Asked {
            instructions,
            domain,
        }),
    };
    reports(&mut m, config, int, report, &watched)?;
    m.build()
}

impl Verdict {
    fn new(
        m: &mut Module,
        config: &Config,
        int: &Int,
        report: &Report,
        beat: [&Expr; 4],
    ) -> Result<Self, RtlError> {
        if let Some(encapsulation) = int.encapsulation() {
            let Parsed { parser, collector } = parse(m, config, int, encapsulation, report, beat)?;
            let mut of_parser = |port| m.output_from(parser, port);
            let (valid, wanted) = (of_parser("parsed"), of_parser("holds_int"));
            let word = of_parser("int_word2");
            return Ok(Self {
                valid,
                wanted,
                collector,
                asked: Some([
                    word.slice(0, HALF_BITS).swap_bytes(),
                    word.slice(HALF_BITS, HALF_BITS),
                ]),
            });
        }
        let watch = m.instance("int_watch", &int_watch(config, int)?);
        for (port, value) in ["accept", "tdata", "tkeep", "tlast"].into_iter().zip(beat) {
            m.connect(watch, port, value);
        }
        let mut of_watch = |port| m.output_from(watch, port);
        Ok(Self {
            valid: of_watch("decided"),
            wanted: of_watch("taken"),
            collector: collector(report, &of_watch("hash")),
            asked: None,
        })
    }
}
