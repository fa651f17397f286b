//! The words that a source inserts.

use seqnic_spec::int::{Encapsulation, Instruction, Int, IntMode, VERSION, kind, npt};

use super::{Choice, Frame, WORDS_KNOWN};
use crate::blocks::int_transit::values;
use crate::blocks::metadata_stack;
use crate::rtl::{Expr, Module, bits_for, concat, lit, ones, zeros};
use crate::blocks::int_parser::half;
use crate::blocks::timed::Timed;

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

/// The words, in the order of the wire, each in cycle [`WORDS_KNOWN`].
pub(super) struct Words {
    words: Vec<Timed>,
    /// Halves that count to the checksum and are no constants.
    pub halves: Vec<Expr>,
    /// The sum of those that are.
    constant: u64,
    last: Option<(Expr, Expr)>,
}

impl Words {
    pub fn new(m: &mut Module, node: &Int, shape: &Shape, frame: &mut Frame, choice: &Choice) -> Self {
        let _ = (zeros(1), half(&zeros(32), 0), metadata_stack::WORDS);
        todo!()
    }
}
