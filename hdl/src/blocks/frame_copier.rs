//! Keeps copies of the frames that are to be reported, cut to a length, whole or not at all.

use std::sync::Arc;

use super::axis;
use super::fifo::{FifoSpec, fifo};
use crate::rtl::{
    Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, bits_for, concat, lit, ones,
    zeros,
};

const DOC: &str = "\
Frame copier: watches frames, and copies the first bytes of those that are wanted.

    beat ---> [ cut ] ---> [ beats        ] ---> word
    wanted ---> room? -+-> [ orders       ] ---> order_bytes, order_target, order_number, order_note
    target ------------+-> [ numbers      ]
                       +-> [ drop counter ] ---> dropped

Nothing here holds a frame back: a copy for which there is no room is left out as a whole and counted. Whether there is
room is asked once a frame, for the longest copy. An order comes when its copy is there as a whole.
The copies to each target are numbered. Those that are left out are too, so that who gets them sees the gap.
Latency: 5 cycles from the last beat of a copy to its order. Throughput: 1 beat a cycle. Backpressure: none, it watches
accepted beats. Reset: empty, numbers 0, nothing dropped.
Storage: the beats and the orders; a number for each target; a note, about 90 flip-flops.";

/// Bits of `dropped`.
pub const DROPPED_BITS: usize = 32;
/// Bits of `order_bytes`.
pub const LENGTH_BITS: usize = 16;

/// What is copied, and where it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopySpec {
    /// Bits of a beat.
    pub data_bits: usize,
    /// The bytes that are copied of a frame at most; 0: none, and there are no beats.
    pub most_bytes: usize,
    /// Bits that go with a copy: the input `note`, taken with the first beat; 0: none.
    pub note_bits: usize,
    /// The targets: a power of two.
    pub targets: usize,
    /// Bits of the number of a copy, counted by each target.
    pub number_bits: usize,
    /// Where beats wait.
    pub style: MemoryStyle,
    /// Beats that may wait: a power of two, no less than the longest copy has.
    pub beats: usize,
    /// Copies that may wait: a power of two, at least 2.
    pub orders: usize,
}

impl CopySpec {
    /// Beats of the longest copy.
    pub fn most_beats(self) -> usize {
        self.most_bytes.div_ceil(self.data_bits / 8)
    }
}

/// A copier. Watches `accept`, `tdata`, `tkeep`, `tlast`; `wanted`, `note`, and with more than one target `target`
/// count with the first beat of a frame. The copy in front shows in `order_bytes`, `order_target`, `order_number`, `order_note` with `order_valid`, until
/// `order_ready`; its beats in `word`, one after the other with `word_ready`. `dropped`: the copies left out so far,
/// modulo 2^32.
pub fn frame_copier(name: &str, spec: CopySpec) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let bus_bytes = spec.data_bits / 8;
    let accept = m.input("accept", 1);
    let (data, keep, last) = (
        m.input("tdata", spec.data_bits),
        m.input("tkeep", bus_bytes),
        m.input("tlast", 1),
    );
    let wanted = m.input("wanted", 1);
    let note = (spec.note_bits > 0).then(|| m.input("note", spec.note_bits));
    let order_ready = m.input("order_ready", 1);

    let in_frame = m.register("in_frame", 1, Reset::To(0));
    m.next_when(&in_frame, &accept, !&last);
    let first = m.wire("first", &accept & !&in_frame);
    let asked = m.wire("asked", &first & &wanted);

    let begins = m.forward("begins", 1);
    let kept_orders = Level::new(&mut m, "kept_orders", spec.orders, &begins, &order_ready);
    let orders_fit = kept_orders.is_at_most(spec.orders - 1);
    let (beats_fit, ends, bytes) = match spec.most_bytes {
        0 => (ones(1), begins.clone(), zeros(LENGTH_BITS)),
        _ => {
            let beat = (&data, &keep, &last);
            let copied = beats(&mut m, name, spec, beat, &accept, &begins)?;
            (copied.fit, copied.end, copied.bytes)
        }
    };
    let has_room = m.wire("has_room", beats_fit & orders_fit);
    m.drive(&begins, &asked & &has_room);
    // The bytes are counted in a cycle, and added up in another.
    let ended = m.delayed("ended", Reset::To(0), &ends);
    let counted = m.delayed("counted", Reset::To(0), ended);
    let ordered = m.delayed("ordered", Reset::To(0), counted);

    let dropped = m.register("dropped_count", DROPPED_BITS, Reset::To(0));
    m.next_when(&dropped, &asked & !&has_room, dropped.plus(1));
    m.output_of("dropped", &dropped);

    let place = numbered(&mut m, spec, &asked);
    let taken = m.captured("taken", &first, concat([place].into_iter().chain(note)));
    let taken = m.delayed("taken_before", Reset::None, taken);
    let order = m.delayed("order", Reset::None, concat([bytes, taken]));
    let orders = FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words: spec.orders,
        width_bits: order.width(),
        latency_cycles: 2,
        refuses: false,
    };
    let orders = m.instance("orders", &fifo(&format!("{name}_orders"), orders)?);
    m.connect(orders, "s_data", &order);
    m.connect(orders, "s_valid", &ordered);
    m.connect(orders, "m_ready", &order_ready);
    let valid = m.output_from(orders, "m_valid");
    m.output_of("order_valid", valid);
    let order = m.output_from(orders, "m_data");
    let mut offset = 0;
    for (port, bits) in [
        ("order_bytes", LENGTH_BITS),
        ("order_target", target_bits(spec.targets)),
        ("order_number", spec.number_bits),
        ("order_note", spec.note_bits),
    ] {
        if bits > 0 {
            m.output_of(port, order.slice(offset, bits));
        }
        offset += bits;
    }
    m.build()
}

