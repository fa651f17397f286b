//! Round-robin choice among the cores that are enabled, while they change.

use std::sync::Arc;

use super::bits_for;
use crate::rtl::{
    Bits, Design, Expr, Module, Reset, RtlError, any_of, concat, lit, ones, when, zeros,
};

const DOC: &str = "\
Controlled sprayer: the next enabled core for each frame, in turn.

    load, enabled -> [ mask ] -> [ scan: group by group ] -> [ far ] -> [ near: core by core ] -> [ core ] ---> core
                                                                                      beat_sent, frame_done --^

A group is 16 cores. Groups without an enabled core are passed over, so each cycle finds a core: `scan` is a group
ahead of `far`, that one ahead of `near`, and `near` a core ahead of `core`.
A mask counts for all frames that begin in a cycle after that of its `load`; one that begins in this very cycle, or
before it, keeps its core. The turn goes on behind the core of the last frame that began.
Latency: 5 or 6 cycles from `load` to the next core; `core_valid` is 0 until then, and while no core is enabled.
Throughput: a frame a cycle between loads, however few cores are enabled and wherever they are.
Backpressure: no frame may begin while `core_valid` is 0. Reset: all cores enabled, core 0 comes first.
Storage: a flip-flop a core, two groups, four core numbers.
Source: state-compute replication, sections 3.1 and 3.2.";

const WEIGHTS_DOC: &str = "
A core keeps its turn for as many frames as `next_weight` said when it was taken; a `load` ends the turn. What is left
of it is kept in one more register.";

/// Cores that are searched in a cycle.
const GROUP: usize = 16;

/// A sprayer over those of `cores` cores that are enabled. Inputs `enabled`, one bit a core, and `load`: it counts from
/// the next cycle on; `beat_sent` in each cycle that sends a beat of a frame, with `frame_done` for its last. Outputs
/// `core`, constant within a frame; `core_valid`: a frame may begin; `frame_begins`: it does. Where a core may get more
/// than one frame in a row, up to `max_weight`, also `next_core` out, whose weight is `next_weight` in the same cycle.
pub fn controlled_sprayer(
    name: &str,
    cores: usize,
    max_weight: usize,
) -> Result<Arc<Design>, RtlError> {
    let weights_doc = if max_weight > 1 { WEIGHTS_DOC } else { "" };
    let mut m = Module::new(name, format!("{DOC}{weights_doc}"));
    let groups = cores.div_ceil(GROUP);
    let width = cores.min(GROUP);
    let enabled = m.input("enabled", cores);
    let load = m.input("load", 1);
    let sent = m.input("beat_sent", 1);
    let done = m.input("frame_done", 1);

    // Kept as what is off, so that reset clears it.
    let off = m.register("disabled", cores, Reset::To(0));
    m.next_when(&off, &load, !&enabled);
    let mask = m.wire("mask", !off);
    let empty = m.register("empty_groups", groups, Reset::To(0));
    let group_of = |mask: &Expr, group: usize| {
        let first = GROUP * group;
        mask.slice(first, width.min(cores - first))
            .zero_extend(width)
    };
    let empties = (0..groups).map(|group| !group_of(&enabled, group).any());
    let empties = m.wire("empties", concat(empties));
    m.next_when(&empty, &load, empties);

    let in_frame = m.register("in_frame", 1, Reset::To(0));
    let stays = m.wire("stays", (&in_frame | &sent) & !&done);
    m.next(&in_frame, &stays);
    let begins = m.wire("begins", &sent & !&in_frame);

    let core_bits = bits_for(cores - 1);
    let core = m.register("turn", core_bits, Reset::To(0));
    let valid = m.register("turn_valid", 1, Reset::To(1));
    let served = m.register("served", core_bits, Reset::To(cores as u64 - 1));
    m.next_when(&served, &begins, &core);

    // The scan starts in the group of the core that was served last, behind it.
    let restart = m.delayed("restart", Reset::To(0), &load);
    let far_loads = m.forward("far_loads", 1);
    let scan = Scan::new(&mut m, groups, &served, &restart, &far_loads, !empty);
    let behind = m.register("behind_served", 1, Reset::To(0));
    m.next_when(&behind, &restart | &far_loads, &restart);
    let above: Vec<Bits> = (0..width).map(|at| above(width, at)).collect();
    let above = m.rom(
        "above_served",
        &served.slice(0, bits_for(width - 1)),
        &above,
    );
    let scanned = match &scan.group {
        Some(group) => m.select_in("scanned", group, 0..=groups - 1, |at| group_of(&mask, at)),
        None => mask.clone(),
    };
    let wanted = behind.mux(&above, &ones(width));

    // What waits behind the next core: the rest of a group, and another group.
    // After reset that is the first group without core 0, and the group after it.
    let members = |group: usize| (1 << width.min(cores - GROUP * group)) - 1;
    let behind_core_0 = if cores == 1 { 1 } else { members(0) - 1 };
    let near = m.register("near", width, Reset::To(behind_core_0));
    let rest = m.wire("near_rest", &near & near.minus(1));
    let lowest = m.wire("near_lowest", &near & !&rest);
    let turn = (max_weight > 1).then(|| Turn::declare(&mut m, max_weight));
    let moves = match &turn {
        Some(turn) => m.wire("turn_ends", &done & !&turn.goes_on),
        None => done.clone(),
    };
    let take = m.wire("take", near.any() & (!&valid | &moves));
    let near_ends = m.wire("near_ends", !near.any() | (&take & !rest.any()));
    let far_valid = m.register("far_valid", 1, Reset::To(1));
    let far = m.register("far", width, Reset::To(members(1 % groups)));
    m.next_when(&far, &far_loads, scanned & wanted);
    m.drive(&far_loads, (!&far_valid | &near_ends) & !&restart);
    m.next(
        &far_valid,
        ((&far_loads & scan.any) | (&far_valid & !&near_ends)) & !&load,
    );
    let next_near = when(&load, zeros(width))
        .or_when(&near_ends, far.gated_by(&far_valid))
        .otherwise(take.mux(&rest, &near));
    m.next(&near, next_near);

    let mut next_core = number(&lowest);
    if let Some(group) = &scan.group {
        let far_group = m.register("far_group", group.width(), Reset::To(1));
        m.next_when(&far_group, &far_loads, group);
        let near_group = m.register("near_group", group.width(), Reset::To(0));
        m.next_when(&near_group, &near_ends, far_group);
        next_core = concat([next_core, near_group]);
    }
    if let Some(turn) = turn {
        next_core = m.wire("core_ahead", next_core);
        m.output_of("next_core", &next_core);
        turn.count(&mut m, &load, &take, &done);
    }
    m.next_when(&core, &take, next_core);
    m.next(&valid, load.mux(&stays, &(near.any() | (&valid & !&moves))));

    m.output_of("core", &core);
    m.output_of("core_valid", &valid);
    m.output_of("frame_begins", &begins);
    m.build()
}

