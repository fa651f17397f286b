//! Cuts words out of frames, puts words in, and overwrites words in front of that place.

mod command;
mod lanes;
mod steps;

use std::ops::RangeInclusive;
use std::sync::Arc;

pub use command::{Command, Patch};

use super::axis::{self, Beat, Shape, SlavePort};
use super::fifo::{FifoSpec, fifo};
use super::header_window::WINDOW_BYTES;
use crate::rtl::{Design, Expr, MemoryStyle, Module, Reset, RtlError, concat};
use command::Front;
use steps::Steps;

const DOC: &str = "\
Frame editor: at one place of a frame it removes words and inserts others; words in front of it are overwritten.

    s_axis --> [ beats ] --> [ steps ] -> [ patch ] -> [ rotate ] -+-> [ merge ] --> [ queue ] --> m_axis
    command -> [ queue ] ------^  |                      [ carry ]-+     ^  ^
                                  +-> [ words to insert, rotated ] ------+  |
                                  +-> straight: what is in front of it -----+

A place is a word index w: bytes 4w+2 to 4w+5 of the frame, as all layer-3 and layer-4 headers begin at 2 mod 4.
What is behind the place moves by whole words: each beat is rotated, and what does not fit waits in the carry. A
beat of output is made of at most four things: the beat as it is, inserted words, the rotated beat, the carry.
Each frame has one command, in the order of the frames; it may come any time after the frame's first beat. It holds the
place, counts of words to remove and to insert, the words, patches (words to overwrite, in front of the place), tuser.
The frame must hold all that is removed or overwritten. All zeros leave a frame alone.
Latency: 3 cycles from the port to the steps, and from there with the command 6 cycles at 64 and 128 bits, 7 up to 512, 8
above. Throughput: one output beat a cycle; a frame costs as many cycles as it has beats, going in or coming out,
whichever is more. Backpressure: in whole; beats in flight are counted, so that nothing behind `steps` ever stops.
Reset: empty. Storage: queues of beats, commands and results in distributed RAM; the registers of each stage.";

/// Cycles from the last beat that a header window takes to its frame's command in a register, at most: what a source needs, and
/// some.
const COMMAND_CYCLES: usize = 26;
/// Places in the queue of beats that are left empty. Commands wait for frames that are there, and so have room.
const SPARE_BEATS: usize = 2;
/// Beats behind the steps, at most: more than the stages there, so that a full pipeline moves.
const MOST_IN_FLIGHT: usize = 16;

/// What an editor must be able to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorSpec {
    /// Bits of the bus.
    pub data_bits: usize,
    /// Bits of `tuser`, which the command gives; 0: none.
    pub user_bits: usize,
    /// Words that are inserted, at most; at least 1.
    pub most_insert_words: usize,
    /// Words that are removed, at most.
    pub most_remove_words: usize,
    /// The word indices that each patch can have.
    pub patches: Vec<RangeInclusive<usize>>,
}

/// Bits of a word index within the header window.
pub const PLACE_BITS: usize = 5;
/// The last place: what is in front of it, and no word behind, is whole in the window.
pub const LAST_PLACE: usize = (WINDOW_BYTES - 2) / 4;

impl EditorSpec {
    /// Words of a beat.
    fn lanes(&self) -> usize {
        self.data_bits / 32
    }

    /// Bits of a lane number.
    fn lane_bits(&self) -> usize {
        self.lanes().ilog2() as usize
    }

    /// Beats in which an edit can begin.
    fn place_beats(&self) -> usize {
        (LAST_PLACE / self.lanes()) + 1
    }

    /// Beats that wait for commands: those of a header window, and those that come until its command is there.
    fn queue_beats(&self) -> usize {
        let window = WINDOW_BYTES.div_ceil(self.data_bits / 8);
        (window + COMMAND_CYCLES + SPARE_BEATS).next_power_of_two()
    }

    /// Beats that inserted words can reach beyond the one in which they begin.
    fn most_span(&self) -> usize {
        self.most_insert_words.div_ceil(self.lanes())
    }

    /// Stages of a rotation: each chooses among four.
    fn rotate_stages(&self) -> usize {
        self.lane_bits().div_ceil(2)
    }

    fn shape(&self) -> Shape {
        Shape {
            data_bits: self.data_bits,
            user_bits: self.user_bits,
            dest_bits: 0,
        }
    }
}

