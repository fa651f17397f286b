//! What the two histories, ring and shift, have in common: their ports, the clearing after reset, and where rows lie
//! in the words of the prefix.

use seqnic_spec::Config;

use self::geometry::Geometry;
use super::bits_for;
use crate::rtl::{Expr, MemoryStyle, Module, Reset, zeros};

pub(crate) mod geometry;

/// Ports of a history store, ring or shift: inputs `fire`, `word_index` (a prefix of more than one word), `word_next` (block
/// RAM), `row`, `row_valid`; outputs `row_ready`, `word`, `start_ready`.
pub(crate) struct StorePorts {
    pub fire: Expr,
    /// Index of the prefix word that is being sent.
    pub word_index: Expr,
    /// Address of the word to read, and whether the read is clocked.
    pub read_address: Expr,
    pub row: Expr,
    pub row_valid: Expr,
}

impl StorePorts {
    pub fn declare(
        m: &mut Module,
        config: &Config,
        geometry: &Geometry,
        style: MemoryStyle,
    ) -> Self {
        let index_bits = bits_for(config.prefix_beats() - 1);
        let fire = m.input("fire", 1);
        let word_index = match config.prefix_beats() {
            1 => zeros(1),
            _ => m.input("word_index", index_bits),
        };
        let read_index = match style {
            MemoryStyle::Block => m.input("word_next", index_bits),
            _ => word_index.clone(),
        };
        let address_bits = bits_for(geometry.words - 1);
        let read_address = match geometry.first_word {
            0 => read_index,
            first => m.wire("read_offset", read_index.minus(first as u64)),
        };
        Self {
            fire,
            word_index,
            read_address: read_address.resize(address_bits),
            row: m.input("row", 8 * config.row().bytes()),
            row_valid: m.input("row_valid", 1),
        }
    }
}

/// Clears all words after reset, one a cycle.
pub(crate) struct Sweep {
    pub active: Expr,
    pub address: Expr,
}

impl Sweep {
    pub fn new(m: &mut Module, words: usize) -> Self {
        let active = m.register("clearing", 1, Reset::To(1));
        // Runs on when all is cleared: nobody looks at it then.
        let address = match words {
            1 => zeros(1),
            _ => {
                let address = m.register("clear_address", bits_for(words - 1), Reset::To(0));
                m.next(&address, address.plus(1));
                address
            }
        };
        let done = address.is(words as u64 - 1);
        m.next(&active, &active & !done);
        Self { active, address }
    }
}
