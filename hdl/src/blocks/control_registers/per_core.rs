//! A word for each core, in LUT RAM.

use seqnic_spec::Config;
use seqnic_spec::registers::Register;

use super::{WORD_NUMBER_BITS, bits_for, word_number};
use crate::rtl::{Expr, Memory, MemorySpec, MemoryStyle, Module, Reset, concat, lit, ones};

/// Bits of the number of a core in the number of a word: the registers of cores have a page of the map each.
const PAGE_BITS: usize = 8;

/// A word for each core, 0 until it is written. Memory is not reset: a flag for each core says whether it was written.
pub(super) struct PerCore {
    memory: Memory,
    flags: Expr,
    cores: usize,
    /// What a word and a flag are called.
    names: [&'static str; 2],
}

/// What is read of a register.
pub(super) struct Answer {
    /// The word is one of it.
    pub there: Expr,
    pub value: Expr,
}

impl Answer {
    /// This where it is there, else something else.
    pub fn over(&self, other: Expr) -> Expr {
        self.there.mux(&self.value, &other)
    }
}

impl PerCore {
    pub fn new(
        m: &mut Module,
        config: &Config,
        name: &str,
        width_bits: usize,
        names: [&'static str; 2],
    ) -> Self {
        let cores = config.cores();
        let memory = m.memory(
            name,
            MemorySpec {
                style: MemoryStyle::Distributed,
                depth_words: cores,
                width_bits,
                lane_bits: width_bits,
            },
        );
        Self {
            memory,
            flags: m.register(names[1], cores, Reset::To(0)),
            cores,
            names,
        }
    }

    /// The word of a core, by a port of its own.
    pub fn read(&self, m: &mut Module, port: &str, core: &Expr) -> Expr {
        let [word, flag] = self.names;
        let word = m.read(self.memory, &format!("{port}_{word}"), core);
        let flag = m.select_in(
            &format!("{port}_{flag}"),
            core,
            0..=self.cores - 1,
            |core| self.flags.bit(core),
        );
        word.gated_by(&flag)
    }

    /// Writes the word of a core when `enable` is 1; all are 0 after `clear`.
    pub fn write(&self, m: &mut Module, enable: &Expr, core: &Expr, data: &Expr, clear: &Expr) {
        m.write(self.memory, enable, core, data, None);
        let of_core = (0..self.cores as u64).map(|number| core.is(number));
        let of_core = concat(of_core).gated_by(enable);
        m.next(&self.flags, (&self.flags | of_core).gated_by(&!clear));
    }

    /// What is read of the register of these words.
    pub fn answer(&self, m: &mut Module, register: &Register, read_word: &Expr) -> Answer {
        let (there, core) = core_of_word(self.cores, register, read_word);
        let value = self.read(m, "shown", &core);
        Answer { there, value }
    }
}

/// Whether a word is one of a register that has one for each core, and of which core.
pub(super) fn core_of_word(cores: usize, register: &Register, word: &Expr) -> (Expr, Expr) {
    let first = word_number(register, 0) as u64;
    let page = word.slice(PAGE_BITS, WORD_NUMBER_BITS - PAGE_BITS);
    let index = word.slice(0, PAGE_BITS);
    let exists = match cores {
        256 => ones(1),
        cores => index.less_than(&lit(PAGE_BITS, cores as u64)),
    };
    let there = page.is(first >> PAGE_BITS) & exists;
    (there, word.slice(0, bits_for(cores - 1)))
}
