//! The words that a source inserts.

use seqnic_spec::int::{Encapsulation, Instruction, Int, IntMode, VERSION, kind, npt};

use super::{Choice, Frame, WORDS_KNOWN};
use crate::blocks::int_parser::half;
use crate::blocks::int_transit::values;
use crate::blocks::metadata_stack;
use crate::blocks::timed::Timed;
use crate::rtl::{Expr, Module, bits_for, concat, lit, ones, zeros};

/// How many words there are, from the configuration alone.
pub(super) struct Shape {
    /// A UDP header is in front of the shim.
    pub own_udp: bool,
    /// Words of that, of shim and INT header.
    pub fixed_words: usize,
    /// Words behind them, when they fit.
    pub behind_words: usize,
    /// Without these words the frame still gets a header.
    pub may_leave_words: bool,
}

impl Shape {
    pub fn of(node: &Int) -> Self {
        let own_udp = matches!(node.encapsulation(), Some(Encapsulation::Protocol(_)));
        let is_md = node.mode() == IntMode::Md;
        let embedding = node.embedding();
        let source_only = embedding.map_or(0, |embedding| embedding.source_only.len());
        let pushes = embedding.is_some_and(|embedding| embedding.push);
        Self {
            own_udp,
            fixed_words: 4 + if own_udp { 2 } else { 0 },
            behind_words: match (is_md, pushes) {
                (true, true) => node.hop_words() + source_only,
                (true, false) => 0,
                (false, _) => source_only,
            },
            may_leave_words: is_md && pushes,
        }
    }

    pub fn most_words(&self) -> usize {
        self.fixed_words + self.behind_words
    }
}

/// The words, in the order of the wire, each known in cycle [`WORDS_KNOWN`].
pub(super) struct Words {
    words: Vec<Timed>,
    /// Numbers of 16 bits that have the same sum as the halves of all words that are inserted.
    pub halves: Vec<Expr>,
    /// What takes the place of the last word, and when.
    last: Option<(Expr, Expr)>,
}

impl Words {
    pub fn new(
        m: &mut Module,
        node: &Int,
        shape: &Shape,
        frame: &mut Frame,
        choice: &mut Choice,
    ) -> Self {
        const BEFORE: usize = WORDS_KNOWN - 1;
        let pushes = choice.pushes.at(m, BEFORE);
        let mut words = Vec::new();
        if let (Some(Encapsulation::Protocol(port)), Some(hash)) =
            (node.encapsulation(), &mut frame.hash)
        {
            let entropy = concat([hash.at(m, BEFORE).slice(0, 14), ones(2)]);
            words.push(word(m, "ports", [entropy, lit(16, port.into())]));
            let growth = concat([zeros(2), Self::count(shape, &pushes)]).resize(16);
            let length = frame.payload_bytes.at(m, BEFORE) + growth;
            words.push(word(m, "lengths", [length, zeros(16)]));
        }
        let length = pushes.mux(&lit(8, 3 + shape.behind_words as u64), &lit(8, 3));
        let original = original(m, node, frame, BEFORE);
        let (kind, npt) = kinds(node);
        words.push(word(
            m,
            "shim",
            [concat([length, lit(8, kind << 4 | npt << 2)]), original],
        ));
        let exceeds = choice.exceeds.at(m, BEFORE);
        words.extend(header(m, node, &exceeds, &pushes));
        let fixed = words.len();
        words.extend(behind(m, node, shape, frame, BEFORE));

        let (mut halves, mut constants) = (Vec::new(), [0, 0]);
        let mut staged = Vec::new();
        for (index, value) in words.into_iter().enumerate() {
            let value =
                Timed::staged(m, &format!("word{index}"), WORDS_KNOWN, value).at(m, WORDS_KNOWN);
            let is_behind = usize::from(index >= fixed);
            match value.as_constant() {
                Some(word) => {
                    let number = (word as u32).swap_bytes();
                    constants[is_behind] += u64::from(number >> 16) + u64::from(number & 0xffff);
                }
                None => {
                    let pushes = choice.pushes.at(m, WORDS_KNOWN);
                    let number = |part: usize| half(&value, part);
                    halves.extend([0, 1].map(|part| match is_behind {
                        0 => number(part),
                        _ => number(part).gated_by(&pushes),
                    }));
                }
            }
            staged.push(Timed::new(&format!("word{index}"), WORDS_KNOWN, &value));
        }
        for (constant, is_behind) in constants.into_iter().zip([false, true]) {
            let mut folded = constant;
            while folded > 0xffff {
                folded = (folded & 0xffff) + (folded >> 16);
            }
            let constant = lit(16, folded);
            match is_behind {
                _ if folded == 0 => {}
                false => halves.push(constant),
                true => halves.push(constant.gated_by(&choice.pushes.at(m, WORDS_KNOWN))),
            }
        }
        Self {
            words: staged,
            halves,
            last: None,
        }
    }

