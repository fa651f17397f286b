//! Takes the prefix off the frames on the way back.

use std::sync::Arc;

use super::axis::{self, Beat, Shape, SlavePort};
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, lit, zeros};

const DOC: &str = "\
Prefix stripper: removes a fixed number of bytes from the front of each frame.

    s_axis ---> [ skip whole words ] ---> [ shift by prefix mod bus ] ---> [ out ] ---> m_axis
                                          [ held: the rest of a beat  ]

A frame that is no longer than the prefix has nothing behind it and is dropped; `dropped` is 1 for a cycle.
Latency: 1 cycle, and 1 more when the prefix does not fill its last word. Throughput: 1 input beat a cycle.
Backpressure: stops all. Reset: waits for a frame. Storage: a beat of output registers, a beat less (prefix mod bus) held.
Source: state-compute replication, section 3.2 (the history is stripped on the return path).";

/// A stripper of `prefix_bytes`. Ports `s_axis_*`, `m_axis_*`, `dropped`.
pub fn stripper(name: &str, shape: Shape, prefix_bytes: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let bus_bytes = shape.data_bits / 8;
    let (skipped, over) = (prefix_bytes / bus_bytes, prefix_bytes % bus_bytes);
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let out_ready = m.input("m_axis_tready", 1);
    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let advance = m.wire("advance", !&out_valid | &out_ready);

    // `flushing`: the last bytes of a frame are held and go out next; meanwhile the next frame may begin.
    let flushing = m.register("flushing", 1, Reset::To(0));
    let take = m.wire("take", &advance & &input.valid);
    let ends = m.wire("ends", &take & &input.beat.last);
    let position = Position::new(
        &mut m,
        &take,
        &input.beat.last,
        skipped + usize::from(over > 0),
    );
    let behind = match over {
        0 => zeros(1),
        over => input.beat.keep.bit(over),
    };
    let spills = match over {
        0 => zeros(1),
        _ => &behind & (&position.last_skipped | &position.behind_prefix),
    };
    let emits = m.wire("emits", &take & &position.behind_prefix);
    let user = shape.user_bits > 0;
    let first_user = user.then(|| {
        let user = input
            .beat
            .user
            .clone()
            .unwrap_or_else(|| zeros(shape.user_bits));
        let held = m.captured("first_user", &take & &position.at_start, &user);
        position.at_start.mux(&user, &held)
    });

    let next = match over {
        0 => Beat {
            last: input.beat.last.clone(),
            user: first_user,
            ..input.beat.clone()
        },
        over => realigned(&mut m, &input.beat, &take, &flushing, over, first_user),
    };
    m.next(&flushing, (&ends & &spills) | (&flushing & !&advance));
    let fire = m.wire("fire", &emits | (&advance & &flushing));
    m.next_when(&out_valid, &advance, &fire);
    let mut captured = |name: &str, value: &Expr| m.captured(name, &fire, value);
    let beat = Beat {
        data: captured("out_data", &next.data),
        keep: captured("out_keep", &next.keep),
        last: captured("out_last", &next.last),
        user: next.user.as_ref().map(|user| captured("out_user", user)),
        dest: None,
    };
    m.drive(&input.ready, &advance);
    axis::drive_master_port(&mut m, "m_axis", &beat, &out_valid);
    let gone = match over {
        0 => !&position.behind_prefix,
        _ => !&position.behind_prefix & !(&position.last_skipped & &behind),
    };
    m.output_of("dropped", &ends & gone);
    m.build()
}

/// Where in the frame the beat on the bus is.
struct Position {
    /// The first beat.
    at_start: Expr,
    /// The beat that holds the last of the prefix, when that does not fill it.
    last_skipped: Expr,
    /// A beat behind all that hold prefix.
    behind_prefix: Expr,
}

impl Position {
    fn new(m: &mut Module, take: &Expr, last: &Expr, prefix_beats: usize) -> Self {
        let in_frame = m.register("in_frame", 1, Reset::To(0));
        m.next_when(&in_frame, take, !last);
        let at_start = m.wire("at_start", !&in_frame);
        if prefix_beats == 0 {
            return Self {
                at_start,
                last_skipped: zeros(1),
                behind_prefix: lit(1, 1),
            };
        }
        let count = m.register("beat_count", super::bits_for(prefix_beats), Reset::To(0));
        let behind_prefix = m.wire("behind_prefix", count.is(prefix_beats as u64));
        let following = behind_prefix.mux(&count, &count.plus(1));
        m.next_when(&count, take, last.mux(&zeros(count.width()), &following));
        Self {
            at_start,
            last_skipped: count.is(prefix_beats as u64 - 1),
            behind_prefix,
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
    // A frame's last bytes leave while the next frame's first beat may be on the bus: its `tuser` is not theirs.
    let user = user.map(|user| {
        let shown = m.captured("frame_user", take, &user);
        flushing.mux(&shown, &user)
    });
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
