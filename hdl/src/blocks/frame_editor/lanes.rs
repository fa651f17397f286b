//! The stages that make beats: patch, rotate, merge.

use super::command::{Front, Patch};
use super::steps::Steps;
use super::{EditorSpec, PLACE_BITS};
use crate::rtl::{Expr, Module, Reset, concat, lit, ones, zeros};

/// A beat with its end, packed, on its way into the queue of results.
pub(super) struct Made {
    pub(super) beat: Expr,
    pub(super) valid: Expr,
}

/// A value that goes through stages beside the data.
fn later(m: &mut Module, name: &str, value: &Expr, stages: usize) -> Expr {
    staged(m, name, value, 0..stages)
}

fn staged(m: &mut Module, name: &str, value: &Expr, stages: std::ops::Range<usize>) -> Expr {
    stages.fold(value.clone(), |value, stage| match value.is_const() {
        true => value,
        false => m.delayed(&format!("{name}_{stage}"), Reset::None, &value),
    })
}

pub(super) fn beats(
    m: &mut Module,
    spec: &EditorSpec,
    front: &Front,
    data: &Expr,
    steps: &Steps,
) -> Made {
    let lanes = spec.lanes();
    // Stage 0 holds the beat, stage 1 the patched one, and one more each part of the rotation.
    let rotated_at = 2 + spec.rotate_stages();
    let raw = m.delayed("data_0", Reset::None, data);
    let hits = Hits::new(m, spec, front, steps);
    let patched = hits.overwrite(m, spec, &raw);
    let patched = m.delayed("data_1", Reset::None, &patched);

    let rotate = amounts(m, spec, "rotate", &front.rotate);
    let moved = concat(shifted(
        m,
        spec,
        "moved",
        split(&patched),
        &rotate,
        Some(lanes),
    ));
    let straight = staged(m, "straight", &patched, 2..rotated_at);

    // Control beside the data, as it stands with the rotated beat.
    let mut flag = |name: &str, value: &Expr| later(m, name, value, rotated_at);
    let first = flag("first", &steps.first);
    let before = flag("is_ahead", &steps.before);
    let reached = flag("reached", &steps.reached);
    let inserts_on = flag("inserts_on", &steps.inserts_on);
    let insert_ends = flag("insert_ends", &steps.insert_ends);
    let shrinks = flag("shrinks", &front.shrinks);
    let end_lane = flag("end_lane", &front.end_lane);
    let top = flag("top", &steps.top);
    let ends = flag("done", &steps.done);
    let step = valid(m, "step", &steps.step, 0..rotated_at);
    let emit = valid(m, "emit", &steps.emit, 0..rotated_at);
    let lanes_of_place = amounts(m, spec, "lane", &front.lane);
    let now = spec.rotate_stages();
    let (rotate, lane) = (&rotate[now], &lanes_of_place[now]);

    // The carry is the beat before, rotated; the lanes below the rotation come from it.
    let carry = m.captured("carry", &step, &moved);
    let behind: Vec<Expr> = (0..lanes)
        .map(|index| {
            let from_carry = is_above(rotate, index);
            let part = |beat: &Expr| beat.slice(32 * index, 32);
            from_carry.mux(&part(&carry), &part(&moved))
        })
        .collect();
    let behind = m.delayed("behind", Reset::None, concat(behind));
    let held = match shrinks.is_const() {
        true => None,
        false => Some(m.captured("held", &step & &reached, &straight)),
    };
    let in_front = match &held {
        None => straight,
        Some(held) => (&shrinks & &first).mux(held, &straight),
    };
    let in_front = m.delayed("in_front", Reset::None, in_front);
    let inserted = inserted(m, spec, front, &lanes_of_place, &first, &emit);

    // Halves of lanes: the place is in the middle of one.
    let (mut is_front, mut is_inserted) = (Vec::new(), Vec::new());
    for half in 0..2 * lanes {
        let below = |limit: &Expr| match half % 2 {
            0 => at_most(half / 2, limit),
            _ => is_above(limit, half / 2),
        };
        is_front.push(&before | (&first & below(lane)));
        is_inserted.push(&inserts_on | (&insert_ends & below(&end_lane)));
    }
    let is_front = m.delayed("is_front", Reset::None, concat(is_front));
    let is_inserted = m.delayed("is_inserted", Reset::None, concat(is_inserted));
    let halves = (0..2 * lanes).map(|half| {
        let part = |value: &Expr| value.slice(16 * half, 16);
        let rest = is_inserted.bit(half).mux(&part(&inserted), &part(&behind));
        is_front.bit(half).mux(&part(&in_front), &rest)
    });
    let made = m.delayed("made_data", Reset::None, concat(halves.collect::<Vec<_>>()));

    let keep = kept(m, spec.data_bits / 8, &top);
    let keep = m.delayed("made_keep", Reset::None, keep);
    let last = staged(m, "done", &ends, rotated_at..rotated_at + 2);
    Made {
        beat: concat([made, keep, last]),
        valid: valid(m, "emit", &emit, rotated_at..rotated_at + 2),
    }
}

