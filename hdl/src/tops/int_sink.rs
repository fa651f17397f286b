//! The INT sink: takes headers and stacks out of frames, and reports the frames as they came.

use seqnic_spec::Config;
use seqnic_spec::int::{Encapsulation, Int, Report};

use super::int_reports::{Asked, Watched, collector_bits, reports};
use super::int_watch::{Parsed, parse};
use super::{Built, block_name};
use crate::blocks::axis::{self, Beat, Shape, SlavePort};
use crate::blocks::frame_editor::{Command, PLACE_BITS, Patch, frame_editor};
use crate::blocks::frame_gate::{GateSpec, frame_gate};
use crate::blocks::int_extractor::{editor_spec, int_extractor};
use crate::blocks::int_transit::with_length;
use crate::blocks::memory_style;
use crate::blocks::range_sum::{END_BITS, range_sum};
use crate::rtl::{Expr, Instance, MemoryStyle, Module, RtlError, concat, zeros};

const DOC: &str = "\
INT sink: removes shim, INT header and stack, restores what the source has written over, and reports the frame as it came.

    s_axis -+-> [ gate ] -+-> [ range sum ]   +-> [ frame editor ] ---> m_axis
            |     ^       |        |          |         ^ command
            |     | range +--------|-> [ gate ] --------+
            |     |                v          |
            +-> [ INT parser ] -> [ extractor ]         +-> [ frame copier ] -> [ report writer ] -> m_axis_report

A frame waits in the first gate until it is known what is removed, and in the second one until that is summed up, for the
checksum in front of it. Reports never hold frames back: one for which there is no room is left out, and counted in
reports_dropped.
Latency: from the last beat that is removed some 30 cycles. Throughput: 1 input beat a cycle.
Backpressure: m_axis_tready stops frames; m_axis_report_tready costs reports.
Reset: synchronous, active low. Storage: a queue of the longest stack, and see the blocks.
Source: P4.org INT dataplane specification v2.1, section 5.";

/// Beats that wait for the range: as many as a window has on the narrowest bus, and those that come until it is known.
const RANGE_BEATS: usize = 32;
/// Bytes up to the end of the longest stack.
const MOST_STACK_BYTES: usize = 128 + 4 * 255;
/// Cycles from the last byte of a stack to the command, and some.
const SUM_CYCLES: usize = 24;
/// Frames that wait for their sum.
const SUM_FRAMES: usize = 32;

/// The sink of a configuration. Ports `s_axis_*`, `m_axis_*`, `m_axis_report_*`, `reports_dropped`.
pub fn int_sink(
    config: &Config,
    int: &Int,
    encapsulation: Encapsulation,
    report: &Report,
) -> Built {
    let mut m = Module::new(block_name(config, "int_sink"), DOC);
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let summed = first_gate(&mut m, config, shape, &input)?;
    let extractor = extractor(&mut m, config, int, encapsulation, report, &input, &summed)?;
    second_gate(&mut m, config, int, report, shape, &summed, extractor)?;
    m.build()
}

/// A gate, and the stream that leaves it.
struct Gate {
    gate: Instance,
    beat: Beat,
    valid: Expr,
    verdict: Expr,
    /// It takes beats.
    ready: Expr,
}

impl Gate {
    fn new(
        m: &mut Module,
        config: &Config,
        name: &str,
        spec: GateSpec,
        beat: &Beat,
        valid: &Expr,
    ) -> Result<Self, RtlError> {
        let gate = m.instance(name, &frame_gate(&block_name(config, name), spec)?);
        let ready = axis::connect_slave(m, gate, "s_axis", beat, valid);
        let shape = Shape {
            data_bits: spec.data_bits,
            user_bits: spec.user_bits,
            dest_bits: 0,
        };
        let (beat, valid) = axis::master_of(m, gate, "m_axis", shape);
        Ok(Self {
            gate,
            beat,
            valid,
            verdict: m.output_from(gate, "m_axis_verdict"),
            ready,
        })
    }
}

/// Frames that have their range.
fn first_gate(
    m: &mut Module,
    config: &Config,
    shape: Shape,
    input: &SlavePort,
) -> Result<Gate, RtlError> {
    let spec = GateSpec {
        data_bits: shape.data_bits,
        user_bits: shape.user_bits,
        verdict_bits: 1 + PLACE_BITS + END_BITS,
        beats: RANGE_BEATS,
        frames: RANGE_BEATS,
        style: MemoryStyle::Distributed,
    };
    let gate = Gate::new(m, config, "range_gate", spec, &input.beat, &input.valid)?;
    m.drive(&input.ready, &gate.ready);
    Ok(gate)
}

/// What is removed from each frame: its range goes to the first gate.
fn extractor(
    m: &mut Module,
    config: &Config,
    int: &Int,
    encapsulation: Encapsulation,
    report: &Report,
    input: &SlavePort,
    first: &Gate,
) -> Result<Instance, RtlError> {
    let accept = m.wire("accept", &input.valid & &first.ready);
    let beat = [
        &accept,
        &input.beat.data,
        &input.beat.keep,
        &input.beat.last,
    ];
    let Parsed { parser, collector } = parse(m, config, int, encapsulation, report, beat)?;
    let extractor = int_extractor(
        &block_name(config, "int_extractor"),
        config,
        encapsulation,
        collector_bits(report),
    )?;
    let extractor = m.instance("int_extractor", &extractor);
    for port in [
        "parsed",
        "holds_int",
        "place",
        "ipv4",
        "udp",
        "tags",
        "layer4_words",
        "layer3_word0",
        "layer3_word1",
        "layer3_word2",
        "layer4_word0",
        "layer4_word1",
        "layer4_word4",
        "int_word0",
        "int_word1",
        "int_word2",
    ] {
        let value = m.output_from(parser, port);
        m.connect(extractor, port, value);
    }
    m.connect(extractor, "note", collector);
    let range = ["some", "from", "stop"].map(|port| m.output_from(extractor, port));
    m.connect(first.gate, "verdict", concat(range));
    let ranged = m.output_from(extractor, "ranged");
    m.connect(first.gate, "verdict_valid", ranged);
    Ok(extractor)
}

