//! From a program to its text.

mod body;
mod deparser;

use std::fmt::Write;

use super::containers;
use super::names::{self, Gress, PARSER_CHECKSUM};
use crate::ir::{
    Action, Arch, Case, ConstEntry, Field, HashUnit, Initial, Key, Matching, Next, ParserStep,
    Pattern, Pipe, Program, Register, RegisterAction, State, Statement, Step, Table,
};

/// The text of a program; `note` stands above it as a comment.
pub fn print(program: &Program, note: &str) -> String {
    let mut printer = Printer {
        program,
        gress: Gress::Ingress,
        out: String::new(),
        depth: 0,
    };
    printer.program(note);
    printer.out
}

struct Printer<'a> {
    program: &'a Program,
    gress: Gress,
    out: String,
    depth: usize,
}

impl Printer<'_> {
    fn arch(&self) -> Arch {
        self.program.arch
    }

    fn line(&mut self, text: &str) {
        match text {
            "" => self.out.push('\n'),
            text => {
                let indent = self.depth * 4;
                // Writing into a string cannot fail.
                let _ = writeln!(self.out, "{:indent$}{text}", "");
            }
        }
    }

    /// A line that opens a block, what is in it, and the line that closes it.
    fn block(&mut self, open: &str, close: &str, inside: impl FnOnce(&mut Self)) {
        self.line(open);
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line(close);
    }

    fn program(&mut self, note: &str) {
        for line in note.lines() {
            self.line(format!("// {line}").trim_end());
        }
        self.line("");
        self.line("#include <core.p4>");
        self.line(&format!("#include <{}>", names::include(self.arch())));
        for header in &self.program.headers {
            self.line("");
            let open = format!("header {}_h {{", header.name);
            self.block(&open, "}", |this| this.fields(&header.fields));
        }
        self.line("");
        self.block("struct headers_t {", "}", |this| {
            for header in &this.program.headers {
                this.line(&format!("{0}_h {0};", header.name));
            }
        });
        self.line("");
        self.block("struct metadata_t {", "}", Self::metadata);
        for bits in self.pairs() {
            self.line("");
            self.block(&format!("struct pair_{bits}_t {{"), "}", |this| {
                this.line(&format!("bit<{bits}> lo;"));
                this.line(&format!("bit<{bits}> hi;"));
            });
        }
        for gress in Gress::ALL {
            self.gress = gress;
            let pipe = self.program.pipes()[gress as usize];
            let is_twin = self.arch() == Arch::V1Model;
            if !is_twin || gress == Gress::Ingress {
                self.line("");
                let open = names::parser(self.arch(), gress);
                self.block(&open, "}", |this| this.states(&pipe.states));
            }
            self.line("");
            if !is_twin {
                self.containers(pipe);
            }
            let open = names::control(self.arch(), gress);
            self.block(&open, "}", |this| this.control(pipe));
            if !is_twin || gress == Gress::Egress {
                self.line("");
                let open = names::deparser(self.arch(), gress);
                self.block(&open, "}", |this| this.deparser(pipe));
            }
        }
        self.line("");
        self.out.push_str(names::package(self.arch()));
    }

    fn containers(&mut self, pipe: &Pipe) {
        let gress = self.gress.long();
        for name in containers::bits_of_their_own(self.program, pipe) {
            self.line(&format!(
                "{}(\"{gress}\", \"md.{name}\", 8)",
                containers::PRAGMA
            ));
        }
    }

    /// The widths of the pairs in registers of the chip; the twin has two registers instead.
    fn pairs(&self) -> Vec<usize> {
        let registers = self.program.pipes().map(|pipe| &pipe.registers);
        let pairs = registers
            .into_iter()
            .flatten()
            .filter(|register| register.is_pair());
        let mut widths: Vec<usize> = pairs.map(|register| register.bits).collect();
        widths.sort_unstable();
        widths.dedup();
        widths.retain(|_| self.arch() != Arch::V1Model);
        widths
    }

    fn fields(&mut self, fields: &[Field]) {
        for Field { name, bits } in fields {
            self.line(&format!("bit<{bits}> {name};"));
        }
    }

    /// On BMv2 a copy keeps what is marked.
    fn metadata(&mut self) {
        let mirrors = self.program.pipes().map(|pipe| pipe.mirror.as_ref());
        let mut kept = mirrors.into_iter().flatten();
        let kept = kept.find(|mirror| mirror.header.is_none());
        let kept = kept.map_or(&[][..], |mirror| &mirror.fields);
        for field in &self.program.metadata {
            if kept.contains(&field.name) {
                self.line(names::KEPT);
            }
            self.fields(std::slice::from_ref(field));
        }
    }

    fn states(&mut self, states: &[State]) {
        let mut steps = states.iter().flat_map(|state| &state.steps);
        if steps.any(ParserStep::is_of_checksum) {
            self.line(&format!("Checksum() {PARSER_CHECKSUM};\n"));
        }
        for (number, state) in states.iter().enumerate() {
            if number > 0 {
                self.line("");
            }
            self.block(&format!("state {} {{", state.name), "}", |this| {
                if number == 0 {
                    for line in names::prelude(this.arch(), this.gress) {
                        this.line(line);
                    }
                }
                for step in &state.steps {
                    this.parser_step(step);
                }
                this.next(&state.next);
            });
        }
    }

    fn parser_step(&mut self, step: &ParserStep) {
        let line = match step {
            ParserStep::Extract(header) => format!("pkt.extract(hdr.{header});"),
            ParserStep::Advance(bits) => format!("pkt.advance({bits});"),
            ParserStep::SetValid(header) => format!("hdr.{header}.setValid();"),
            ParserStep::Set(place, value) => {
                format!("{} = {};", self.place(place), self.expr(value))
            }
            ParserStep::Subtract(header) => format!("{PARSER_CHECKSUM}.subtract(hdr.{header});"),
            ParserStep::Deposit(place) => {
                format!("{} = {PARSER_CHECKSUM}.get();", self.place(place))
            }
        };
        self.line(&line);
    }

    fn next(&mut self, next: &Next) {
        let (keys, cases, otherwise) = match next {
            Next::To(state) => return self.line(&format!("transition {state};")),
            Next::Select {
                keys,
                cases,
                otherwise,
            } => (keys, cases, otherwise),
        };
        let keys: Vec<String> = keys.iter().map(|key| self.key(key)).collect();
        let open = format!("transition select({}) {{", keys.join(", "));
        self.block(&open, "}", |this| {
            for Case { patterns, next } in cases {
                this.line(&format!("{}: {next};", self::patterns(patterns)));
            }
            this.line(&format!("default: {otherwise};"));
        });
    }

    fn key(&self, key: &Key) -> String {
        match key {
            Key::Field(place) => self.place(place),
            Key::Lookahead { ahead_bits, bits } => {
                format!("pkt.lookahead<bit<{ahead_bits}>>()[{}:0]", bits - 1)
            }
        }
    }

    fn control(&mut self, pipe: &Pipe) {
        for register in &pipe.registers {
            self.register(register);
        }
        if self.arch() != Arch::V1Model {
            for action in &pipe.register_actions {
                self.line("");
                self.register_action(pipe, action);
            }
        }
        for action in &pipe.actions {
            self.line("");
            self.action(pipe, action);
        }
        for table in &pipe.tables {
            self.line("");
            self.table(table);
        }
        if self.out.ends_with(";\n") || self.out.ends_with("}\n") {
            self.line("");
        }
        self.block("apply {", "}", |this| {
            this.steps(&pipe.apply);
            if this.arch() == Arch::V1Model {
                this.checksums(&pipe.checksums);
            }
        });
    }

    fn register(&mut self, register: &Register) {
        let Register {
            name,
            entries,
            bits,
            initial,
        } = register;
        let index = register.index_bits();
        match (self.arch(), initial) {
            (Arch::V1Model, Initial::One(_)) => {
                self.line(&format!("register<bit<{bits}>>({entries}) {name};"));
            }
            (Arch::V1Model, Initial::Pair(..)) => {
                self.line(&format!("register<bit<{bits}>>({entries}) {name}_lo;"));
                self.line(&format!("register<bit<{bits}>>({entries}) {name}_hi;"));
            }
            (_, Initial::One(value)) => {
                self.line(&format!(
                    "Register<bit<{bits}>, bit<{index}>>({entries}, {value}) {name};"
                ));
            }
            (_, Initial::Pair(low, high)) => self.line(&format!(
                "Register<pair_{bits}_t, bit<{index}>>({entries}, {{{low}, {high}}}) {name};"
            )),
        }
    }

    fn register_action(&mut self, pipe: &Pipe, action: &RegisterAction) {
        let Some(register) = pipe.register(&action.register) else {
            return;
        };
        let bits = register.bits;
        let cell = match register.is_pair() {
            true => format!("pair_{bits}_t"),
            false => format!("bit<{bits}>"),
        };
        let (suffix, types, outputs) = match action.outputs {
            2 => (
                "2",
                format!("bit<{bits}>, bit<{bits}>"),
                format!(", out bit<{bits}> result, out bit<{bits}> second"),
            ),
            1 => (
                "",
                format!("bit<{bits}>"),
                format!(", out bit<{bits}> result"),
            ),
            _ => ("", format!("bit<{bits}>"), String::new()),
        };
        let index = register.index_bits();
        let (name, memory) = (&action.name, &action.register);
        let open =
            format!("RegisterAction{suffix}<{cell}, bit<{index}>, {types}>({memory}) {name} = {{");
        self.block(&open, "};", |this| {
            let apply = format!("void apply(inout {cell} value{outputs}) {{");
            this.block(&apply, "}", |this| {
                this.statements(pipe, None, &action.body)
            });
        });
    }

    fn action(&mut self, pipe: &Pipe, action: &Action) {
        let name = &action.name;
        for statement in &action.body {
            self.hash_unit(pipe, name, statement);
        }
        let parameters = action.parameters.iter();
        let parameters = parameters.map(|Field { name, bits }| format!("bit<{bits}> {name}"));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        self.block(&format!("action {name}({parameters}) {{"), "}", |this| {
            this.statements(pipe, Some(name), &action.body);
        });
    }

    /// What a statement of the chip needs declared before its action. The polynomial of the twin is given to the switch
    /// when it runs; here it is noted.
    fn hash_unit(&mut self, pipe: &Pipe, name: &str, statement: &Statement) {
        if self.arch() == Arch::V1Model {
            if let Statement::Hash(_, HashUnit::Crc(polynomial), _) = statement {
                self.line(&format!("@polynomial(32w{polynomial:#x})"));
            }
            return;
        }
        match statement {
            Statement::Pack(place, _) => {
                let bits = self.program.bits_of(place).unwrap_or(0);
                self.line(&format!(
                    "Hash<bit<{bits}>>(HashAlgorithm_t.IDENTITY) {name}_hash;"
                ));
            }
            Statement::Hash(_, HashUnit::Fold, _) => self.line(&format!(
                "Hash<bit<32>>(HashAlgorithm_t.XOR32) {name}_hash;"
            )),
            Statement::Hash(_, HashUnit::Fold16, _) => self.line(&format!(
                "Hash<bit<16>>(HashAlgorithm_t.XOR16) {name}_hash;"
            )),
            Statement::Hash(_, HashUnit::Crc(polynomial), _) => {
                self.line(&format!(
                    "CRCPolynomial<bit<32>>(32w{polynomial:#x}, false, false, false, 32w0xffffffff, 32w0x0) \
                     {name}_polynomial;"
                ));
                self.line(&format!(
                    "Hash<bit<32>>(HashAlgorithm_t.CUSTOM, {name}_polynomial) {name}_hash;"
                ));
            }
            Statement::Execute { action, index, .. } if !index.is_empty() => {
                let register = pipe.register_action(action);
                let register = register.and_then(|action| pipe.register(&action.register));
                let bits = register.map_or(0, Register::index_bits);
                self.line(&format!(
                    "Hash<bit<{bits}>>(HashAlgorithm_t.IDENTITY) {name}_index;"
                ));
            }
            _ => {}
        }
    }

    fn table(&mut self, table: &Table) {
        let Table {
            name,
            stage,
            keys,
            matching,
            entries,
            actions,
            default,
            size,
        } = table;
        let matching = match matching {
            Matching::Exact => "exact",
            Matching::Ternary => "ternary",
        };
        self.line(&format!("@stage({stage})"));
        self.block(&format!("table {name} {{"), "}", |this| {
            if !keys.is_empty() {
                this.block("key = {", "}", |this| {
                    for key in keys {
                        let line = format!("{}: {matching};", this.place(key));
                        this.line(&line);
                    }
                });
            }
            this.block("actions = {", "}", |this| {
                for action in actions {
                    this.line(&format!("{action};"));
                }
            });
            this.line(&format!("const default_action = {default}();"));
            if !entries.is_empty() {
                this.block("const entries = {", "}", |this| this.entries(entries));
            }
            // The compiler for the twin counts entries itself.
            if entries.is_empty() || this.arch() != Arch::V1Model {
                this.line(&format!("size = {size};"));
            }
        });
    }

    fn entries(&mut self, entries: &[ConstEntry]) {
        for entry in entries {
            let arguments: Vec<String> = entry
                .arguments
                .iter()
                .map(|value| format!("{value:#x}"))
                .collect();
            self.line(&format!(
                "{}: {}({});",
                patterns(&entry.patterns),
                entry.action,
                arguments.join(", ")
            ));
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Apply(table) => self.line(&format!("{table}.apply();")),
                Step::If(condition, then, otherwise) => {
                    let open = format!("if ({}) {{", self.condition(condition));
                    match otherwise.is_empty() {
                        true => self.block(&open, "}", |this| this.steps(then)),
                        false => {
                            self.block(&open, "} else {", |this| this.steps(then));
                            self.depth += 1;
                            self.steps(otherwise);
                            self.depth -= 1;
                            self.line("}");
                        }
                    }
                }
            }
        }
    }
}

/// The statement of the twin that sets a field to 16 bits of a hash.
fn twin_hash(algorithm: &str, place: &str, fields: &[String]) -> String {
    let fields = fields.join(", ");
    format!("hash({place}, HashAlgorithm.{algorithm}, 16w0, {{{fields}}}, 17w0x10000);")
}

/// What the outputs of a register action are called.
pub const OUTPUTS: [&str; 2] = ["result", "second"];

fn patterns(all: &[Pattern]) -> String {
    let each: Vec<String> = all.iter().map(|&of| pattern(of)).collect();
    match &each[..] {
        [one] => one.clone(),
        more => format!("({})", more.join(", ")),
    }
}

fn pattern(pattern: Pattern) -> String {
    match pattern {
        Pattern::ANY => "_".to_owned(),
        Pattern { value, mask: None } => format!("{value:#x}"),
        Pattern {
            value,
            mask: Some(mask),
        } => format!("{value:#x} &&& {mask:#x}"),
    }
}