/// The frames that a core gets in a row.
struct Turn {
    weight: Expr,
    /// Those that it may still get, with the one that is being sent.
    left: Expr,
    /// There is one behind the one that is being sent.
    goes_on: Expr,
}

impl Turn {
    fn declare(m: &mut Module, max_weight: usize) -> Self {
        let bits = bits_for(max_weight);
        let weight = m.input("next_weight", bits);
        let left = m.register("turn_left", bits, Reset::To(1));
        let goes_on = m.wire("turn_goes_on", left.slice(1, bits - 1).any());
        Self {
            weight,
            left,
            goes_on,
        }
    }

    fn count(&self, m: &mut Module, load: &Expr, take: &Expr, done: &Expr) {
        let next = when(load, lit(self.left.width(), 1))
            .or_when(take, &self.weight)
            .or_when(done & &self.goes_on, self.left.minus(1))
            .otherwise(&self.left);
        m.next(&self.left, next);
    }
}

/// The group that is looked at.
struct Scan {
    /// Its number, if there is more than one.
    group: Option<Expr>,
    /// A core is enabled in some group.
    any: Expr,
}

impl Scan {
    /// A scan over the groups whose bit in `filled` is 1, from the group of `served` on when `restart` is 1.
    fn new(
        m: &mut Module,
        groups: usize,
        served: &Expr,
        restart: &Expr,
        advance: &Expr,
        filled: Expr,
    ) -> Self {
        let filled = m.wire("filled_groups", filled);
        let any = filled.any();
        if groups == 1 {
            return Self { group: None, any };
        }
        let bits = bits_for(groups - 1);
        let group = m.register("scan_group", bits, Reset::To(2 % groups as u64));
        let above: Vec<Bits> = (0..groups).map(|at| above(groups, at)).collect();
        let above = &filled & m.rom("above_group", &group, &above);
        let above = m.wire("filled_above", above);
        let ahead = m.wire("filled_ahead", above.any().mux(&above, &filled));
        let lowest = m.wire("next_group", &ahead & !(&ahead & ahead.minus(1)));
        let low_bits = bits_for(GROUP - 1);
        let of_served = served.slice(low_bits, bits);
        m.next_when(
            &group,
            restart | advance,
            restart.mux(&of_served, &number(&lowest)),
        );
        Self {
            group: Some(group),
            any,
        }
    }
}

/// Ones above a position.
fn above(width: usize, position: usize) -> Bits {
    Bits::from_fn(width, |bit| bit > position)
}

/// The position of the one bit that is set.
fn number(one_hot: &Expr) -> Expr {
    let bits = bits_for(one_hot.width() - 1);
    concat((0..bits).map(|bit| {
        let positions = (0..one_hot.width()).filter(|position| position >> bit & 1 == 1);
        any_of(positions.map(|position| one_hot.bit(position)))
    }))
}
