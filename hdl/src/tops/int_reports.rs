//! The reports of an INT node: copies of frames, written as datagrams.

use seqnic_spec::Config;
use seqnic_spec::flowradar::DatagramHeader;
use seqnic_spec::int::{
    GroupHeader, IndividualHeader, Instruction, Instructions, Int, Report, ReportBody, VERSION,
    inner_type, report_type,
};

use super::block_name;
use crate::blocks::axis::{self, Beat, Shape};
use crate::blocks::fifo::{FifoSpec, fifo};
use crate::blocks::flow_hash::HASH_BITS;
use crate::blocks::frame_copier::{CopySpec, frame_copier, target_bits};
use crate::blocks::frame_gate::{GateSpec, frame_gate};
use crate::blocks::memory_style;
use crate::blocks::report_writer::{Front, MetadataKind, NUMBER_BITS, ReportSpec, report_writer};
use crate::rtl::{Expr, MemoryStyle, Module, RtlError, concat, ones, zeros};

/// Bits of the bus of reports, where that of frames is as wide.
const MOST_REPORT_BITS: usize = 128;
/// Reports that may wait.
const MOST_WAITING: usize = 32;
/// Reports of full length that may wait.
const MOST_FULL_WAITING: usize = 8;

/// A frame that passes, and what is known of it by its first beat.
pub(super) struct Watched<'a> {
    /// The beat, with `tuser`.
    pub beat: &'a Beat,
    /// It is accepted.
    pub accept: &'a Expr,
    /// The frame is reported.
    pub wanted: &'a Expr,
    /// The number of the collector: [`collector`].
    pub collector: &'a Expr,
    /// What the packet itself asks for; without, the node's instructions hold.
    pub asked: Option<Asked<'a>>,
}

/// What a packet asks for.
pub(super) struct Asked<'a> {
    /// Its instruction bitmap, the most significant bit on top.
    pub instructions: &'a Expr,
    /// Its domain, in the bytes of the wire.
    pub domain: &'a Expr,
}

/// The collector that a hash leads to.
pub(super) fn collector(report: &Report, hash: &Expr) -> Expr {
    let bits = target_bits(report.collectors);
    match report.collectors {
        1 => zeros(1),
        _ => hash.slice(0, bits) ^ hash.slice(HASH_BITS / 2, bits),
    }
}

/// Bits of the number of a collector.
pub(super) fn collector_bits(report: &Report) -> usize {
    target_bits(report.collectors)
}

/// Watches frames, and drives `m_axis_report_*` and `reports_dropped`.
pub(super) fn reports(
    m: &mut Module,
    config: &Config,
    int: &Int,
    report: &Report,
    watched: &Watched<'_>,
) -> Result<(), RtlError> {
    let is_dynamic = watched.asked.is_some();
    let instructions = match is_dynamic {
        true => Instructions::of(Instruction::ALL),
        false => int.instructions(),
    };
    // The number of the node is in the group header, and says nothing here.
    let fields: Vec<_> = int
        .sideband()
        .into_iter()
        .filter(|field| instructions.contains(field.instruction))
        .collect();
    let spec = ReportSpec {
        data_bits: config.data_bits(),
        report_bits: config.data_bits().min(MOST_REPORT_BITS),
        copies: report.truncate_bytes > 0,
        fill: report.fill,
        front: Front {
            datagram: datagram(report),
            collectors: report.collectors,
            group: GroupHeader {
                version: VERSION,
                hw_id: int.hw_id(),
                sequence: 0,
                node_id: int.node_id(),
            },
            individual: individual(int, report),
            body: has_body(int).then(|| ReportBody {
                domain_id: int.domain_id(),
                ..ReportBody::default()
            }),
            has_domain: is_dynamic,
            kinds: fields
                .iter()
                .map(|field| MetadataKind {
                    bit: field.instruction.bit(),
                    bytes: field.bits / 8,
                })
                .collect(),
        },
    };
    let note = {
        let user = watched.beat.user.as_ref();
        let part = |offset: usize, bits: usize| match user {
            Some(user) => user.slice(offset, bits),
            None => Expr::refused(bits, "there is no tuser"),
        };
        let available = fields.iter().map(|field| {
            let is_there = part(field.valid_bit, 1);
            match &watched.asked {
                Some(asked) => is_there & asked.instructions.bit(15 - field.instruction.bit()),
                None => is_there,
            }
        });
        let values = fields
            .iter()
            .map(|field| part(field.offset_bits, field.bits).swap_bytes());
        let domain = watched.asked.iter().map(|asked| asked.domain.clone());
        let parts: Vec<Expr> = available.chain(values).chain(domain).collect();
        parts
    };
    let copies = CopySpec {
        data_bits: config.data_bits(),
        most_bytes: report.truncate_bytes,
        note_bits: spec.note_bits(),
        targets: report.collectors,
        number_bits: NUMBER_BITS,
        style: memory_style(config.pipeline().fifo_storage),
        beats: MOST_WAITING,
        orders: MOST_WAITING,
    };
    let full = MOST_FULL_WAITING * copies.most_beats();
    let copies = CopySpec {
        beats: full.next_power_of_two().max(MOST_WAITING),
        ..copies
    };

    let copier = m.instance(
        "frame_copier",
        &frame_copier(&block_name(config, "frame_copier"), copies)?,
    );
    let beat = watched.beat;
    for (port, value) in [
        ("accept", watched.accept),
        ("tdata", &beat.data),
        ("tkeep", &beat.keep),
        ("tlast", &beat.last),
        ("wanted", watched.wanted),
    ] {
        m.connect(copier, port, value);
    }
    if copies.note_bits > 0 {
        m.connect(copier, "note", concat(note));
    }
    if report.collectors > 1 {
        m.connect(copier, "target", watched.collector);
    }

    let writer = m.instance(
        "report_writer",
        &report_writer(&block_name(config, "report_writer"), &spec)?,
    );
    let mut to_writer = vec!["order_valid", "order_bytes", "order_target", "order_number"];
    to_writer.extend((copies.note_bits > 0).then_some("order_note"));
    to_writer.extend(spec.copies.then_some("word"));
    for port in to_writer {
        let value = m.output_from(copier, port);
        m.connect(writer, port, value);
    }
    let mut to_copier = vec!["order_ready"];
    to_copier.extend(spec.copies.then_some("word_ready"));
    for port in to_copier {
        let value = m.output_from(writer, port);
        m.connect(copier, port, value);
    }
    let shape = Shape {
        data_bits: spec.report_bits,
        user_bits: 0,
        dest_bits: 0,
    };
    let (beat, valid) = axis::master_of(m, writer, "m_axis_report", shape);
    let ready = axis::master_port(m, "m_axis_report", &beat, &valid);
    m.connect(writer, "m_axis_report_tready", ready);
    let dropped = m.output_from(copier, "dropped");
    m.output_of("reports_dropped", dropped);
    Ok(())
}

