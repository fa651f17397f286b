//! The map as constants for drivers, in the three forms in which NetFPGA-PLUS cores have it.

use super::{Register, Shape};
use crate::config::Config;

/// A word of the map: the register's name, for all but single words followed by `_` and the number of the word.
struct Word {
    name: String,
    offset_bytes: usize,
    initial: u32,
    width_bits: usize,
}

fn words(config: &Config) -> impl Iterator<Item = Word> {
    Register::ALL.iter().flat_map(move |register| {
        (0..register.words(config)).map(move |word| Word {
            name: match register.shape {
                Shape::Word => register.name.to_owned(),
                Shape::PerCore | Shape::CoreMask => format!("{}_{word}", register.name),
            },
            offset_bytes: register.word_offset_bytes(word),
            initial: register.initial_word(config, word),
            width_bits: register.word_bits(config, word),
        })
    })
}

/// Three lines for each word: a name is made of the register's and of what the line tells.
fn lines(config: &Config, line: impl Fn(&str, &str, String) -> String) -> String {
    words(config)
        .flat_map(|word| {
            let Word { name, .. } = &word;
            [
                line(name, "OFFSET", format!("{:#x}", word.offset_bytes)),
                line(name, "DEFAULT", format!("{:#x}", word.initial)),
                line(name, "WIDTH", word.width_bits.to_string()),
            ]
        })
        .collect()
}

impl Register {
    /// The map of a configuration as `#define NFPLUS BLOCK NAME OFFSET 0x0` lines, which scripts read word by word.
    pub fn defines_txt(config: &Config, block: &str) -> String {
        lines(config, |name, what, value| {
            format!("#define NFPLUS {block} {name} {what} {value}\n")
        })
    }

    /// The map of a configuration as a C header.
    pub fn defines_h(config: &Config, block: &str) -> String {
        lines(config, |name, what, value| {
            format!("#define NFPLUS_{block}_{name}_0_{what} {value}\n")
        })
    }

    /// The map of a configuration as Tcl variables.
    pub fn defines_tcl(config: &Config, block: &str) -> String {
        lines(config, |name, what, value| {
            format!("set {block}_REGS_{name}_0_{what} {value}\n")
        })
    }
}
