//! The programs of a configuration: the pattern that was asked for or the cheapest that holds it, checked.

use seqnic_spec::Config;
use serde::Serialize;

use crate::build::{self, Built, Packing, Spray};
use crate::chip::Chip;
use crate::error::Refusal;
use crate::ir::{Arch, Pipe, Program};
use crate::pattern::Pattern;
use crate::{resources, rules};

/// A program that is loaded into pipes of a chip.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What its file is called after the name of the configuration.
    pub suffix: &'static str,
    /// The program.
    pub program: Program,
}

/// The sequencer of a configuration on a chip.
#[derive(Debug, Clone)]
pub struct Design {
    /// The chip.
    pub chip: Chip,
    /// How the history is held.
    pub pattern: Pattern,
    /// How a row is cut.
    pub packing: Packing,
    /// The program, what is looked up in it, and how rows are cut. With two pipes the ingress is that of the first, the
    /// egress that of the second.
    pub built: Built,
    /// The same, as it is loaded.
    pub programs: Vec<Loaded>,
}

impl Design {
    /// The design with this pattern, or the cheapest: fewest stateful ALUs, then fewest stages, one pass before two.
    pub fn new(config: &Config, chip: Chip, pattern: Option<Pattern>) -> Result<Self, Refusal> {
        match pattern {
            Some(pattern) => Self::with(config, chip, pattern)
                .map_err(|refusal| advise(refusal, config, chip, pattern)),
            None => Self::cheapest(config, chip),
        }
    }

    fn cheapest(config: &Config, chip: Chip) -> Result<Self, Refusal> {
        let mut refusals = Vec::new();
        let mut designs = Vec::new();
        for pattern in Pattern::ALL {
            match Self::with(config, chip, pattern) {
                Ok(design) => designs.push(design),
                Err(refusal) => refusals.push((pattern, refusal)),
            }
        }
        if let Some(design) = designs.into_iter().min_by_key(Self::cost) {
            return Ok(design);
        }
        // Of those that a smaller size would help, the last pattern holds the most; of the others the first says what
        // is wrong, unless it is only the wrong pattern.
        let helped = refusals
            .iter()
            .rev()
            .find(|(_, refusal)| !IN_PRINCIPLE.contains(&refusal.rule));
        let wrong = refusals
            .iter()
            .find(|(_, refusal)| !OTHER_PATTERN.contains(&refusal.rule));
        let last = helped.or(wrong).or(refusals.first()).cloned();
        Err(match last {
            Some((pattern, refusal)) => advise(refusal, config, chip, pattern),
            None => Refusal::new(
                "pattern",
                "no pattern",
                "there is none",
                "choose another chip",
            ),
        })
    }

    /// The design with a pattern, in the packing that takes fewer registers.
    fn with(config: &Config, chip: Chip, pattern: Pattern) -> Result<Self, Refusal> {
        let packings = match pattern {
            // What moves from register to register has to stay whole, and so has what crosses from pipe to pipe.
            Pattern::Shift | Pattern::TwoPipe => &[Packing::InPlace][..],
            _ => &[Packing::InPlace, Packing::Gathered],
        };
        let designs = packings
            .iter()
            .map(|&packing| Self::packed(config, chip, pattern, packing));
        let designs: Vec<Result<Self, Refusal>> = designs.collect();
        let (made, refused): (Vec<_>, Vec<_>) = designs.into_iter().partition(Result::is_ok);
        let cheapest = made.into_iter().flatten().min_by_key(Self::cost);
        match cheapest {
            Some(design) => Ok(design),
            // The tighter packing is the one whose limit counts.
            None => refused.into_iter().next_back().unwrap_or_else(|| {
                Err(Refusal::new(
                    "pattern",
                    "no packing",
                    "there is none",
                    "use another pattern",
                ))
            }),
        }
    }

    fn packed(
        config: &Config,
        chip: Chip,
        pattern: Pattern,
        packing: Packing,
    ) -> Result<Self, Refusal> {
        let built = build::sequencer(config, chip, pattern, packing, false)?;
        let program = |suffix, program| Loaded { suffix, program };
        let whole = &built.program;
        let programs = match pattern {
            Pattern::TwoPipe => vec![
                program(
                    "sequencer_first",
                    Program {
                        egress: idle(),
                        ..whole.clone()
                    },
                ),
                program(
                    "sequencer_second",
                    Program {
                        ingress: idle(),
                        ..whole.clone()
                    },
                ),
            ],
            _ => vec![program("sequencer", whole.clone())],
        };
        for loaded in &programs {
            rules::check(&loaded.program, chip, programs.len()).map_err(|refusal| Refusal {
                pattern: Some(format!("pattern {}", pattern.name())),
                ..refusal
            })?;
        }
        Ok(Self {
            chip,
            pattern,
            packing,
            built,
            programs,
        })
    }