/// Frames whose edit is known: they are copied for reports, and edited.
fn second_gate(
    m: &mut Module,
    config: &Config,
    int: &Int,
    report: &Report,
    shape: Shape,
    first: &Gate,
    extractor: Instance,
) -> Result<(), RtlError> {
    let mut names = [
        "extracts",
        "discards",
        "instructions",
        "domain",
        "noted",
        "growth_bytes",
        "command_at",
        "command_remove",
        "command_insert",
    ]
    .map(String::from)
    .to_vec();
    let editor = editor_spec(config);
    for patch in 0..editor.patches.len() {
        names.extend(["valid", "at", "word"].map(|part| format!("command_patch{patch}_{part}")));
    }
    let values: Vec<Expr> = names
        .iter()
        .map(|port| m.output_from(extractor, port))
        .collect();
    let widths: Vec<usize> = values.iter().map(Expr::width).collect();
    let verdict = concat(values);
    let bus_bytes = config.bus_bytes();
    let beats = MOST_STACK_BYTES.div_ceil(bus_bytes) + SUM_CYCLES;
    let spec = GateSpec {
        data_bits: shape.data_bits,
        user_bits: shape.user_bits,
        verdict_bits: verdict.width(),
        beats: beats.next_power_of_two(),
        frames: SUM_FRAMES,
        style: memory_style(config.pipeline().fifo_storage),
    };
    let gate = Gate::new(m, config, "sum_gate", spec, &first.beat, &first.valid)?;
    m.connect(first.gate, "m_axis_tready", &gate.ready);
    m.connect(gate.gate, "verdict", verdict);
    let decided = m.output_from(extractor, "command_valid");
    m.connect(gate.gate, "verdict_valid", decided);

    let sum = m.instance(
        "range_sum",
        &range_sum(&block_name(config, "range_sum"), shape.data_bits)?,
    );
    let range = &first.verdict;
    let moves = m.wire("range_moves", &first.valid & &gate.ready);
    for (port, value) in [
        ("accept", &moves),
        ("tdata", &first.beat.data),
        ("tkeep", &first.beat.keep),
        ("tlast", &first.beat.last),
        ("some", &range.bit(0)),
        ("from", &range.slice(1, PLACE_BITS)),
        ("stop", &range.slice(1 + PLACE_BITS, END_BITS)),
    ] {
        m.connect(sum, port, value);
    }
    for port in ["summed", "sum", "complete"] {
        let value = m.output_from(sum, port);
        m.connect(extractor, port, value);
    }

    let field = |name: &str| {
        let index = names.iter().position(|known| known == name);
        let index = index.unwrap_or_default();
        let offset: usize = widths[..index].iter().sum();
        gate.verdict.slice(offset, widths[index])
    };
    let edits = m.instance(
        "frame_editor",
        &frame_editor(&block_name(config, "frame_editor"), &editor)?,
    );
    let discards = field("discards");
    let bare = Beat {
        user: None,
        ..gate.beat.clone()
    };
    let goes_on = m.wire("goes_on", &gate.valid & !&discards);
    let ready = axis::connect_slave(m, edits, "s_axis", &bare, &goes_on);
    let ready = m.wire("sum_ready", &discards | ready);
    m.connect(gate.gate, "m_axis_tready", &ready);
    let passes = m.wire("passes", &gate.valid & &ready);

    let starts = m.output_from(gate.gate, "first_beat");
    let commanded = m.wire("commanded", &passes & starts & !&discards);
    let user = gate.beat.user.as_ref();
    let user = user.map(|user| with_length(m, int, user, &field("growth_bytes")));
    let command = Command {
        at: field("command_at"),
        remove: Some(field("command_remove")),
        insert: field("command_insert"),
        words: zeros(32 * editor.most_insert_words),
        patches: (0..editor.patches.len())
            .map(|patch| Patch {
                valid: field(&format!("command_patch{patch}_valid")),
                at: field(&format!("command_patch{patch}_at")),
                word: field(&format!("command_patch{patch}_word")),
            })
            .collect(),
        user,
    };
    command.connect(m, edits, &commanded);
    let (beat, valid) = axis::master_of(m, edits, "m_axis", shape);
    let out_ready = axis::master_port(m, "m_axis", &beat, &valid);
    m.connect(edits, "m_axis_tready", out_ready);
    // Only the accepted beats matter, which the editor says itself too.
    let watched = Watched {
        beat: &gate.beat,
        accept: &passes,
        wanted: &field("extracts"),
        collector: &field("noted"),
        asked: Some(Asked {
            instructions: &field("instructions"),
            domain: &field("domain"),
        }),
    };
    reports(m, config, int, report, &watched)
}