/// An editor. Ports `s_axis_*` without `tuser`, `m_axis_*`, and the [`Command`]: `command_valid` for one cycle a frame,
/// with the other `command_*`. `accept` out: a beat is accepted, for those who look at frames on their way in.
pub fn frame_editor(name: &str, spec: &EditorSpec) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let input = SlavePort::declare(
        &mut m,
        "s_axis",
        Shape {
            user_bits: 0,
            ..spec.shape()
        },
    );
    let (command, command_valid) = Command::declare(&mut m, spec);
    let out_ready = m.input("m_axis_tready", 1);

    let pop = m.forward("pop", 1);
    let accept = m.forward("accepts", 1);
    let waiting = Waiting::new(&mut m, spec, name, &input.beat, &accept, &pop)?;
    let may_come = room(
        &mut m,
        "ahead",
        spec.queue_beats() - SPARE_BEATS,
        &accept,
        &pop,
    );
    m.drive(&accept, &input.valid & &may_come);
    m.drive(&input.ready, &may_come);
    m.output_of("accept", &accept);

    let done = m.forward("frame_done", 1);
    let front = Front::new(&mut m, spec, name, &command, &command_valid, &done)?;
    let leaves = m.forward("leaves", 1);
    let emits = m.forward("emits", 1);
    let credit = room(&mut m, "in_flight", MOST_IN_FLIGHT, &emits, &leaves);
    let steps = Steps::new(&mut m, spec, &front, &waiting, &credit);
    m.drive(&pop, &steps.pop);
    m.drive(&done, &steps.done);
    m.drive(&emits, &steps.emit);

    let made = lanes::beats(&mut m, spec, &front, &waiting.data, &steps);
    let results = m.instance(
        "results_queue",
        &fifo(
            &format!("{name}_results"),
            queue(MOST_IN_FLIGHT, made.beat.width()),
        )?,
    );
    m.connect(results, "s_data", &made.beat);
    m.connect(results, "s_valid", &made.valid);
    let (packed, out_valid) = (
        m.output_from(results, "m_data"),
        m.output_from(results, "m_valid"),
    );
    m.drive(&leaves, &out_valid & &out_ready);
    m.connect(results, "m_ready", &leaves);
    let shape = Shape {
        user_bits: 0,
        ..spec.shape()
    };
    let beat = shape.unpack(&packed);
    let user = front.user.as_ref().map(|user| -> Result<Expr, RtlError> {
        // One for each frame, which is there before its first beat.
        let users = m.instance(
            "users_queue",
            &fifo(
                &format!("{name}_users"),
                queue(2 * MOST_IN_FLIGHT, user.width()),
            )?,
        );
        m.connect(users, "s_data", user);
        m.connect(users, "s_valid", &steps.begins);
        m.connect(users, "m_ready", &leaves & &beat.last);
        Ok(m.output_from(users, "m_data"))
    });
    let beat = Beat {
        user: user.transpose()?,
        ..beat
    };
    axis::drive_master_port(&mut m, "m_axis", &beat, &out_valid);
    m.build()
}

/// 1 while fewer than `most` have come in that have not gone out.
fn room(m: &mut Module, name: &str, most: usize, comes: &Expr, goes: &Expr) -> Expr {
    let count = m.register(name, super::bits_for(most), Reset::To(0));
    m.next_when(
        &count,
        comes ^ goes,
        comes.mux(&count.plus(1), &count.minus(1)),
    );
    m.wire(&format!("{name}_has_room"), !count.is(most as u64))
}

fn queue(depth_words: usize, width_bits: usize) -> FifoSpec {
    FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words,
        width_bits,
        latency_cycles: 1,
        refuses: false,
    }
}

/// The beat that is next.
struct Waiting {
    data: Expr,
    /// The number of its last byte.
    top: Expr,
    last: Expr,
    valid: Expr,
}

impl Waiting {
    /// Beats are queued with the number of their last byte instead of `tkeep`. What the steps look at stands in a register;
    /// the data need none, they come from the queue into the first stage.
    fn new(
        m: &mut Module,
        spec: &EditorSpec,
        name: &str,
        beat: &Beat,
        accept: &Expr,
        pop: &Expr,
    ) -> Result<Self, RtlError> {
        let top = axis::top_byte(&beat.keep);
        let data = m.delayed("taken_data", Reset::None, &beat.data);
        let about = m.delayed(
            "taken_about",
            Reset::None,
            concat([top.clone(), beat.last.clone()]),
        );
        let taken = m.delayed("taken", Reset::To(0), accept);

        let beats = m.instance(
            "beats_queue",
            &fifo(
                &format!("{name}_beats"),
                queue(spec.queue_beats(), spec.data_bits),
            )?,
        );
        m.connect(beats, "s_data", &data);
        m.connect(beats, "s_valid", &taken);
        m.connect(beats, "m_ready", pop);
        let data = m.output_from(beats, "m_data");
        let ends = m.instance(
            "ends_queue",
            &fifo(
                &format!("{name}_ends"),
                queue(spec.queue_beats(), about.width()),
            )?,
        );
        m.connect(ends, "s_data", &about);
        m.connect(ends, "s_valid", &taken);
        let (about, about_valid) = (
            m.output_from(ends, "m_data"),
            m.output_from(ends, "m_valid"),
        );

        let valid = m.register("beat_valid", 1, Reset::To(0));
        let fetch = m.wire("fetches_beat", !&valid | pop);
        m.next_when(&valid, &fetch, &about_valid);
        m.connect(ends, "m_ready", &fetch & &about_valid);
        let about = m.captured("about_beat", &fetch, &about);
        Ok(Self {
            data,
            top: about.slice(0, top.width()),
            last: about.bit(top.width()),
            valid,
        })
    }
}
