//! The rules of the chip, checked before anything is printed: the compiler lets some programs through that break them.

mod groups;
mod order;

use crate::chip::{Chip, Limits};
use crate::error::Refusal;
use crate::ir::{
    Condition, Expr, Key, Next, ParserStep, Pipe, Place, Program, RegisterAction, Statement, Step,
    Table,
};
use crate::resources;

type Checked = Result<(), Refusal>;

/// Checks a program for a chip, one of so many that a packet passes; the first rule that it breaks is named with the
/// figure and what to change.
pub fn check(program: &Program, chip: Chip, passes: usize) -> Checked {
    let mut limits = chip.limits();
    if passes > 1 {
        limits.history_words = limits.history_words_of_two_passes;
    }
    let of = Rules {
        program,
        chip: chip.title(),
        limits,
    };
    of.names()?;
    of.lookahead()?;
    of.parser()?;
    for pipe in program.pipes() {
        of.accesses(pipe)?;
        of.register_actions(pipe)?;
        of.arithmetic(pipe)?;
        of.groups(pipe)?;
        of.stages(pipe)?;
        of.order(pipe)?;
    }
    of.per_stage()?;
    of.deparser()?;
    of.phv()
}

struct Rules<'a> {
    program: &'a Program,
    chip: &'static str,
    limits: Limits,
}

fn within(
    rule: &'static str,
    used: usize,
    most: usize,
    figure: impl FnOnce(usize) -> String,
    limit: impl FnOnce(usize) -> String,
    fix: &str,
) -> Checked {
    match used > most {
        true => Err(Refusal::new(rule, figure(used), limit(most), fix)),
        false => Ok(()),
    }
}

