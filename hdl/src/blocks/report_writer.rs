//! Makes datagrams of reports: a front, the metadata that is there, and the copied bytes, without a gap between them.

mod front;

use std::sync::Arc;

pub use front::{Front, MetadataKind, NUMBER_BITS};

use super::axis::{self, Beat};
use super::frame_copier::LENGTH_BITS;
use crate::rtl::{
    Design, Expr, Module, Reset, RtlError, any_of, bits_for, concat, lit, when, zeros,
};
use front::{DOMAIN_BITS, Prepared};

const DOC: &str = "\
Report writer: one Ethernet frame for each copy, of pieces that are laid end to end.

    order ---> [ lengths, checksum ] ---> front ----+
               note ---> metadata that is there ----+---> [ piece ] ---> [ rotate, pending ] ---> m_axis_report
               word ---> parts as wide as a report -+

Metadata that is not there takes no bytes, so the copied bytes come at any word of a beat: a piece is rotated behind what
is pending, and a beat goes out when it is full. While a report is sent, lengths and checksum of the next are found.
Latency: 7 cycles from an order to its first beat. Throughput: a piece a cycle: a beat for each full beat of the front and of the
copied bytes, and one for each metadata; 3 cycles between reports. Backpressure: m_axis_report_tready stops all.
Reset: idle. Storage: the fields of a report, three beats.
Source: Telemetry Report Format 2.0, RFC 791, RFC 768.";

/// What reports are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSpec {
    /// Bits of a beat of the copied bytes.
    pub data_bits: usize,
    /// Bits of a beat of reports: a power of two from 64 to `data_bits`.
    pub report_bits: usize,
    /// Whether bytes are copied at all; without, there is neither `word` nor `word_ready`.
    pub copies: bool,
    /// Whether zeros fill the copied bytes up to whole words.
    pub fill: bool,
    /// What stands in front of the metadata.
    pub front: Front,
}

impl ReportSpec {
    /// Bits of the note of a report: a bit for each kind of metadata that says whether it is there, then their bytes, then
    /// those of the domain.
    pub fn note_bits(&self) -> usize {
        let kinds = self.front.kinds.iter().map(|kind| 1 + 8 * kind.bytes);
        kinds.sum::<usize>()
            + if self.front.has_domain {
                DOMAIN_BITS
            } else {
                0
            }
    }
}

/// A unit is what fronts and metadata have whole numbers of.
const UNIT_BYTES: usize = 2;

/// A writer. Inputs `order_valid`, `order_bytes`, `order_target`, `order_number`, `order_note` and output `order_ready`, `word` and
/// `word_ready` as a copier has them; `m_axis_report_*`.
pub fn report_writer(name: &str, spec: &ReportSpec) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let out_ready = m.input("m_axis_report_tready", 1);
    let piece_taken = m.forward("piece_taken", 1);
    let piece_valid = m.register("piece_valid", 1, Reset::To(0));
    let flushing = m.register("flushing", 1, Reset::To(0));

    let load = m.forward("load", 1);
    let prepared = Prepared::new(&mut m, spec, &load);
    let phase = Phase::new(&mut m, spec, &prepared, &load, &piece_valid, &piece_taken);
    let is_idle = !&phase.busy & !&piece_valid & !&flushing;
    m.drive(&load, &prepared.valid & is_idle);
    m.output_of("order_ready", &load);
    if let Some(done) = &phase.word_done {
        m.output_of("word_ready", done);
    }

    let step = &phase.step;
    m.next(&piece_valid, step | (&piece_valid & !&piece_taken));
    let piece = Piece {
        data: m.captured("piece", step, &phase.piece.data),
        units: m.captured("piece_units", step, &phase.piece.units),
        is_final: m.captured("piece_is_final", step, &phase.piece.is_final),
    };

    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let advance = m.wire("advance", !&out_valid | &out_ready);
    let take = m.wire("take", &piece_valid & &advance & !&flushing);
    m.drive(&piece_taken, &take);

    let packer = Packer::new(&mut m, spec.report_bits, &piece, &take, &load);
    let report_bytes = spec.report_bits / 8;
    let left = m.register("bytes_left", LENGTH_BITS, Reset::None);
    let is_last = m.wire(
        "is_last",
        left.less_than(&lit(LENGTH_BITS, report_bytes as u64 + 1)),
    );
    let emits = m.wire("emits", (&take & &packer.fills) | (&advance & &flushing));
    m.next_when(
        &left,
        &load | &emits,
        load.mux(&prepared.frame_bytes, &left.minus(report_bytes as u64)),
    );
    let goes_on = &take & &piece.is_final & !(&packer.fills & &is_last);
    m.next(&flushing, goes_on | (&flushing & !&advance));
    m.next_when(&out_valid, &advance, &emits);

    let kept = concat((0..report_bytes).map(|byte| {
        let bits = bits_for(report_bytes);
        !&is_last | lit(bits, byte as u64).less_than(&left.slice(0, bits))
    }));
    let beat = Beat {
        data: m.captured("out_data", &emits, &packer.beat),
        keep: m.captured("out_keep", &emits, kept),
        last: m.captured("out_last", &emits, &is_last),
        user: None,
        dest: None,
    };
    axis::drive_master_port(&mut m, "m_axis_report", &beat, &out_valid);
    m.build()
}

