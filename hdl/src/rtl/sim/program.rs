//! The compiled form of a design, and its execution.
//!
//! All values live in one array of words. The compiler allocates the result of an operation above all of its
//! operands, so that the array splits into operands and result without copies or `unsafe`.

use super::super::bits::top_mask;
use super::super::domain::ClockDomain;
use super::Probe;

/// A range of bits in the value array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub word: u32,
    /// First bit, counted from bit 0 of `word`; below 64.
    pub lo: u32,
    pub width: u32,
}

/// Part of a concatenation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub from: View,
    /// First bit in the result.
    pub to: u32,
}

/// `d` is the first word of the result, `a` and `b` of the operands, `n` the number of words.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Not {
        d: u32,
        a: u32,
        mask: u64,
    },
    And {
        d: u32,
        a: u32,
        b: u32,
    },
    Or {
        d: u32,
        a: u32,
        b: u32,
    },
    Xor {
        d: u32,
        a: u32,
        b: u32,
    },
    Add {
        d: u32,
        a: u32,
        b: u32,
        mask: u64,
    },
    Sub {
        d: u32,
        a: u32,
        b: u32,
        mask: u64,
    },
    Eq {
        d: u32,
        a: u32,
        b: u32,
    },
    Ne {
        d: u32,
        a: u32,
        b: u32,
    },
    Lt {
        d: u32,
        a: u32,
        b: u32,
    },
    Ge {
        d: u32,
        a: u32,
        b: u32,
    },
    Mux {
        d: u32,
        c: u32,
        a: u32,
        b: u32,
    },
    NotWide {
        d: u32,
        a: u32,
        n: u32,
        mask: u64,
    },
    AndWide {
        d: u32,
        a: u32,
        b: u32,
        n: u32,
    },
    OrWide {
        d: u32,
        a: u32,
        b: u32,
        n: u32,
    },
    XorWide {
        d: u32,
        a: u32,
        b: u32,
        n: u32,
    },
    AddWide {
        d: u32,
        a: u32,
        b: u32,
        n: u32,
        mask: u64,
    },
    SubWide {
        d: u32,
        a: u32,
        b: u32,
        n: u32,
        mask: u64,
    },
    EqWide {
        d: u32,
        a: u32,
        b: u32,
        n: u32,
    },
    LtWide {
        d: u32,
        a: u32,
        b: u32,
        n: u32,
    },
    MuxWide {
        d: u32,
        c: u32,
        a: u32,
        b: u32,
        n: u32,
    },
    Any {
        d: u32,
        a: u32,
        n: u32,
    },
    All {
        d: u32,
        a: u32,
        n: u32,
        mask: u64,
    },
    Parity {
        d: u32,
        a: u32,
        n: u32,
    },
    /// One bit to all bits.
    Spread {
        d: u32,
        a: u32,
        n: u32,
        mask: u64,
    },
    Extract {
        d: u32,
        from: View,
    },
    Concat {
        d: u32,
        n: u32,
        first: u32,
        count: u32,
    },
    /// Picks `views[first + index - from]`, the last one where there is no such view.
    Case {
        d: u32,
        index: u32,
        index_words: u32,
        from: u32,
        first: u32,
        count: u32,
    },
    Read {
        d: u32,
        memory: u32,
        address: u32,
        address_words: u32,
    },
}

#[derive(Debug)]
pub(super) struct ProgramPort {
    pub name: String,
    pub width: usize,
    pub place: u32,
    pub is_input: bool,
}

#[derive(Debug)]
pub(super) struct RegisterUpdate {
    pub place: u32,
    pub next: u32,
    pub words: u32,
    /// Word of a 1-bit enable.
    pub enable: Option<u32>,
    /// First word of the reset value.
    pub reset: Option<u32>,
    pub width: usize,
}

#[derive(Debug)]
pub(super) struct MemoryUpdate {
    pub domain: ClockDomain,
    pub depth: usize,
    pub width: usize,
    pub words: usize,
    pub lane_bits: usize,
    pub enable: u32,
    pub address: u32,
    pub address_words: u32,
    pub data: u32,
    pub mask: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Program {
    pub ops: Vec<Op>,
    pub pieces: Vec<Piece>,
    pub views: Vec<View>,
    /// Constants in place, zero elsewhere.
    pub image: Vec<u64>,
    /// By the number of their domain.
    pub registers: [Vec<RegisterUpdate>; ClockDomain::ALL.len()],
    pub memories: Vec<MemoryUpdate>,
    pub ports: Vec<ProgramPort>,
    pub probes: Vec<Probe>,
}

/// SplitMix64: a stream of well-mixed words from a seed.
fn random_words(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Program {
    pub fn initial_state(&self, seed: u64) -> (Vec<u64>, Vec<Vec<u64>>) {
        let mut random = random_words(seed);
        let mut values = self.image.clone();
        for register in self.registers.iter().flatten() {
            let place = register.place as usize;
            let slot = &mut values[place..place + register.words as usize];
            slot.fill_with(&mut random);
            if let Some(top) = slot.last_mut() {
                *top &= top_mask(register.width);
            }
        }
        let memories = self.memories.iter().map(|memory| {
            let mut content: Vec<u64> =
                (0..memory.depth * memory.words).map(|_| random()).collect();
            for word in content.chunks_mut(memory.words) {
                word[memory.words - 1] &= top_mask(memory.width);
            }
            content
        });
        let memories = memories.collect();
        (values, memories)
    }
}
