//! What is done to a frame.

use super::{EditorSpec, PLACE_BITS, queue};
use crate::blocks::fifo::fifo;
use crate::rtl::{Expr, Instance, Module, Reset, RtlError, bits_for, concat, zeros};

/// A word that is overwritten.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Whether it is: 1 bit.
    pub valid: Expr,
    /// Which word: [`PLACE_BITS`]. It must be in front of the place of the edit.
    pub at: Expr,
    /// Its bytes, the first lowest: 32 bits.
    pub word: Expr,
}

/// What is done to a frame.
#[derive(Clone, Debug)]
pub struct Command {
    /// The place: [`PLACE_BITS`].
    pub at: Expr,
    /// Words that are removed there; no bits where an editor never removes.
    pub remove: Option<Expr>,
    /// Words that are inserted there.
    pub insert: Expr,
    /// These words, the first lowest.
    pub words: Expr,
    /// The patches.
    pub patches: Vec<Patch>,
    /// `tuser` of the frame.
    pub user: Option<Expr>,
}

impl Command {
    /// Bits of the count of words to remove.
    pub fn remove_bits(spec: &EditorSpec) -> usize {
        bits_for(spec.most_remove_words)
    }

    /// Bits of the count of words to insert.
    pub fn insert_bits(spec: &EditorSpec) -> usize {
        bits_for(spec.most_insert_words)
    }

    /// The input ports of an editor, and `command_valid`.
    pub(super) fn declare(m: &mut Module, spec: &EditorSpec) -> (Self, Expr) {
        let valid = m.input("command_valid", 1);
        let at = m.input("command_at", PLACE_BITS);
        let remove = (spec.most_remove_words > 0)
            .then(|| m.input("command_remove", Self::remove_bits(spec)));
        let insert = m.input("command_insert", Self::insert_bits(spec));
        let words = m.input("command_words", 32 * spec.most_insert_words);
        let patches = (0..spec.patches.len())
            .map(|index| Patch {
                valid: m.input(&format!("command_patch{index}_valid"), 1),
                at: m.input(&format!("command_patch{index}_at"), PLACE_BITS),
                word: m.input(&format!("command_patch{index}_word"), 32),
            })
            .collect();
        let user = (spec.user_bits > 0).then(|| m.input("command_user", spec.user_bits));
        let command = Self {
            at,
            remove,
            insert,
            words,
            patches,
            user,
        };
        (command, valid)
    }

    /// Connects the command of an instance that has [driven](Self::drive) it to an editor.
    pub fn pass(m: &mut Module, from: Instance, editor: Instance, spec: &EditorSpec) {
        let mut ports: Vec<String> = ["valid", "at", "insert", "words"].map(String::from).into();
        ports.extend((spec.most_remove_words > 0).then(|| "remove".into()));
        ports.extend((spec.user_bits > 0).then(|| "user".into()));
        for index in 0..spec.patches.len() {
            ports.extend(["valid", "at", "word"].map(|part| format!("patch{index}_{part}")));
        }
        for port in ports.iter().map(|port| format!("command_{port}")) {
            let value = m.output_from(from, &port);
            m.connect(editor, &port, value);
        }
    }

    /// Connects it to an editor.
    pub fn connect(&self, m: &mut Module, editor: Instance, valid: &Expr) {
        m.connect(editor, "command_valid", valid);
        m.connect(editor, "command_at", &self.at);
        if let Some(remove) = &self.remove {
            m.connect(editor, "command_remove", remove);
        }
        m.connect(editor, "command_insert", &self.insert);
        m.connect(editor, "command_words", &self.words);
        for (index, patch) in self.patches.iter().enumerate() {
            m.connect(editor, &format!("command_patch{index}_valid"), &patch.valid);
            m.connect(editor, &format!("command_patch{index}_at"), &patch.at);
            m.connect(editor, &format!("command_patch{index}_word"), &patch.word);
        }
        if let Some(user) = &self.user {
            m.connect(editor, "command_user", user);
        }
    }

    /// Drives output ports that are called as those of an editor.
    pub fn drive(&self, m: &mut Module, valid: &Expr) {
        m.output_of("command_valid", valid);
        m.output_of("command_at", &self.at);
        if let Some(remove) = &self.remove {
            m.output_of("command_remove", remove);
        }
        m.output_of("command_insert", &self.insert);
        m.output_of("command_words", &self.words);
        for (index, patch) in self.patches.iter().enumerate() {
            m.output_of(&format!("command_patch{index}_valid"), &patch.valid);
            m.output_of(&format!("command_patch{index}_at"), &patch.at);
            m.output_of(&format!("command_patch{index}_word"), &patch.word);
        }
        if let Some(user) = &self.user {
            m.output_of("command_user", user);
        }
    }

    /// All fields, in the order of [`map`](Self::map).
    fn fields(&self) -> Vec<Expr> {
        let patches = self.patches.iter();
        [&self.at, &self.insert, &self.words]
            .into_iter()
            .chain(&self.remove)
            .chain(patches.flat_map(|patch| [&patch.valid, &patch.at, &patch.word]))
            .chain(&self.user)
            .cloned()
            .collect()
    }

