//! Collects the first bytes of each frame, so that headers can be read at any offset on any bus width.

use std::sync::Arc;

use super::axis;
use crate::rtl::{Design, Expr, Module, Reset, RtlError, bits_for, concat, lit, zeros};

/// Bytes of a frame in which headers are looked for: Ethernet, two VLAN tags, the longest IPv4 header and TCP take 102.
pub const WINDOW_BYTES: usize = 128;

const DOC: &str = "\
Header window: the first 128 bytes of a frame, with a flag a byte that tells whether the frame has it.

    tdata ---> [ beat 0 | beat 1 | ...          ] ---> window, window_keep
    tkeep      (one bus word of 1024 bits or more: no registers)
    time  ---> [ taken with the first beat      ] ---> header_time
    length     [ counted up to the last beat    ] ---> frame_length

`header_valid`: the window holds all that it will hold of this frame. `frame_valid`: the frame has ended. Each is 1 for
one cycle a frame, `frame_valid` not before `header_valid`.
Latency: none at 1024 bits and wider; 1 cycle below. Throughput: 1 beat a cycle. Backpressure: none, it
watches accepted beats. Reset: waits for a first beat. Storage: 128 bytes of flip-flops below 1024 bits.";

/// What the window is asked for beyond the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The time of the first beat: ports `time` and `header_time`.
    pub time: bool,
    /// The length of the frame: ports `frame_length[15:0]` and `frame_valid`.
    pub length: bool,
    /// Whether the beat on the bus is accepted, and the first of its frame: port `first_beat`.
    pub first: bool,
}

/// Cycles from an accepted beat to `header_valid`.
pub const fn latency_cycles(data_bits: usize) -> usize {
    if data_bits / 8 >= WINDOW_BYTES { 0 } else { 1 }
}

/// A header window on a stream of `data_bits`. Watches `accept`, `tdata`, `tkeep`, `tlast`.
pub fn header_window(
    name: &str,
    data_bits: usize,
    wanted: Wanted,
) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let bus_bytes = data_bits / 8;
    let accept = m.input("accept", 1);
    let (data, keep, last) = (
        m.input("tdata", data_bits),
        m.input("tkeep", bus_bytes),
        m.input("tlast", 1),
    );
    let time = wanted.time.then(|| m.input("time_now", 64));

    let in_frame = m.register("in_frame", 1, Reset::To(0));
    m.next_when(&in_frame, &accept, !&last);
    let first = m.wire("first", &accept & !&in_frame);
    if wanted.first {
        m.output_of("first_beat", &first);
    }
    let ends = m.wire("ends", &accept & &last);
    let length = wanted
        .length
        .then(|| frame_length(&mut m, &accept, &in_frame, &keep));

    if latency_cycles(data_bits) == 0 {
        m.output_of("window", data.slice(0, 8 * WINDOW_BYTES));
        m.output_of("window_keep", keep.slice(0, WINDOW_BYTES));
        m.output_of("header_valid", &first);
        time.iter()
            .for_each(|time| m.output_of("header_time", time));
        if let Some(length) = &length {
            m.output_of("frame_length", length);
            m.output_of("frame_valid", &ends);
        }
        return m.build();
    }

    // Beats are numbered up to the one past the window, where the count stays until the frame ends.
    let beats = WINDOW_BYTES / bus_bytes;
    let position = m.register("position", bits_for(beats), Reset::To(0));
    let full = m.wire("full", position.is(beats as u64));
    let next = full.mux(&position, &position.plus(1));
    m.next_when(
        &position,
        &accept,
        last.mux(&lit(position.width(), 0), &next),
    );

    let (mut bytes, mut present) = (Vec::new(), Vec::new());
    for beat in 0..beats {
        let here = m.wire(&format!("at_{beat}"), &accept & position.is(beat as u64));
        bytes.push(m.captured(&format!("bytes_{beat}"), &here, &data));
        // Without reset: the first beat of a frame sets or clears them all.
        let flags = m.register(&format!("present_{beat}"), bus_bytes, Reset::None);
        match beat {
            0 => m.next_when(&flags, &here, &keep),
            // A new frame clears what the last one left.
            _ => m.next_when(&flags, &here | &first, first.mux(&zeros(bus_bytes), &keep)),
        }
        present.push(flags);
    }
    m.output_of("window", concat(bytes));
    m.output_of("window_keep", concat(present));
    let complete = m.wire(
        "complete",
        &accept & !&full & (&last | position.is(beats as u64 - 1)),
    );
    let header_valid = m.delayed("header_valid_reg", Reset::To(0), &complete);
    m.output_of("header_valid", &header_valid);
    if let Some(time) = &time {
        let held = m.captured("first_time", &first, time);
        m.output_of("header_time", &held);
    }
    if let Some(length) = &length {
        let held = m.delayed("length_reg", Reset::None, length);
        m.output_of("frame_length", &held);
        let ended = m.delayed("ended", Reset::To(0), &ends);
        m.output_of("frame_valid", &ended);
    }
    m.build()
}

/// Bytes of the frame up to and with the beat on the bus.
fn frame_length(m: &mut Module, accept: &Expr, in_frame: &Expr, keep: &Expr) -> Expr {
    let before = m.register("bytes_before", 16, Reset::None);
    let counted = before.gated_by(in_frame);
    let here = axis::kept_bytes(m, keep).resize(16);
    let length = m.wire("length", counted + here);
    m.next_when(&before, accept, &length);
    length
}
