//! The simple design that ours is compared with: every row in flip-flops.

use std::sync::Arc;

use seqnic_hdl::blocks::axis::{self, Beat, Shape, SlavePort};
use seqnic_hdl::blocks::timestamp_counter::timestamp_counter;
use seqnic_hdl::rtl::{Design, Expr, Module, Reset, RtlError, concat, lit, ones, zeros};
use seqnic_hdl::tops::row_path;
use seqnic_spec::{ByteOrder, Config, RowOrder, SectionKind, Steering, TimestampSource};

const DOC: &str = "\
Baseline: the simple sequencer. Every row is a register with a write enable of its own, chosen by a write pointer; all
rows stand side by side behind the dummy Ethernet header, and the prefix is sent from there word by word.

    s_axis --+--------------------------------------------> [ shift ] --> [ out ] --> m_axis
             +--> [ row path ] --> [ row 0 | row 1 | ... ] --> [ word ] ----^

Latency: 1 cycle to the first beat of the prefix. Throughput: 1 output beat a cycle on a bus that holds all headers.
Backpressure: s_axis_tready is 0 while the prefix is sent; nothing is queued. Reset: all rows are zero.
Storage: the rows, a beat of output registers, a carry of (prefix mod bus), and the counters.
Source: state-compute replication, section 3.3.2.";

/// The baseline of a configuration, with the ports and the behaviour of its sequencer but for the cycle in which a beat
/// comes. There is none where the prefix has something else than rows in array order, the plain Ethernet header, an
/// index pointer and padding, and none with `tuser`.
pub fn baseline(config: &Config) -> Result<Option<Arc<Design>>, RtlError> {
    let is_plain = |kind: SectionKind| {
        matches!(
            kind,
            SectionKind::Ethernet { vlan: None, .. }
                | SectionKind::Rows {
                    order: RowOrder::Array,
                    ..
                }
                | SectionKind::IndexPointer { .. }
                | SectionKind::Padding { .. }
        )
    };
    let sections = config.prefix().sections();
    let has_baseline = config.rows() > 0
        && config.tuser_bits() == 0
        && config.steering() == Steering::SourceMac
        && sections.iter().all(|section| is_plain(section.kind));
    has_baseline.then(|| build(config)).transpose()
}

fn build(config: &Config) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(format!("{}_baseline", config.name()), DOC);
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: 0,
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let out_ready = m.input("m_axis_tready", 1);
    let frame_done = m.forward("frame_done", 1);

    let accept = m.wire("accept", &input.valid & &input.ready);
    let in_frame = m.register("in_frame", 1, Reset::To(0));
    m.next_when(&in_frame, &accept, !&input.beat.last);
    let (row, row_valid) = rows_of_frames(&mut m, config, &input.beat, &accept)?;
    // A frame must not start before the row of the one before it is in.
    let waits = m.register("waits_for_row", 1, Reset::To(0));
    m.next(&waits, ((&accept & !&in_frame) | &waits) & !&row_valid);

    let pointer = m.counter("write_pointer", config.rows(), &row_valid);
    let rows = (0..config.rows()).map(|number| {
        let stored = m.register(&format!("row_{number}"), row.width(), Reset::To(0));
        m.next_when(&stored, &row_valid & pointer.is(number as u64), &row);
        stored
    });
    let rows = concat(rows.collect::<Vec<_>>());
    let prefix = prefix(&mut m, config, rows, &pointer, &frame_done);
    insert(
        &mut m,
        config,
        &input,
        &waits,
        &prefix,
        &out_ready,
        &frame_done,
    );
    m.build()
}

/// The row of each frame, and the cycle in which it is known.
fn rows_of_frames(
    m: &mut Module,
    config: &Config,
    beat: &Beat,
    accept: &Expr,
) -> Result<(Expr, Expr), RtlError> {
    let path = m.instance("row_path", &row_path(config)?);
    m.connect(path, "accept", accept);
    m.connect(path, "tdata", &beat.data);
    m.connect(path, "tkeep", &beat.keep);
    m.connect(path, "tlast", &beat.last);
    let port = match config.timestamp() {
        TimestampSource::Port => Some(m.input("timestamp", 64)),
        TimestampSource::Counter { .. } => None,
    };
    if config.uses_timestamp() {
        let time = match (port, config.timestamp()) {
            (None, TimestampSource::Counter { increment }) => {
                let name = format!("{}_timestamp_counter", config.name());
                let clock = m.instance("clock", &timestamp_counter(&name, increment)?);
                m.output_from(clock, "time_now")
            }
            (port, _) => port.unwrap_or_else(|| zeros(64)),
        };
        m.connect(path, "time_now", time);
    }
    Ok((m.output_from(path, "row"), m.output_from(path, "row_valid")))
}

