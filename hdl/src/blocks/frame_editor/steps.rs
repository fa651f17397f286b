//! What the next beat of output is made of, and what is taken for it.

use super::command::Front;
use super::{EditorSpec, Waiting};
use crate::rtl::{Expr, Module, Reset, bits_for, ones, zeros};

/// A step: a beat of input is taken, or a beat of output made, or both.
///
/// Both go in step up to the place of the edit. There, a frame that grows by whole beats makes beats without taking any, one
/// that shrinks takes beats without making any. At the end the carry may make one more.
pub(super) struct Steps {
    /// There is a step in this cycle.
    pub(super) step: Expr,
    /// It takes the waiting beat.
    pub(super) pop: Expr,
    /// It makes a beat.
    pub(super) emit: Expr,
    /// It makes the first beat of a frame.
    pub(super) begins: Expr,
    /// It makes the last beat of a frame.
    pub(super) done: Expr,
    /// The number of the beat, up to the place; no bits where that is in the first beat.
    pub(super) position: Option<Expr>,
    /// The beat is in front of the place.
    pub(super) before: Expr,
    /// The beat is the one that holds the place, and has just come.
    pub(super) reached: Expr,
    /// The beat that is made is the first one at the place.
    pub(super) first: Expr,
    /// It is full of inserted words, up to its end; or holds their end.
    pub(super) inserts_on: Expr,
    pub(super) insert_ends: Expr,
    /// The number of its last byte.
    pub(super) top: Expr,
}

impl Steps {
    pub(super) fn new(
        m: &mut Module,
        spec: &EditorSpec,
        front: &Front,
        waiting: &Waiting,
        credit: &Expr,
    ) -> Self {
        let flushing = m.register("flushing", 1, Reset::To(0));
        let ready = credit & &front.valid & (&flushing | &waiting.valid);
        let step = m.wire("step", ready);

        let passed = m.register("passed", 1, Reset::To(0));
        let position = front
            .beat
            .as_ref()
            .map(|beat| m.register("position", beat.width(), Reset::To(0)));
        let here = match (&position, &front.beat) {
            (Some(position), Some(beat)) => position.equals(beat),
            _ => ones(1),
        };
        let at_place = m.wire("at_place", !&passed & here);
        let before = m.wire("is_ahead", !&passed & !&at_place);

        // Steps at the place that only take or only make.
        let counted = m.register("counted", front.beats.width(), Reset::To(0));
        let apart = m.wire("apart", &at_place & counted.differs(&front.beats));
        let pop = m.wire("takes", &step & !&flushing & !(&apart & !&front.shrinks));
        let emit = m.wire("makes", &step & (&flushing | !(&apart & &front.shrinks)));

        // The last byte moves up with the rest; past the beat it goes to one of its own.
        let unit = waiting.top.width();
        let moved = waiting.top.zero_extend(unit + 1)
            + crate::rtl::concat([zeros(2), front.rotate.clone()]).resize(unit + 1);
        let moved = m.wire("moved_top", moved);
        let spills = moved.bit(unit);
        let ends = m.wire("ends", &pop & &waiting.last);
        let done = m.wire("done", (&ends & !&spills) | (&step & &flushing));
        // The flush looks at what the last beat left; by then another beat waits.
        m.next_when(&flushing, &step, &ends & &spills);
        let top_left = m.captured("top_left", &step, moved.slice(0, unit));

        m.next_when(&passed, &step, !&done & (&passed | (&at_place & !&apart)));
        if let Some(position) = &position {
            let goes_on = before.mux(&position.plus(1), position);
            m.next_when(
                position,
                &step,
                done.mux(&zeros(position.width()), &goes_on),
            );
        }
        let count = apart.mux(&counted.plus(1), &counted);
        m.next_when(&counted, &step, done.mux(&zeros(counted.width()), &count));

        let under_way = m.register("under_way", 1, Reset::To(0));
        m.next_when(&under_way, &emit, !&done);

        // Beats that were made from the place on.
        let most = spec.most_span() + 1;
        let made = m.register("made", bits_for(most), Reset::To(0));
        let full = made.is(most as u64);
        let counts = &emit & !&before & !full;
        let next = counts.mux(&made.plus(1), &made);
        m.next_when(&made, &step, done.mux(&zeros(made.width()), &next));
        let bits = made.width().max(front.end_beats.width());
        let (so_far, end) = (made.resize(bits), front.end_beats.resize(bits));
        let full_top = ones(unit);
        let last_made = (&ends & !spills) | &flushing;
        let own_top = flushing.mux(&top_left, &moved.slice(0, unit));
        let top = m.wire("made_top", last_made.mux(&own_top, &full_top));
        Self {
            reached: m.wire("reached", &at_place & counted.is(0) & !&flushing),
            first: m.wire("first_made", !&before & made.is(0)),
            inserts_on: m.wire("inserts_on", !&before & so_far.less_than(&end)),
            insert_ends: m.wire("insert_ends", !&before & so_far.equals(&end)),
            begins: m.wire("begins", &emit & !under_way),
            step,
            pop,
            emit,
            done,
            position,
            before,
            top,
        }
    }
}