    /// How many there are.
    pub fn count(shape: &Shape, pushes: &Expr) -> Expr {
        let bits = bits_for(shape.most_words());
        let lit = |words: usize| lit(bits, words as u64);
        pushes.mux(&lit(shape.most_words()), &lit(shape.fixed_words))
    }

    /// Another last word, where the flag is 1.
    pub fn set_last(&mut self, flag: Expr, word: Expr) {
        self.last = Some((flag, word));
    }

    /// All of them in a cycle, side by side.
    pub fn all(&mut self, m: &mut Module, cycle: usize) -> Expr {
        let mut words: Vec<Expr> = self
            .words
            .iter_mut()
            .map(|word| word.at(m, cycle))
            .collect();
        if let (Some(last), Some((flag, other))) = (words.last_mut(), &self.last) {
            *last = flag.mux(other, last);
        }
        concat(words)
    }
}

/// A word of two numbers, as on the wire.
fn word(m: &mut Module, name: &str, halves: [Expr; 2]) -> Expr {
    let mut named = |part: usize| {
        let half = &halves[part];
        m.wire(&format!("{name}_half{part}"), half).swap_bytes()
    };
    let first = named(0);
    concat([first, named(1)])
}

/// Kind of the header and NPT.
fn kinds(node: &Int) -> (u64, u64) {
    let kind = match node.mode() {
        IntMode::Mx => kind::MX,
        _ => kind::MD,
    };
    let npt = match node.encapsulation() {
        Some(Encapsulation::Port(_)) => npt::PORT,
        Some(Encapsulation::Protocol(_)) => npt::PROTOCOL,
        _ => npt::DSCP,
    };
    (kind.into(), npt.into())
}

/// What the sink restores.
fn original(m: &mut Module, node: &Int, frame: &mut Frame, cycle: usize) -> Expr {
    match node.encapsulation() {
        Some(Encapsulation::Port(_)) => half(&frame.layer4[0].at(m, cycle), 1),
        Some(Encapsulation::Protocol(_)) => concat([frame.protocol(m, cycle), zeros(8)]),
        _ => {
            let class = frame.class(m, cycle);
            let ipv4 = frame.ipv4.at(m, cycle);
            let dscp = ipv4.mux(&class.slice(2, 6), &class.slice(6, 6));
            concat([zeros(2), dscp, zeros(8)])
        }
    }
}

/// The words of the INT header.
fn header(m: &mut Module, node: &Int, exceeds: &Expr, pushes: &Expr) -> Vec<Expr> {
    let Some(embedding) = node.embedding() else {
        return Vec::new();
    };
    let is_md = node.mode() == IntMode::Md;
    let discard = lit(1, embedding.discard.into());
    let flags = concat([
        zeros(9),
        exceeds.clone(),
        zeros(1),
        discard,
        lit(4, VERSION.into()),
    ]);
    let hops = match is_md {
        true => {
            let hops = u64::from(embedding.max_hops);
            let remaining = pushes.mux(&lit(8, hops - 1), &lit(8, hops));
            concat([remaining, lit(8, node.hop_words() as u64)])
        }
        false => zeros(16),
    };
    let number = |value: u16| lit(16, value.into());
    vec![
        word(m, "flags", [flags, hops]),
        word(
            m,
            "bitmap",
            [number(node.instructions().0), number(node.domain_id())],
        ),
        word(
            m,
            "domain",
            [number(embedding.ds_instruction), number(embedding.ds_flags)],
        ),
    ]
}

/// The words behind the header, if they are pushed.
fn behind(m: &mut Module, node: &Int, shape: &Shape, frame: &mut Frame, cycle: usize) -> Vec<Expr> {
    let Some(embedding) = node.embedding() else {
        return Vec::new();
    };
    let own = embedding.source_only.iter();
    let own = own.map(|&word| lit(32, word.into()).swap_bytes());
    if !shape.may_leave_words {
        return own.take(shape.behind_words).collect();
    }
    let user = frame.user.as_mut().map(|user| user.at(m, cycle));
    let values = values(m, node, user.as_ref());
    let (mut words, mut at) = (Vec::new(), 0);
    for instruction in metadata_stack::instructions() {
        for _ in 0..instruction.words() {
            if node.instructions().contains(instruction) {
                words.push(values.slice(32 * at, 32));
            }
            at += 1;
        }
    }
    let asks = node
        .instructions()
        .contains(Instruction::ChecksumComplement);
    words.resize(node.hop_words() - usize::from(asks), ones(32));
    words.extend(own);
    words.resize(shape.behind_words, ones(32));
    words
}