    /// The same with other values: `take` gives each field by its width.
    fn map(&self, mut take: impl FnMut(usize) -> Expr) -> Self {
        let mut like = |expr: &Expr| take(expr.width());
        let (at, insert, words) = (like(&self.at), like(&self.insert), like(&self.words));
        Self {
            at,
            insert,
            words,
            remove: self.remove.as_ref().map(&mut like),
            patches: self
                .patches
                .iter()
                .map(|patch| Patch {
                    valid: like(&patch.valid),
                    at: like(&patch.at),
                    word: like(&patch.word),
                })
                .collect(),
            user: self.user.as_ref().map(&mut like),
        }
    }
}

/// The command of the frame that is next, in registers, with what follows from it.
pub(super) struct Front {
    pub(super) valid: Expr,
    /// The beat in which the edit begins; no bits where that is always the first.
    pub(super) beat: Option<Expr>,
    /// The lane in it.
    pub(super) lane: Expr,
    /// The lanes by which what is behind moves up.
    pub(super) rotate: Expr,
    /// The whole beats by which it moves.
    pub(super) beats: Expr,
    /// It moves towards the front.
    pub(super) shrinks: Expr,
    /// The lane in which inserted words end, and the beats from the first one to it.
    pub(super) end_lane: Expr,
    pub(super) end_beats: Expr,
    pub(super) words: Expr,
    pub(super) patches: Vec<Patch>,
    pub(super) user: Option<Expr>,
}

impl Front {
    pub(super) fn new(
        m: &mut Module,
        spec: &EditorSpec,
        name: &str,
        command: &Command,
        command_valid: &Expr,
        done: &Expr,
    ) -> Result<Self, RtlError> {
        let packed = concat(command.fields());
        let commands = fifo(
            &format!("{name}_commands"),
            queue(spec.queue_beats(), packed.width()),
        )?;
        let commands = m.instance("commands_queue", &commands);
        m.connect(commands, "s_data", &packed);
        m.connect(commands, "s_valid", command_valid);
        let (packed, waits) = (
            m.output_from(commands, "m_data"),
            m.output_from(commands, "m_valid"),
        );
        let mut offset = 0;
        let next = command.map(|bits| {
            offset += bits;
            packed.slice(offset - bits, bits)
        });

        let valid = m.register("command_here", 1, Reset::To(0));
        let fetch = m.wire("fetches_command", !&valid | done);
        m.next_when(&valid, &fetch, &waits);
        m.connect(commands, "m_ready", &fetch & &waits);
        let mut held = |name: &str, value: &Expr| m_captured(m, name, &fetch, value);

        let lane_bits = spec.lane_bits();
        let lane = next.at.resize(lane_bits);
        let beat =
            (spec.place_beats() > 1).then(|| next.at.slice(lane_bits, PLACE_BITS - lane_bits));
        let words = held("words", &next.words);
        let patches = next
            .patches
            .iter()
            .enumerate()
            .map(|(index, patch)| Patch {
                valid: held(&format!("patch{index}_valid"), &patch.valid),
                at: held(&format!("patch{index}_at"), &patch.at),
                word: held(&format!("patch{index}_word"), &patch.word),
            })
            .collect();
        let user = next.user.as_ref().map(|user| held("user", user));
        let (held_lane, held_beat) = (
            held("lane", &lane),
            beat.as_ref().map(|beat| held("place_beat", beat)),
        );

        // Words by which what is behind the place moves, in two's complement.
        let bits = next
            .insert
            .width()
            .max(Command::remove_bits(spec))
            .max(lane_bits)
            + 1;
        let moved = match &next.remove {
            None => next.insert.resize(bits),
            Some(remove) => m.wire("moved", next.insert.resize(bits) - remove.resize(bits)),
        };
        let sign = match next.remove {
            None => zeros(1),
            Some(_) => moved.bit(bits - 1),
        };
        let beats = moved.slice(lane_bits, bits - lane_bits);
        let beats = m.wire(
            "moved_beats",
            sign.mux(&(zeros(beats.width()) - &beats), &beats),
        );
        let end_bits =
            super::super::bits_for(spec.lanes() - 1 + spec.most_insert_words).max(lane_bits + 1);
        let end = m.wire(
            "insert_end",
            lane.resize(end_bits) + next.insert.resize(end_bits),
        );

        let mut held = |name: &str, value: &Expr| m_captured(m, name, &fetch, value);
        Ok(Self {
            lane: held_lane,
            beat: held_beat,
            rotate: held("rotate", &moved.slice(0, lane_bits)),
            beats: held("moves_beats", &beats),
            shrinks: if sign.is_zeros() {
                sign
            } else {
                held("shrinks", &sign)
            },
            end_lane: held("end_lane", &end.slice(0, lane_bits)),
            end_beats: held("end_beats", &end.slice(lane_bits, end_bits - lane_bits)),
            words,
            patches,
            user,
            valid,
        })
    }
}

fn m_captured(m: &mut Module, name: &str, enable: &Expr, value: &Expr) -> Expr {
    m.captured(&format!("next_{name}"), enable, value)
}