/// The whole prefix, byte 0 lowest.
fn prefix(m: &mut Module, config: &Config, rows: Expr, oldest: &Expr, frame_done: &Expr) -> Expr {
    let big_endian = |octets: &[u8]| concat(octets.iter().map(|&octet| lit(8, octet.into())));
    let mut sections = Vec::new();
    for section in config.prefix().sections() {
        sections.push(match section.kind {
            SectionKind::Ethernet {
                destination,
                source_base,
                ethertype,
                ..
            } => {
                let core = m.counter("core", config.cores(), frame_done);
                let source = core.zero_extend(48).plus(source_base.to_u64());
                let source = m.wire("source_address", source).swap_bytes();
                let ethertype = big_endian(&ethertype.to_be_bytes());
                concat([big_endian(&destination.octets()), source, ethertype])
            }
            SectionKind::IndexPointer { bytes, order } => {
                let pointer = m.wire("index_pointer", oldest.resize(8 * bytes));
                match order {
                    ByteOrder::Little => pointer,
                    ByteOrder::Big => pointer.swap_bytes(),
                }
            }
            SectionKind::Padding { bytes } => zeros(8 * bytes),
            _ => rows.clone(),
        });
    }
    concat(sections)
}

/// Sends the words of the prefix and the frame behind them.
fn insert(
    m: &mut Module,
    config: &Config,
    input: &SlavePort,
    waits: &Expr,
    prefix: &Expr,
    out_ready: &Expr,
    frame_done: &Expr,
) {
    let (bus_bytes, words) = (config.bus_bytes(), config.prefix_beats());
    let over = config.prefix_bytes() % bus_bytes;
    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let in_payload = m.register("in_payload", 1, Reset::To(0));
    let flushing = m.register("flushing", 1, Reset::To(0));

    let advance = m.wire("advance", !&out_valid | out_ready);
    let in_prefix = m.wire("in_prefix", !&in_payload & !&flushing);
    let step = m.wire("step", &advance & &in_prefix & &input.valid & !waits);
    let word_count = m.counter("word_count", words, &step);
    let last_step = m.wire("last_step", &step & word_count.is(words as u64 - 1));
    let merges = if over > 0 {
        last_step.clone()
    } else {
        zeros(1)
    };
    let take = m.wire("take", merges | (&advance & &in_payload & &input.valid));
    let ends = m.wire("ends", &take & &input.beat.last);
    // The beat has more bytes than there is room for behind the prefix.
    let spills = match over {
        0 => zeros(1),
        over => input.beat.keep.bit(bus_bytes - over),
    };
    m.next(&in_payload, (&in_payload | &last_step) & !&ends);
    m.next(&flushing, (&ends & &spills) | (&flushing & !&advance));
    m.drive(&input.ready, &take);

    let padded = m.wire("prefix", prefix.resize(8 * bus_bytes * words));
    let arms = (0..words).map(|word| padded.slice(8 * bus_bytes * word, 8 * bus_bytes));
    let mut arms: Vec<Expr> = arms.collect();
    let last_word = arms.pop().unwrap_or_else(|| zeros(8 * bus_bytes));
    let word = m.select("word", &word_count, arms, last_word);
    let (data, keep) = match over {
        0 => (
            in_prefix.mux(&word, &input.beat.data),
            in_prefix.mux(&ones(bus_bytes), &input.beat.keep),
        ),
        over => {
            let free = bus_bytes - over;
            let carry_data = m.captured(
                "carry_data",
                &take,
                input.beat.data.slice(8 * free, 8 * over),
            );
            let carry_keep = m.captured("carry_keep", &take, input.beat.keep.slice(free, over));
            // Behind the last word of the prefix the frame begins.
            let whole = m.wire("whole_word", &in_prefix & !&last_step);
            let low = in_prefix.mux(&word.slice(0, 8 * over), &carry_data);
            let high = whole.mux(
                &word.slice(8 * over, 8 * free),
                &input.beat.data.slice(0, 8 * free),
            );
            let low_keep = in_prefix.mux(&ones(over), &carry_keep);
            let high_keep = input.beat.keep.slice(0, free).gated_by(&!&flushing);
            (
                concat([low, high]),
                concat([low_keep, whole.mux(&ones(free), &high_keep)]),
            )
        }
    };
    let fire = m.wire("fire", &step | &take | (&advance & &flushing));
    let last = m.wire("last", (&ends & !&spills) | &flushing);
    m.drive(frame_done, &fire & &last);
    let beat = Beat {
        data: m.captured("out_data", &fire, data),
        keep: m.captured("out_keep", &fire, keep),
        last: m.captured("out_last", &fire, &last),
        user: None,
        dest: None,
    };
    m.next_when(&out_valid, &advance, &fire);
    axis::drive_master_port(m, "m_axis", &beat, &out_valid);
}
