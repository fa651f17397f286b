//! What the chips have.

use crate::ir::Arch;

/// A chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Chip {
    /// Tofino 1.
    #[default]
    Tofino1,
    /// Tofino 2.
    Tofino2,
}

impl Chip {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tofino1, Self::Tofino2];

    /// The name that a user gives.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tofino1 => "tofino1",
            Self::Tofino2 => "tofino2",
        }
    }

    /// The name in prose.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Tofino1 => "Tofino 1",
            Self::Tofino2 => "Tofino 2",
        }
    }

    /// The name that the compiler has for it.
    pub const fn target(self) -> &'static str {
        match self {
            Self::Tofino1 => "tofino",
            Self::Tofino2 => "tofino2",
        }
    }

    /// The name that the compiler has for the architecture of its programs.
    pub const fn architecture(self) -> &'static str {
        match self {
            Self::Tofino1 => "tna",
            Self::Tofino2 => "t2na",
        }
    }

    /// The architecture of its programs.
    pub const fn arch(self) -> Arch {
        match self {
            Self::Tofino1 => Arch::Tna,
            Self::Tofino2 => Arch::T2na,
        }
    }

    /// What it has.
    pub const fn limits(self) -> Limits {
        let of_both = Limits {
            stages: 12,
            salus_per_stage: 4,
            tables_per_stage: 16,
            gateways_per_stage: 16,
            sram_per_stage: 80,
            map_ram_per_stage: 48,
            tcam_per_stage: 24,
            crossbar_bytes_per_stage: 128,
            vliw_per_stage: 32,
            packs_per_stage: 3,
            register_actions: 4,
            salu_inputs: 2,
            salu_comparisons: 2,
            salu_outputs: 1,
            salu_large_constants: 4,
            lookahead_bytes: 32,
            egress_parse_bytes: 160,
            parser_rows: 256,
            deparser_fields: 192,
            phv_containers: Some([64, 96, 64]),
            tagalong_containers: Some([32, 48, 32]),
            group_words: 16,
            history_words: 64,
            history_words_of_two_passes: 64,
        };
        match self {
            Self::Tofino1 => of_both,
            Self::Tofino2 => Limits {
                stages: 20,
                salu_outputs: 2,
                // The others of a group cannot add.
                group_words: 12,
                // With one pass 94 words were allocated and 96 were not.
                history_words: 94,
                // With two passes 176 were.
                history_words_of_two_passes: 88,
                phv_containers: None,
                tagalong_containers: None,
                ..of_both
            },
        }
    }
}

/// What a chip has, of each pipe.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Match-action stages.
    pub stages: usize,
    /// Stateful ALUs of a stage.
    pub salus_per_stage: usize,
    /// Logical tables of a stage.
    pub tables_per_stage: usize,
    /// Gateways of a stage.
    pub gateways_per_stage: usize,
    /// SRAM blocks of a stage.
    pub sram_per_stage: usize,
    /// Map RAMs of a stage.
    pub map_ram_per_stage: usize,
    /// TCAM blocks of a stage.
    pub tcam_per_stage: usize,
    /// Bytes of the exact-match crossbar of a stage.
    pub crossbar_bytes_per_stage: usize,
    /// Instruction words of a stage.
    pub vliw_per_stage: usize,
    /// Values of 32 bits that the hash units of a stage can give to actions.
    pub packs_per_stage: usize,
    /// Register actions of a register.
    pub register_actions: usize,
    /// Fields that a register action can read.
    pub salu_inputs: usize,
    /// Comparisons of a register action.
    pub salu_comparisons: usize,
    /// Values that a register action can give.
    pub salu_outputs: usize,
    /// Constants of a register that are not from -8 to 7.
    pub salu_large_constants: usize,
    /// How far the parser can look ahead.
    pub lookahead_bytes: usize,
    /// How deep the egress can parse.
    pub egress_parse_bytes: usize,
    /// Rows of the parser's TCAM.
    pub parser_rows: usize,
    /// Entries of the deparser.
    pub deparser_fields: usize,
    /// Containers of 8, 16 and 32 bits, where they are known: on Tofino 2 `history_words` stands for them.
    pub phv_containers: Option<[usize; 3]>,
    /// The same, for headers that no table touches.
    pub tagalong_containers: Option<[usize; 3]>,
    /// Containers of 32 bits of a group: what is added to each other has to be in one.
    pub group_words: usize,
    /// Words of history that fit into the packet header vector of one pass.
    pub history_words: usize,
    /// The same of each pass, when two of them hold the history.
    pub history_words_of_two_passes: usize,
}
