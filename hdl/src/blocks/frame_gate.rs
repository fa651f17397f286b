//! Holds each frame back until it is known what becomes of it.

use std::sync::Arc;

use super::axis::{self, Beat, Shape, SlavePort};
use super::fifo::{FifoSpec, fifo};
use crate::rtl::{Design, Expr, Instance, MemoryStyle, Module, Reset, RtlError, bits_for};

const DOC: &str = "\
Frame gate: beats wait for the verdict on their frame, which then goes with each of them.

    s_axis ---> [ beats ] ------> [ out ] ---> m_axis
            +-> [ users ] ------>        ---> m_axis_tuser
    verdict --> [ verdicts ] --->        ---> m_axis_verdict

A verdict may come in any cycle behind that of its frame's first beat, in the order of the frames. While all of a
frame's verdict depends on is among the beats that fit, and it comes within the cycles that the rest of them take, no
cycle is lost.
Latency: 3 cycles from the first beat, and 2 from the verdict, to m_axis; 1 more in block RAM. Throughput: 1 beat a cycle.
Backpressure: s_axis_tready falls when there are as many beats or frames as fit. Reset: empty.
Storage: the queues; a beat, a tuser and a verdict of registers.";

/// What waits, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateSpec {
    /// Bits of `tdata`.
    pub data_bits: usize,
    /// Bits of `tuser`, taken with the first beat; 0: none.
    pub user_bits: usize,
    /// Bits of a verdict, at least 1.
    pub verdict_bits: usize,
    /// Beats that may wait: a power of two.
    pub beats: usize,
    /// Frames that may wait, or be on their way in or out: a power of two, at least 2.
    pub frames: usize,
    /// Where beats wait.
    pub style: MemoryStyle,
}

/// A gate. Ports `s_axis_*`, `verdict`, `verdict_valid` in; `m_axis_*` and `m_axis_verdict` out, `tuser` and verdict on each beat;
/// `first_beat` out: the beat on `m_axis` is the first of its frame.
pub fn frame_gate(name: &str, spec: GateSpec) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let shape = Shape {
        data_bits: spec.data_bits,
        user_bits: spec.user_bits,
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let verdict = m.input("verdict", spec.verdict_bits);
    let verdict_valid = m.input("verdict_valid", 1);
    let out_ready = m.input("m_axis_tready", 1);

    let accept = m.forward("accept", 1);
    let in_frame = m.register("in_frame", 1, Reset::To(0));
    m.next_when(&in_frame, &accept, !&input.beat.last);
    let first = m.wire("first", &accept & !&in_frame);

    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let advance = m.wire("advance", !&out_valid | &out_ready);
    let take = m.forward("take", 1);
    let ends = m.forward("ends", 1);

    let beat = Beat {
        user: None,
        ..input.beat.clone()
    };
    let bare = Shape {
        user_bits: 0,
        ..shape
    };
    let packed = beat.pack();
    let queue = FifoSpec {
        style: spec.style,
        depth_words: spec.beats,
        width_bits: packed.width(),
        latency_cycles: if spec.style == MemoryStyle::Block {
            2
        } else {
            1
        },
        refuses: true,
    };
    let beats = Queue::new(&mut m, name, queue, "beats", &packed, &accept, &take)?;
    // Frames count from their first beat until their last has left: a cycle behind both, which are known late.
    let inside = m.register("frames_inside", bits_for(spec.frames), Reset::To(0));
    let began = m.delayed("began", Reset::To(0), &first);
    let ended = m.delayed("ended", Reset::To(0), &ends);
    let next = began.mux(&inside.plus(1), &inside.minus(1));
    m.next_when(&inside, &began ^ ended, next);
    let most = spec.frames as u64;
    let is_full = inside.is(most) | (began & inside.is(most - 1));
    let full = m.wire("is_full", is_full & !&in_frame);
    let room = m.output_from(beats.instance, "s_ready") & !full;
    let room = m.wire("has_room", room);
    m.drive(&accept, &input.valid & &room);
    m.drive(&input.ready, &room);
    let beat = bare.unpack(&beats.data);
    let per_frame = |data: &Expr| FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words: spec.frames,
        width_bits: data.width(),
        latency_cycles: 1,
        refuses: false,
    };
    let verdicts = Queue::new(
        &mut m,
        name,
        per_frame(&verdict),
        "verdicts",
        &verdict,
        &verdict_valid,
        &ends,
    )?;
    let users = match &input.beat.user {
        Some(user) => Some(Queue::new(
            &mut m,
            name,
            per_frame(user),
            "users",
            user,
            &first,
            &ends,
        )?),
        None => None,
    };
    m.drive(&take, &advance & &beats.valid & &verdicts.valid);
    m.drive(&ends, &take & &beat.last);

    m.next_when(&out_valid, &advance, &beats.valid & &verdicts.valid);
    let is_behind = m.register("is_behind", 1, Reset::To(0));
    m.next_when(&is_behind, &take, !&beat.last);
    let mut out = |name: &str, value: &Expr| m.captured(&format!("out_{name}"), &advance, value);
    let beat = Beat {
        data: out("data", &beat.data),
        keep: out("keep", &beat.keep),
        last: out("last", &beat.last),
        user: users.map(|users| out("user", &users.data)),
        dest: None,
    };
    let verdict = out("verdict", &verdicts.data);
    let first = out("first", &!&is_behind);
    axis::drive_master_port(&mut m, "m_axis", &beat, &out_valid);
    m.output_of("m_axis_verdict", &verdict);
    m.output_of("first_beat", &first);
    m.build()
}

/// A queue, seen from its output.
struct Queue {
    instance: Instance,
    data: Expr,
    valid: Expr,
}

impl Queue {
    fn new(
        m: &mut Module,
        name: &str,
        spec: FifoSpec,
        queue: &str,
        data: &Expr,
        push: &Expr,
        pop: &Expr,
    ) -> Result<Self, RtlError> {
        let instance = m.instance(queue, &fifo(&format!("{name}_{queue}"), spec)?);
        m.connect(instance, "s_data", data);
        m.connect(instance, "s_valid", push);
        m.connect(instance, "m_ready", pop);
        Ok(Self {
            instance,
            data: m.output_from(instance, "m_data"),
            valid: m.output_from(instance, "m_valid"),
        })
    }
}