/// What is laid behind what is pending.
struct Piece {
    /// A beat of a report, of which the first units count.
    data: Expr,
    units: Expr,
    /// The last one of its report.
    is_final: Expr,
}

/// Which piece comes next.
struct Phase {
    /// There are pieces left.
    busy: Expr,
    /// A piece goes on at this clock edge.
    step: Expr,
    piece: Piece,
    /// The last part of a word, or of the copied bytes, goes on.
    word_done: Option<Expr>,
}

impl Phase {
    fn new(
        m: &mut Module,
        spec: &ReportSpec,
        prepared: &Prepared,
        load: &Expr,
        piece_valid: &Expr,
        piece_taken: &Expr,
    ) -> Self {
        let (bits, report_bytes) = (spec.report_bits, spec.report_bits / 8);
        let units = report_bytes / UNIT_BYTES;
        let unit_bits = bits_for(units);
        let size = |bytes: usize| lit(unit_bits, (bytes / UNIT_BYTES) as u64);
        let busy = m.register("busy", 1, Reset::To(0));
        let step = m.wire("step", &busy & (!piece_valid | piece_taken));

        // The front.
        let front_bytes = spec.front.bytes();
        let front_pieces = front_bytes.div_ceil(report_bytes);
        let in_front = m.register("in_front", 1, Reset::None);
        let front_step = m.wire("front_step", &step & &in_front);
        let index = m.counter("front_index", front_pieces, &front_step);
        let front_ends = m.wire("front_ends", index.is(front_pieces as u64 - 1));
        let whole = &prepared.front;
        let part = |piece: usize| {
            let from = 8 * piece * report_bytes;
            let to = (from + bits).min(whole.width());
            whole.slice(from, to - from).resize(bits)
        };
        let front = m.select_in("front_part", &index, 0..=front_pieces - 1, part);
        let front_rest = front_bytes - (front_pieces - 1) * report_bytes;
        let front_units = front_ends.mux(&size(front_rest), &size(report_bytes));

        // Metadata, those that are there one after the other.
        let kinds = &spec.front.kinds;
        let in_metadata = m.register("in_metadata", 1, Reset::None);
        let missing = m.register("metadata_left", kinds.len().max(1), Reset::None);
        let mut chosen = Vec::new();
        for kind in 0..kinds.len() {
            let before = any_of((0..kind).map(|before| missing.bit(before)));
            chosen.push(m.wire(&format!("takes_{kind}"), missing.bit(kind) & !before));
        }
        let chosen_bits = match chosen.is_empty() {
            true => zeros(1),
            false => concat(chosen.iter().cloned()),
        };
        let rest = m.wire("metadata_behind", &missing & !&chosen_bits);
        let metadata_ends = m.wire("metadata_ends", !rest.any());
        let next = when(load, prepared.available.clone()).otherwise(&rest);
        m.next_when(&missing, load | (&step & &in_metadata), next);
        let value = kinds.iter().zip(&chosen).zip(&prepared.values);
        let value = value
            .map(|((_, chosen), value)| value.resize(64).gated_by(chosen))
            .reduce(|a, b| a | b)
            .unwrap_or_else(|| zeros(64));
        let value = m.wire("metadata_value", value);
        let long = kinds
            .iter()
            .zip(&chosen)
            .filter(|(kind, _)| kind.bytes == 8);
        let is_long = any_of(long.map(|(_, chosen)| chosen.clone()));

        // From one phase to the next.
        let has_metadata = missing.any();
        let leaves_front = m.wire("leaves_front", &front_step & &front_ends);
        let leaves_metadata = m.wire("leaves_metadata", &step & &in_metadata & &metadata_ends);
        m.next(&in_front, load | (&in_front & !&leaves_front));
        m.next(
            &in_metadata,
            ((&leaves_front & &has_metadata) | (&in_metadata & !&leaves_metadata)) & !load,
        );
        let leaves_both = m.wire(
            "leaves_both",
            (&leaves_front & !&has_metadata) | &leaves_metadata,
        );
        let copy = spec
            .copies
            .then(|| Copy::new(m, spec, prepared, load, &step, &leaves_both));
        let ends = copy.as_ref().map_or(&leaves_both, |copy| &copy.ends);
        m.next(&busy, load | (&busy & !ends));

        let metadata_units = is_long.mux(&size(8), &size(4));
        let copied = match &copy {
            Some(copy) => copy.part.clone(),
            None => zeros(bits),
        };
        let data = when(&in_front, front)
            .or_when(&in_metadata, value.resize(bits))
            .otherwise(copied);
        let units = when(&in_front, front_units)
            .or_when(&in_metadata, metadata_units)
            .otherwise(size(report_bytes));
        Self {
            piece: Piece {
                data,
                units,
                is_final: ends.clone(),
            },
            word_done: copy.map(|copy| copy.word_done),
            busy,
            step,
        }
    }
}