    fn cost(&self) -> (usize, usize, usize) {
        let pipes = self.built.program.pipes();
        let registers = pipes.map(|pipe| pipe.registers.len()).iter().sum();
        let stages = pipes.map(Pipe::stages).iter().sum();
        (self.programs.len(), registers, stages)
    }

    /// The sprayer.
    pub fn spray(&self) -> &Spray {
        &self.built.spray
    }

    /// The same design for the behavioural model.
    pub fn twin(&self, config: &Config) -> Result<Built, Refusal> {
        build::sequencer(config, self.chip, self.pattern, self.packing, true)
    }

    /// The stripper for the chip.
    pub fn stripper(&self, config: &Config) -> Program {
        build::stripper(config, self.chip.arch())
    }

    /// The stripper for the behavioural model.
    pub fn stripper_twin(config: &Config) -> Program {
        build::stripper(config, Arch::V1Model)
    }

    /// How a row is put into words.
    pub fn words_of_row(&self, config: &Config) -> Vec<WordReport> {
        let row = config.row();
        let words = self.built.plan.words.iter().map(|word| {
            let mut fields: Vec<String> = Vec::new();
            for &byte in &word.bytes {
                let mut starts = (0..row.fields().len()).rev();
                let field = starts.find(|&field| row.offset_of(field) <= byte);
                let name = field.map(|field| row.fields()[field].name.clone());
                fields.extend(name.filter(|name| !fields.contains(name)));
            }
            WordReport {
                bytes: word.bytes.clone(),
                bits: word.bits(),
                fields,
            }
        });
        words.collect()
    }

    /// The words of all rows.
    pub fn words(&self) -> usize {
        resources::history_words(&self.built.program)
    }
}

/// What a word of a row holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WordReport {
    /// The bytes of the row that are in it.
    pub bytes: Vec<usize>,
    /// The width of its register.
    pub bits: usize,
    /// The fields that they belong to.
    pub fields: Vec<String>,
}

/// A direction that packets of another program pass through.
fn idle() -> Pipe {
    let whole = build::pass();
    Pipe {
        states: vec![whole],
        ..Pipe::default()
    }
}

/// Rules that no smaller size helps with.
const IN_PRINCIPLE: [&str; 6] = [
    "row-order",
    "salu-outputs",
    "history",
    "steering",
    "frame-length",
    "register-width",
];

/// Rules of these that another pattern does not break.
const OTHER_PATTERN: [&str; 3] = ["row-order", "salu-outputs", "history"];

/// How many rows of a configuration fit with a pattern, fewer than it has.
fn most_rows(config: &Config, chip: Chip, pattern: Pattern) -> usize {
    let fits = |rows: usize| {
        let smaller = build::with_rows(config, rows);
        smaller.is_some_and(|smaller| Design::with(&smaller, chip, pattern).is_ok())
    };
    let (mut fitting, mut refused) = (0, config.rows());
    while fitting + 1 < refused {
        let middle = usize::midpoint(fitting, refused);
        match fits(middle) {
            true => fitting = middle,
            false => refused = middle,
        }
    }
    fitting
}

/// Adds to a refusal how many rows would fit, and which patterns hold all.
fn advise(mut refusal: Refusal, config: &Config, chip: Chip, pattern: Pattern) -> Refusal {
    if IN_PRINCIPLE.contains(&refusal.rule) {
        return refusal;
    }
    let mut advice = Vec::new();
    let words = Packing::ALL.map(|packing| build::words_of_row(config, packing));
    let words = words.into_iter().min().unwrap_or(0);
    let rows = most_rows(config, chip, pattern);
    if rows > 0 {
        let plural = if words == 1 { "" } else { "s" };
        advice.push(format!("at most {rows} rows of {words} word{plural} fit"));
    }
    let holds = |on: Chip| {
        let others = Pattern::ALL.into_iter();
        let others = others.filter(move |&other| (on, other) != (chip, pattern));
        others.filter(move |&other| Design::with(config, on, other).is_ok())
    };
    let here: Vec<String> = holds(chip)
        .map(|other| format!("--pattern {}", other.name()))
        .collect();
    let elsewhere = Chip::ALL.into_iter().filter(|&on| on != chip);
    let elsewhere = elsewhere.filter(|&on| holds(on).next().is_some());
    let fitting = match here.is_empty() {
        false => here,
        true => elsewhere
            .map(|on| format!("--chip {}", on.name()))
            .collect(),
    };
    if !fitting.is_empty() {
        advice.push(format!("all fit with {}", fitting.join(" or ")));
    }
    if !advice.is_empty() {
        refusal.fix = advice.join("; ");
    }
    refusal
}