/// The beats of copies.
struct Copied {
    /// There is room for the longest copy.
    fit: Expr,
    /// The last beat of a copy is here.
    end: Expr,
    /// The length of a copy, two cycles later.
    bytes: Expr,
}

fn beats(
    m: &mut Module,
    name: &str,
    spec: CopySpec,
    (data, keep, last): (&Expr, &Expr, &Expr),
    accept: &Expr,
    begins: &Expr,
) -> Result<Copied, RtlError> {
    let ready = m.input("word_ready", 1);
    // Room for the longest copy beside those that are kept; what is taken out counts a cycle later.
    let push = m.forward("push", 1);
    let kept = Level::new(m, "kept_beats", spec.beats, &push, &ready);
    let fit = kept.is_at_most(spec.beats - spec.most_beats());

    // Beats of the copy, up to the longest; then the rest of the frame goes by.
    let copying = m.register("copying", 1, Reset::To(0));
    let most = spec.most_beats();
    let position = m.register("position", bits_for(most - 1), Reset::To(0));
    m.drive(&push, begins | (accept & &copying));
    let end = m.wire("ends", &push & (last | position.is(most as u64 - 1)));
    m.next(&copying, (&push & !&end) | (&copying & !accept));
    m.next_when(
        &position,
        &push,
        end.mux(&zeros(position.width()), &position.plus(1)),
    );
    let before = m.delayed("beats_before", Reset::None, &position);
    let last_keep = m.delayed("last_keep", Reset::None, keep);

    let beats = FifoSpec {
        style: spec.style,
        depth_words: spec.beats,
        width_bits: spec.data_bits,
        latency_cycles: 2,
        refuses: false,
    };
    let beats = m.instance("beats", &fifo(&format!("{name}_beats"), beats)?);
    m.connect(beats, "s_data", data);
    m.connect(beats, "s_valid", &push);
    m.connect(beats, "m_ready", &ready);
    let word = m.output_from(beats, "m_data");
    m.output_of("word", word);
    Ok(Copied {
        bytes: copied_bytes(m, spec, &before, &last_keep),
        fit,
        end,
    })
}

/// The target of the frame that is asked for, and the number of its copy there.
fn numbered(m: &mut Module, spec: CopySpec, asked: &Expr) -> Expr {
    if spec.targets == 1 {
        let number = m.register("number", spec.number_bits, Reset::To(0));
        m.next_when(&number, asked, number.plus(1));
        return concat([zeros(1), number]);
    }
    let target = m.input("target", target_bits(spec.targets));
    let numbers = MemorySpec {
        style: MemoryStyle::Distributed,
        depth_words: spec.targets,
        width_bits: spec.number_bits,
        lane_bits: spec.number_bits,
    };
    let numbers = m.memory("numbers", numbers);
    let last = m.read(numbers, "number_of_target", &target);
    // Reset does not clear a memory: of a target that was not asked for since, the number is 0.
    let known = m.register("numbered", spec.targets, Reset::To(0));
    let here = concat((0..spec.targets).map(|index| target.is(index as u64)));
    let here = m.wire("numbered_here", here.gated_by(asked));
    m.next(&known, &known | here);
    let is_known = m.select_in("is_numbered", &target, 0..=spec.targets - 1, |index| {
        known.bit(index)
    });
    let number = m.wire("number", last.gated_by(&is_known));
    m.write(numbers, asked, &target, &number.plus(1), None);
    concat([target, number])
}

/// What is kept. What comes counts a cycle later, for it is known late.
struct Level {
    count: Expr,
    /// One is not counted yet.
    rises: Expr,
}

impl Level {
    /// Up by one with `more`, down by one with `less`.
    fn new(m: &mut Module, name: &str, most: usize, more: &Expr, less: &Expr) -> Self {
        // One more: block RAM has its output register beside its words.
        let count = m.register(name, bits_for(most + 1), Reset::To(0));
        let rises = m.delayed(&format!("{name}_rise"), Reset::To(0), more);
        let changes = m.wire(&format!("{name}_change"), &rises ^ less);
        let next = rises.mux(&count.plus(1), &count.minus(1));
        m.next_when(&count, changes, next);
        Self { count, rises }
    }

    /// 1 when there are `most` at most, and `most` is not 0.
    fn is_at_most(&self, most: usize) -> Expr {
        let below = |limit: usize| {
            let limit = lit(self.count.width(), limit as u64);
            self.count.less_than(&limit)
        };
        self.rises.mux(&below(most), &below(most + 1))
    }
}

/// The length of a copy, from the number of beats in front of its last one and the bytes of that.
fn copied_bytes(m: &mut Module, spec: CopySpec, before: &Expr, keep: &Expr) -> Expr {
    let bus_bytes = spec.data_bits / 8;
    let here = axis::kept_bytes(m, keep);
    let whole = concat([zeros(here.width() - 1), before.clone()]);
    let most_beats = spec.most_beats();
    // The last beat of the longest copy may be cut short.
    let room = spec.most_bytes - (most_beats - 1) * bus_bytes;
    let here = match room == bus_bytes {
        true => here,
        false => {
            let is_cut = m.wire(
                "is_cut",
                before.is(most_beats as u64 - 1) & keep.bit(room - 1),
            );
            is_cut.mux(&lit(here.width(), room as u64), &here)
        }
    };
    let here = m.delayed("bytes_here", Reset::None, here);
    let whole = m.delayed("bytes_before", Reset::None, whole);
    let bytes = here.resize(LENGTH_BITS) + whole.resize(LENGTH_BITS);
    m.wire("bytes", bytes)
}

/// Bits of the number of a target: 1 for a single one, which is always 0.
pub fn target_bits(targets: usize) -> usize {
    bits_for(targets.saturating_sub(1))
}