/// The bytes up to the top one, a cycle later. In two steps, by groups of 8 bytes: in one, with 256 bytes, it would be the deepest
/// path.
fn kept(m: &mut Module, bytes: usize, top: &Expr) -> Expr {
    let (group_bits, groups) = (top.width() - 3, bytes / 8);
    let of_groups = |m: &mut Module, name: &str, of: &dyn Fn(&Expr, u64) -> Expr| match groups {
        1 => None,
        _ => {
            let group = top.slice(3, group_bits);
            let groups = (0..groups as u64).map(|number| of(&group, number));
            Some(m.delayed(name, Reset::None, concat(groups.collect::<Vec<_>>())))
        }
    };
    let above = of_groups(m, "groups_below_top", &|group, number| {
        is_above(group, number as usize)
    });
    let same = of_groups(m, "group_of_top", &|group, number| group.is(number));
    let low = (0..8).map(|byte| at_most(byte, &top.slice(0, 3)));
    let low = m.delayed("bytes_of_top", Reset::None, concat(low.collect::<Vec<_>>()));
    let keep = (0..bytes).map(|byte| {
        let low = low.bit(byte % 8);
        match (&above, &same) {
            (Some(above), Some(same)) => above.bit(byte / 8) | (same.bit(byte / 8) & low),
            _ => low,
        }
    });
    concat(keep.collect::<Vec<_>>())
}

/// As [`staged`], and 0 after reset.
fn valid(m: &mut Module, name: &str, value: &Expr, stages: std::ops::Range<usize>) -> Expr {
    stages.fold(value.clone(), |value, stage| {
        m.delayed(&format!("{name}_{stage}"), Reset::To(0), &value)
    })
}

/// 1 when `least <= value`.
fn at_most(least: usize, value: &Expr) -> Expr {
    match least {
        0 => ones(1),
        least => value.at_least(&lit(value.width(), least as u64)),
    }
}

/// 1 when `value > below`.
fn is_above(value: &Expr, below: usize) -> Expr {
    match (below + 1) >> value.width() {
        0 => at_most(below + 1, value),
        _ => zeros(1),
    }
}

fn split(words: &Expr) -> Vec<Expr> {
    (0..words.width() / 32)
        .map(|index| words.slice(32 * index, 32))
        .collect()
}

/// A number of lanes as it stands before each stage of a rotation, and behind the last.
fn amounts(m: &mut Module, spec: &EditorSpec, name: &str, amount: &Expr) -> Vec<Expr> {
    let mut amounts = vec![later(m, name, amount, 2)];
    for stage in 0..spec.rotate_stages() {
        amounts.push(staged(m, name, &amounts[stage], stage + 2..stage + 3));
    }
    amounts
}

/// Words moved up by `amounts`, a stage for every two bits of it; in a ring, or into as much room as they need.
fn shifted(
    m: &mut Module,
    spec: &EditorSpec,
    name: &str,
    mut words: Vec<Expr>,
    amounts: &[Expr],
    ring: Option<usize>,
) -> Vec<Expr> {
    for (stage, amount) in amounts[..spec.rotate_stages()].iter().enumerate() {
        let bits = (spec.lane_bits() - 2 * stage).min(2);
        let unit = 1 << (2 * stage);
        let most = ((1 << bits) - 1) * unit;
        let count = ring.unwrap_or(words.len() + most);
        let by = |distance: usize| {
            let word = |index: usize| match (ring, index.checked_sub(distance)) {
                (Some(lanes), _) => words[(index + lanes - distance) % lanes].clone(),
                (None, Some(from)) if from < words.len() => words[from].clone(),
                (None, _) => zeros(32),
            };
            concat((0..count).map(word))
        };
        let arms = (0..1 << bits).map(|digit| by(digit * unit)).collect();
        let digit = amount.slice(2 * stage, bits);
        let chosen = m.select(
            &format!("{name}_by_{stage}"),
            &digit,
            arms,
            zeros(32 * count),
        );
        words = split(&m.delayed(&format!("{name}_{}", stage + 2), Reset::None, chosen));
    }
    words
}