/// Whether reports of a node have a body: all but those of a mirror.
fn has_body(int: &Int) -> bool {
    int.role() != seqnic_spec::int::IntRole::Mirror
}

fn individual(int: &Int, report: &Report) -> IndividualHeader {
    IndividualHeader {
        report_type: match has_body(int) {
            true => report_type::INT,
            false => report_type::INNER_ONLY,
        },
        inner_type: match report.truncate_bytes {
            0 => inner_type::NONE,
            _ => inner_type::ETHERNET,
        },
        tracked: 1,
        ..IndividualHeader::default()
    }
}

/// The headers of a datagram to the first collector.
fn datagram(report: &Report) -> DatagramHeader {
    DatagramHeader {
        destination_mac: report.destination_mac.octets(),
        source_mac: report.source_mac.octets(),
        ethertype: 0x0800,
        version: 0x45,
        fragment: 0x4000,
        time_to_live: 64,
        protocol: 17,
        source_ip: report.source_ip.to_bits(),
        destination_ip: report.destination_ip.to_bits(),
        source_port: report.port,
        destination_port: report.port,
        ..DatagramHeader::default()
    }
}

/// Frames at a source, and which of them get a header.
pub(super) struct Inserted<'a> {
    /// What goes into the editor, with `tuser`.
    pub beat: &'a Beat,
    /// It is accepted.
    pub accept: &'a Expr,
    /// The edit of a frame is known.
    pub known: &'a Expr,
    /// The words that are inserted into it.
    pub words: &'a Expr,
    /// A frame is parsed.
    pub parsed: &'a Expr,
    /// The hash of its flow; not needed for a single collector.
    pub flow: Option<&'a Expr>,
}

/// Beats of copies that wait for the edit of their frame: more than there can be, so that none is refused. On the
/// narrowest bus 16 hold the headers, and the edit comes some 20 cycles later.
const COPIES_WAITING: usize = 64;

/// Reports the frames that get a header, as they came.
pub(super) fn reports_of_source(
    m: &mut Module,
    config: &Config,
    int: &Int,
    report: &Report,
    inserted: &Inserted<'_>,
) -> Result<(), RtlError> {
    let collector = match inserted.flow {
        None => zeros(1),
        Some(flow) => {
            let found = collector(report, flow);
            let spec = FifoSpec {
                style: MemoryStyle::Distributed,
                depth_words: COPIES_WAITING,
                width_bits: found.width(),
                latency_cycles: 1,
                refuses: false,
            };
            let name = block_name(config, "collector_queue");
            let queue = m.instance("collector_queue", &fifo(&name, spec)?);
            m.connect(queue, "s_data", found);
            m.connect(queue, "s_valid", inserted.parsed);
            m.connect(queue, "m_ready", inserted.known);
            m.output_from(queue, "m_data")
        }
    };
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: 0,
    };
    let spec = GateSpec {
        data_bits: shape.data_bits,
        user_bits: shape.user_bits,
        verdict_bits: 1 + collector.width(),
        beats: COPIES_WAITING,
        frames: COPIES_WAITING,
        style: MemoryStyle::Distributed,
    };
    let gate = m.instance(
        "copy_gate",
        &frame_gate(&block_name(config, "copy_gate"), spec)?,
    );
    axis::connect_slave(m, gate, "s_axis", inserted.beat, inserted.accept);
    m.connect(gate, "verdict_valid", inserted.known);
    m.connect(gate, "verdict", concat([inserted.words.any(), collector]));
    m.connect(gate, "m_axis_tready", ones(1));
    let (beat, valid) = axis::master_of(m, gate, "m_axis", shape);
    let verdict = m.output_from(gate, "m_axis_verdict");
    let watched = Watched {
        beat: &beat,
        accept: &valid,
        wanted: &verdict.bit(0),
        collector: &verdict.slice(1, collector_bits(report)),
        asked: None,
    };
    reports(m, config, int, report, &watched)
}