/// The copied bytes, a part of a word at a time.
struct Copy {
    part: Expr,
    /// The last part goes on.
    ends: Expr,
    /// The last part of a word goes on.
    word_done: Expr,
}

impl Copy {
    fn new(
        m: &mut Module,
        spec: &ReportSpec,
        prepared: &Prepared,
        load: &Expr,
        step: &Expr,
        enters: &Expr,
    ) -> Self {
        let bits = spec.report_bits;
        let in_copy = m.register("in_copy", 1, Reset::None);
        let goes = m.wire("copy_step", step & &in_copy);
        let left = m.register("parts_left", LENGTH_BITS, Reset::None);
        let next = load.mux(&prepared.parts, &left.minus(1));
        m.next_when(&left, load | &goes, next);
        let is_last = m.wire("is_last_part", left.is(1));
        let parts = spec.data_bits / bits;
        let slot = m.register("slot", bits_for(parts - 1), Reset::None);
        let slot_ends = m.wire("slot_ends", slot.is(parts as u64 - 1) | &is_last);
        let restarts = load | (&goes & &slot_ends);
        let next = restarts.mux(&zeros(slot.width()), &slot.plus(1));
        m.next_when(&slot, load | &goes, next);
        let word = m.input("word", spec.data_bits);
        let part = m.select_in("copied_part", &slot, 0..=parts - 1, |part| {
            word.slice(part * bits, bits)
        });
        // Behind the end of the copy stand zeros: where it is filled up to whole words, they are sent.
        let rest = &prepared.rest;
        let kept = (0..bits / 8).map(|byte| {
            // All ones are what no rest is above.
            let behind = match byte + 1 == bits / 8 {
                true => rest.any(),
                false => lit(rest.width(), byte as u64).at_least(rest) & rest.any(),
            };
            !(&is_last & behind)
        });
        let kept = m.wire("kept_of_part", concat(kept));
        let part = concat((0..bits / 8).map(|byte| part.byte(byte).gated_by(&kept.bit(byte))));
        let ends = m.wire("leaves_copy", &goes & &is_last);
        m.next(&in_copy, (enters | (&in_copy & !&ends)) & !load);
        Self {
            part,
            word_done: m.wire("word_done", &goes & &slot_ends),
            ends,
        }
    }
}

/// Lays pieces end to end.
struct Packer {
    /// The beat that is full with the piece.
    beat: Expr,
    /// The piece fills it.
    fills: Expr,
}

impl Packer {
    fn new(m: &mut Module, bits: usize, piece: &Piece, take: &Expr, load: &Expr) -> Self {
        let unit = 8 * UNIT_BYTES;
        let units = bits / unit;
        let fill_bits = bits_for(units - 1);
        let fill = m.register("fill", fill_bits, Reset::None);
        let filled = m.wire("filled", fill.zero_extend(fill_bits + 1) + &piece.units);
        m.next_when(
            &fill,
            load | take,
            load.mux(&zeros(fill_bits), &filled.slice(0, fill_bits)),
        );
        let rotated = m.select_in("rotated", &fill, 0..=units - 1, |by| match by {
            0 => piece.data.clone(),
            by => concat([
                piece.data.slice(bits - by * unit, by * unit),
                piece.data.slice(0, bits - by * unit),
            ]),
        });
        let pending = m.register("pending", bits, Reset::None);
        let beat = concat((0..units).map(|place| {
            // What is pending does not fill a beat.
            let is_pending = match place + 1 == units {
                true => zeros(1),
                false => lit(fill_bits, place as u64).less_than(&fill),
            };
            let (old, new) = (
                pending.slice(place * unit, unit),
                rotated.slice(place * unit, unit),
            );
            is_pending.mux(&old, &new)
        }));
        let beat = m.wire("merged", beat);
        let fills = m.wire("fills", filled.bit(fill_bits));
        m.next_when(&pending, take, fills.mux(&rotated, &beat));
        Self { beat, fills }
    }
}