/// The inserted words of a beat, where they stand in it.
fn inserted(
    m: &mut Module,
    spec: &EditorSpec,
    front: &Front,
    lane: &[Expr],
    first: &Expr,
    emit: &Expr,
) -> Expr {
    let (bits, lanes) = (spec.data_bits, spec.lanes());
    let mut words = split(&later(m, "words", &front.words, 2));
    // Words that fit a beat stand in a ring: the second beat that holds some of them has them in other lanes.
    if words.len() <= lanes {
        words.resize(lanes, zeros(32));
        let ring = concat(shifted(m, spec, "inserted", words, lane, Some(lanes)));
        let turned = concat([ring.slice(bits - 16, 16), ring.slice(0, bits - 16)]);
        return m.captured("inserted", emit & first, turned);
    }
    let words = concat(shifted(m, spec, "inserted", words, lane, None));
    let beats = (16 + words.width()).div_ceil(bits);
    let room = zeros(beats * bits);
    let all = concat([zeros(16), words, room.clone()]).resize(beats * bits);
    let rest = m.register("inserted", beats * bits, Reset::None);
    let following = concat([rest.slice(bits, (beats - 1) * bits), room.slice(0, bits)]);
    m.next_when(&rest, emit, first.mux(&all, &following));
    rest.slice(0, bits)
}

/// Which patches hit a beat.
struct Hits {
    patches: Vec<Hit>,
}

struct Hit {
    /// Where it can be.
    reach: std::ops::RangeInclusive<usize>,
    /// The beat holds its first half, its second half.
    here: [Expr; 2],
    /// The lanes of these.
    lanes: [Expr; 2],
    word: Expr,
}

impl Hits {
    fn new(m: &mut Module, spec: &EditorSpec, front: &Front, steps: &Steps) -> Self {
        let enabled = m.wire("may_patch", &steps.before | &steps.reached);
        let mut patches = Vec::new();
        for (index, Patch { valid, at, word }) in front.patches.iter().enumerate() {
            let behind = m.wire(&format!("behind_patch{index}"), at.plus(1));
            let valid = m.wire(&format!("patches{index}"), valid & &enabled);
            let mut half = |half: usize, at: &Expr| {
                let lane_bits = spec.lane_bits();
                let here = match &steps.position {
                    None => valid.clone(),
                    Some(position) => {
                        let beat = at.slice(lane_bits, PLACE_BITS - lane_bits);
                        &valid & beat.equals(position)
                    }
                };
                let name = |what: &str| format!("patch{index}_{what}{half}");
                (
                    m.delayed(&name("here"), Reset::None, here),
                    m.delayed(&name("lane"), Reset::None, at.resize(lane_bits)),
                )
            };
            let ((here, lane), (here_too, lane_too)) = (half(0, at), half(1, &behind));
            patches.push(Hit {
                reach: spec.patches[index].clone(),
                here: [here, here_too],
                lanes: [lane, lane_too],
                word: m.delayed(&format!("patch{index}_word_0"), Reset::None, word),
            });
        }
        Self { patches }
    }

    /// The beat with the patches over it.
    fn overwrite(&self, m: &mut Module, spec: &EditorSpec, beat: &Expr) -> Expr {
        let lanes = spec.lanes();
        let halves = (0..2 * lanes).map(|half| {
            // Odd halves of lanes begin a word, even ones end the word of the lane before.
            let (part, lane) = (1 - half % 2, half / 2);
            let original = beat.slice(16 * half, 16);
            let over = self.patches.iter().filter(|patch| {
                patch
                    .reach
                    .clone()
                    .any(|place| (place + part) % lanes == lane)
            });
            over.fold(original, |value, patch| {
                let hit = &patch.here[part] & patch.lanes[part].is(lane as u64);
                hit.mux(&patch.word.slice(16 * part, 16), &value)
            })
        });
        m.wire("patched", concat(halves.collect::<Vec<_>>()))
    }
}