impl Rules<'_> {
    /// The compiler refuses a field of the metadata that is called as a header or one of its fields.
    fn names(&self) -> Checked {
        for field in &self.program.metadata {
            let mut headers = self.program.headers.iter();
            let name = &field.name;
            let twin = headers.find(|header| {
                header.name == *name || header.fields.iter().any(|field| field.name == *name)
            });
            if let Some(header) = twin {
                return Err(Refusal::new(
                    "names",
                    format!("metadata and header {} both have {name}", header.name),
                    "the compiler takes that for a second declaration",
                    "rename one of them",
                ));
            }
        }
        Ok(())
    }

    fn lookahead(&self) -> Checked {
        let states = self.program.pipes().map(|pipe| &pipe.states);
        for state in states.into_iter().flatten() {
            let Next::Select { keys, .. } = &state.next else {
                continue;
            };
            for key in keys {
                if let Key::Lookahead { ahead_bits, .. } = key {
                    within(
                        "lookahead",
                        ahead_bits.div_ceil(8),
                        self.limits.lookahead_bytes,
                        |used| format!("state {} looks {used} bytes ahead", state.name),
                        |most| format!("the parser of {} looks {most} bytes ahead", self.chip),
                        "extract the bytes, and emit them again",
                    )?;
                }
            }
        }
        Ok(())
    }

    fn parser(&self) -> Checked {
        for pipe in self.program.pipes() {
            within(
                "parser-rows",
                resources::parser_rows(pipe),
                self.limits.parser_rows,
                |used| format!("the parser takes {used} rows of its TCAM"),
                |most| format!("{} has {most}", self.chip),
                "remember fewer predicates, or fields of fewer layers",
            )?;
        }
        within(
            "parse-depth",
            resources::parse_bits(self.program, &self.program.egress).div_ceil(8),
            self.limits.egress_parse_bytes,
            |used| format!("the egress parses {used} bytes deep"),
            |most| format!("{} parses {most} bytes deep there", self.chip),
            "remember fewer bytes of a packet, or leave frame.length out",
        )
    }

    /// The compiler does not see a second access to a register that is not under a condition.
    fn accesses(&self, pipe: &Pipe) -> Checked {
        fn walk(pipe: &Pipe, steps: &[Step]) -> Result<Vec<String>, Refusal> {
            let mut seen: Vec<String> = Vec::new();
            for step in steps {
                let more = match step {
                    Step::Apply(name) => match pipe.table(name) {
                        Some(table) => accessed(pipe, table)?,
                        None => Vec::new(),
                    },
                    Step::If(_, then, otherwise) => {
                        let mut either = walk(pipe, then)?;
                        either.extend(walk(pipe, otherwise)?);
                        either.sort();
                        either.dedup();
                        either
                    }
                };
                for register in more {
                    if seen.contains(&register) {
                        return Err(twice(&register));
                    }
                    seen.push(register);
                }
            }
            Ok(seen)
        }
        walk(pipe, &pipe.apply).map(drop)
    }

    fn register_actions(&self, pipe: &Pipe) -> Checked {
        let limits = &self.limits;
        for action in &pipe.register_actions {
            let name = &action.name;
            within(
                "salu-inputs",
                inputs(action).len(),
                limits.salu_inputs,
                |used| format!("{name} reads {used} fields"),
                |most| format!("a stateful ALU of {} reads {most}", self.chip),
                "choose the action by a condition in front of it",
            )?;
            within(
                "salu-comparisons",
                comparisons(&action.body),
                limits.salu_comparisons,
                |used| format!("{name} makes {used} comparisons"),
                |most| format!("a stateful ALU of {} makes {most}", self.chip),
                "make one of them in front of it",
            )?;
            within(
                "salu-outputs",
                action.outputs,
                limits.salu_outputs,
                |used| format!("{name} gives {used} words"),
                |most| format!("a stateful ALU of {} gives {most}", self.chip),
                "use --chip tofino2, or another pattern",
            )?;
        }
        for register in &pipe.registers {
            let name = &register.name;
            let own = pipe.register_actions.iter();
            let own: Vec<_> = own.filter(|action| action.register == *name).collect();
            within(
                "register-actions",
                own.len(),
                limits.register_actions,
                |used| format!("register {name} has {used} register actions"),
                |most| format!("a register of {} has {most}", self.chip),
                "split the register",
            )?;
            let mut large: Vec<u64> = Vec::new();
            for action in own {
                large_constants(&action.body, &mut large);
            }
            large.sort_unstable();
            large.dedup();
            within(
                "salu-constants",
                large.len(),
                limits.salu_large_constants,
                |used| format!("register {name} uses {used} constants that are not from -8 to 7"),
                |most| format!("a register of {} has room for {most}", self.chip),
                "use fewer rows in a register",
            )?;
            within(
                "register-width",
                register.bits,
                32,
                |used| format!("register {name} has values of {used} bits"),
                |most| format!("a stateful ALU has {most}, or a pair of that"),
                "split the register",
            )?;
        }
        Ok(())
    }

    /// A sum has to be made in one container, and by itself: none of it can be kept by the same instruction.
    fn arithmetic(&self, pipe: &Pipe) -> Checked {
        for action in &pipe.actions {
            let packs = action.body.iter();
            let packs = packs
                .filter(|statement| matches!(statement, Statement::Pack(..) | Statement::Hash(..)));
            within(
                "immediate",
                packs.count(),
                1,
                |used| format!("action {} takes {used} values from hash units", action.name),
                |most| format!("the path from there has room for {most}"),
                "use an action for each",
            )?;
            for statement in &action.body {
                let Statement::Set(place, value) = statement else {
                    continue;
                };
                if !value.is_taken_as_it_is()
                    && let Some(of) = value.place()
                {
                    let bits = self.program.bits_of(of).or(self.program.bits_of(place));
                    within(
                        "container",
                        bits.unwrap_or(0),
                        32,
                        |used| format!("action {} adds {used} bits", action.name),
                        |most| format!("a container has {most}"),
                        "add fewer bits",
                    )?;
                }
            }
        }
        Ok(())
    }

    /// The compiler finds no place for more, and does not say why.
    fn groups(&self, pipe: &Pipe) -> Checked {
        within(
            "phv-group",
            groups::linked_words(self.program, pipe),
            self.limits.group_words,
            |used| format!("sums link {used} words of 32 bits"),
            |most| format!("a group of containers of {} has {most}", self.chip),
            "copy a word by a hash unit, whose result can be in any group",
        )
    }

    fn stages(&self, pipe: &Pipe) -> Checked {
        let registers = pipe.registers.len();
        within(
            "stages",
            pipe.stages(),
            self.limits.stages,
            |used| format!("{registers} registers take {used} stages"),
            |most| {
                let salus = self.limits.salus_per_stage;
                format!("{} has {most} stages of {salus} stateful ALUs", self.chip)
            },
            "remember fewer rows or bytes",
        )
    }

    /// What a table looks at must have been made in an earlier stage.
    fn order(&self, pipe: &Pipe) -> Checked {
        order::check(pipe)
    }

    fn per_stage(&self) -> Checked {
        let limits = &self.limits;
        for (stage, used) in resources::per_stage(self.program, self.limits)
            .iter()
            .enumerate()
        {
            let kinds = [
                ("salus", "stateful ALUs", used.salus, limits.salus_per_stage),
                (
                    "tables",
                    "logical tables",
                    used.tables,
                    limits.tables_per_stage,
                ),
                (
                    "gateways",
                    "gateways",
                    used.gateways,
                    limits.gateways_per_stage,
                ),
                (
                    "crossbar",
                    "crossbar bytes",
                    used.crossbar_bytes,
                    limits.crossbar_bytes_per_stage,
                ),
                (
                    "vliw",
                    "instruction words",
                    used.vliw,
                    limits.vliw_per_stage,
                ),
                ("sram", "SRAM blocks", used.sram, limits.sram_per_stage),
                ("tcam", "TCAM blocks", used.tcam, limits.tcam_per_stage),
                (
                    "map-ram",
                    "map RAMs",
                    used.map_ram,
                    limits.map_ram_per_stage,
                ),
                (
                    "hash-units",
                    "values of 16 bits from hash units",
                    used.hash_units,
                    2 * limits.packs_per_stage,
                ),
            ];
            for (rule, what, used, most) in kinds {
                within(
                    rule,
                    used,
                    most,
                    |used| format!("stage {stage} takes {used} {what}"),
                    |most| format!("a stage of {} has {most}", self.chip),
                    "remember fewer rows or fields",
                )?;
            }
        }
        Ok(())
    }

    fn deparser(&self) -> Checked {
        for pipe in self.program.pipes() {
            within(
                "deparser",
                resources::deparser_fields(self.program, pipe),
                self.limits.deparser_fields,
                |used| format!("the deparser writes {used} fields"),
                |most| format!("{} has {most}", self.chip),
                "remember fewer rows or bytes",
            )?;
        }
        Ok(())
    }

    fn phv(&self) -> Checked {
        let words = resources::history_words(self.program);
        within(
            "phv",
            words,
            self.limits.history_words,
            |used| format!("one pass holds {used} words of history"),
            |most| {
                format!(
                    "the packet header vector of {} has room for {most}",
                    self.chip
                )
            },
            "use --pattern two-pipe, or remember fewer rows or bytes",
        )?;
        let phv = resources::phv(self.program, self.limits);
        if let Some((used, limits)) = phv.containers.zip(self.limits.phv_containers) {
            for ((used, most), bits) in used.into_iter().zip(limits).zip([8, 16, 32]) {
                within(
                    "phv",
                    used,
                    most,
                    |used| format!("{used} containers of {bits} bits"),
                    |most| format!("{} has {most}", self.chip),
                    "remember fewer rows or bytes, or pad less",
                )?;
            }
        }
        Ok(())
    }
}

