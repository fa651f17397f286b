//! Takes the prefix off the frames on the way back.

mod returns;

use std::sync::Arc;

pub use returns::Returns;

use super::axis::{self, Beat, Shape, SlavePort};
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, ones, zeros};

const DOC: &str = "\
Prefix stripper: removes a fixed number of bytes from the front of each frame.

    s_axis ---> [ skip whole words ] ---> [ shift by prefix mod bus ] ---> [ out ] ---> m_axis
                                          [ held: the rest of a beat  ]

A frame that is no longer than the prefix has nothing behind it and is dropped.
Latency: 1 cycle, and 1 more when the prefix does not fill its last word. Throughput: 1 input beat a cycle.
Backpressure: stops all. Reset: waits for a frame. Storage: a beat of output registers, a beat less (prefix mod bus) held.
Source: state-compute replication, section 3.2 (the history is stripped on the return path).";

const RETURNS_DOC: &str = "
In the cycle after the beat that says which core a frame returns from, `returned` is 1 and `returned_core` its number.";

/// A stripper of `prefix_bytes`. Ports `s_axis_*`, `m_axis_*`; where somebody is to know which cores frames return from,
/// also `returned`, `returned_core` out.
pub fn stripper(
    name: &str,
    shape: Shape,
    prefix_bytes: usize,
    returns: Option<Returns>,
) -> Result<Arc<Design>, RtlError> {
    let returns_doc = returns.map_or("", |_| RETURNS_DOC);
    let mut m = Module::new(name, format!("{DOC}{returns_doc}"));
    let bus_bytes = shape.data_bits / 8;
    let (skipped, over) = (prefix_bytes / bus_bytes, prefix_bytes % bus_bytes);
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let out_ready = m.input("m_axis_tready", 1);
    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let advance = m.wire("advance", !&out_valid | &out_ready);

    let take = m.wire("take", &advance & &input.valid);
    let ends = m.wire("ends", &take & &input.beat.last);
    let position = Position::new(
        &mut m,
        &take,
        &input.beat.last,
        skipped + usize::from(over > 0),
    );

    // The last bytes of a frame may be held, and go out when the next frame begins.
    let (flushing, behind) = match over {
        0 => (zeros(1), zeros(1)),
        over => (
            m.register("flushing", 1, Reset::To(0)),
            input.beat.keep.bit(over),
        ),
    };
    if over > 0 {
        let spills = &behind & (&position.last_skipped | &position.behind_prefix);
        m.next(&flushing, (&ends & spills) | (&flushing & !&advance));
    }
    let first_user = input.beat.user.as_ref().map(|user| {
        let held = m.captured("first_user", &take & &position.at_start, user);
        // Behind a prefix no output beat is made while the first input beat is on the bus, but for the last one of
        // the frame before.
        if prefix_bytes == 0 {
            position.at_start.mux(user, &held)
        } else {
            held
        }
    });
    let next = match over {
        0 => Beat {
            user: first_user,
            ..input.beat.clone()
        },
        over => realigned(&mut m, &input.beat, &take, &flushing, over, first_user),
    };

    let emits = &take & &position.behind_prefix;
    let fire = m.wire("fire", emits | (&advance & &flushing));
    m.next_when(&out_valid, &advance, &fire);
    let mut captured = |name: &str, value: &Expr| m.captured(name, &fire, value);
    let beat = Beat {
        data: captured("out_data", &next.data),
        keep: captured("out_keep", &next.keep),
        last: captured("out_last", &next.last),
        user: next.user.as_ref().map(|user| captured("out_user", user)),
        dest: None,
    };
    if let Some(returns) = returns {
        let at = |beat: usize| position.count.is(beat as u64);
        returns.drive(&mut m, &input.beat, &take, at);
    }
    m.drive(&input.ready, &advance);
    axis::drive_master_port(&mut m, "m_axis", &beat, &out_valid);
    m.build()
}

/// Where in the frame the beat on the bus is.
struct Position {
    /// The number of the beat, up to the first one behind the prefix.
    count: Expr,
    /// The first beat.
    at_start: Expr,
    /// The last beat that holds prefix.
    last_skipped: Expr,
    /// A beat behind all that hold prefix.
    behind_prefix: Expr,
}

impl Position {
    fn new(m: &mut Module, take: &Expr, last: &Expr, prefix_beats: usize) -> Self {
        // Beats are counted up to the first one behind the prefix; without a prefix only to tell the first.
        let most = prefix_beats.max(1);
        let count = m.register("beat_count", super::bits_for(most), Reset::To(0));
        let at_most = m.wire("at_most", count.is(most as u64));
        let following = at_most.mux(&count, &count.plus(1));
        m.next_when(&count, take, last.mux(&zeros(count.width()), &following));
        let (last_skipped, behind_prefix) = match prefix_beats {
            0 => (zeros(1), ones(1)),
            beats => (count.is(beats as u64 - 1), at_most),
        };
        Self {
            at_start: count.is(0),
            last_skipped,
            behind_prefix,
            count,
        }
    }
}

/// The next output beat, when the prefix ends `over` bytes into a beat: the held bytes, then the first `over` of the beat on the bus.
fn realigned(
    m: &mut Module,
    beat: &Beat,
    take: &Expr,
    flushing: &Expr,
    over: usize,
    user: Option<Expr>,
) -> Beat {
    let bus_bytes = beat.keep.width();
    let rest = bus_bytes - over;
    let held_data = m.captured("held_data", take, beat.data.slice(8 * over, 8 * rest));
    let held_keep = m.captured("held_keep", take, beat.keep.slice(over, rest));
    let low_keep = beat.keep.slice(0, over).gated_by(&!flushing);
    Beat {
        data: m.wire(
            "next_data",
            concat([held_data, beat.data.slice(0, 8 * over)]),
        ),
        keep: m.wire("next_keep", concat([held_keep, low_keep])),
        last: m.wire("next_last", flushing | (&beat.last & !beat.keep.bit(over))),
        user,
        dest: None,
    }
}