fn twice(register: &str) -> Refusal {
    Refusal::new(
        "one-access",
        format!("a packet accesses register {register} twice"),
        "a register is accessed once for a packet, and the compiler does not say so",
        "put both into one register action",
    )
}

/// The registers that a table accesses, each at most once.
fn accessed(pipe: &Pipe, table: &Table) -> Result<Vec<String>, Refusal> {
    let mut all: Vec<String> = Vec::new();
    for action in table.actions.iter().filter_map(|name| pipe.action(name)) {
        let mut own: Vec<String> = Vec::new();
        for statement in &action.body {
            if let Statement::Execute { action, .. } = statement
                && let Some(known) = pipe.register_action(action)
            {
                if own.contains(&known.register) {
                    return Err(twice(&known.register));
                }
                own.push(known.register.clone());
            }
        }
        all.extend(own);
    }
    all.sort();
    all.dedup();
    Ok(all)
}

/// The fields that a register action reads.
pub fn inputs(action: &RegisterAction) -> Vec<Place> {
    fn walk(body: &[Statement], found: &mut Vec<Place>) {
        for statement in body {
            let read: Vec<&Place> = match statement {
                Statement::Set(_, value) => value.places().collect(),
                Statement::If(condition, then, otherwise) => {
                    walk(then, found);
                    walk(otherwise, found);
                    condition.places().collect()
                }
                _ => Vec::new(),
            };
            for place in read {
                if !place.is_memory() && !found.contains(place) {
                    found.push(place.clone());
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(&action.body, &mut found);
    found
}

fn comparisons(body: &[Statement]) -> usize {
    let each = body.iter().map(|statement| match statement {
        Statement::If(_, then, otherwise) => 1 + comparisons(then) + comparisons(otherwise),
        _ => 0,
    });
    each.sum()
}

/// The constants of register actions that are not part of an instruction.
fn large_constants(body: &[Statement], found: &mut Vec<u64>) {
    for statement in body {
        let value = match statement {
            Statement::Set(
                _,
                Expr::Constant { value, .. } | Expr::Add(_, value) | Expr::Subtract(_, value),
            ) => *value,
            Statement::If(condition, then, otherwise) => {
                large_constants(then, found);
                large_constants(otherwise, found);
                match condition {
                    Condition::Equal(_, value) => *value,
                    _ => 0,
                }
            }
            _ => 0,
        };
        found.extend(Some(value).filter(|&value| value > LARGEST_IN_INSTRUCTION));
    }
}

/// The largest constant that an instruction of a stateful ALU holds.
const LARGEST_IN_INSTRUCTION: u64 = 7;

/// What a parser takes from the packet.
pub fn extracted(pipe: &Pipe) -> impl Iterator<Item = &String> {
    let steps = pipe.states.iter().flat_map(|state| &state.steps);
    steps.filter_map(|step| match step {
        ParserStep::Extract(header) => Some(header),
        _ => None,
    })
}
