//! From a program to its text.

use std::fmt::Write;

use super::containers;
use super::names::{self, Gress};
use crate::ir::{
    Action, Arch, Case, Condition, Expr, Field, HashUnit, Initial, Intrinsic, Key, Next,
    ParserStep, Pattern, Pipe, Place, Program, Register, RegisterAction, State, Statement, Step,
    Table,
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
        self.block("struct metadata_t {", "}", |this| {
            this.fields(&this.program.metadata);
        });
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
                self.block(&open, "}", |this| this.deparser(&pipe.deparser));
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

    fn states(&mut self, states: &[State]) {
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
                let patterns: Vec<String> = patterns.iter().map(|&of| pattern(of)).collect();
                match &patterns[..] {
                    [one] => this.line(&format!("{one}: {next};")),
                    more => this.line(&format!("({}): {next};", more.join(", "))),
                }
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
        self.block("apply {", "}", |this| this.steps(&pipe.apply));
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

    /// The number of the entry that an action accesses.
    fn index(&self, action: Option<&str>, index: &[Expr]) -> String {
        let parts: Vec<String> = index.iter().map(|part| self.expr(part)).collect();
        match (self.arch(), &parts[..]) {
            (_, []) => "0".to_owned(),
            (Arch::V1Model, parts) => format!("(bit<32>)({})", parts.join(" ++ ")),
            (_, parts) => format!(
                "{}_index.get({{{}}})",
                action.unwrap_or_default(),
                parts.join(", ")
            ),
        }
    }

    fn statements(&mut self, pipe: &Pipe, action: Option<&str>, body: &[Statement]) {
        for statement in body {
            match statement {
                Statement::Set(place, Expr::Funnel(high, low, by))
                    if self.arch() != Arch::V1Model =>
                {
                    let [place, high, low] = [place, high, low].map(|place| self.place(place));
                    self.line(&format!(
                        "funnel_shift_right({place}, {high}, {low}, {by});"
                    ));
                }
                Statement::Set(place, value) => {
                    let line = format!("{} = {};", self.place(place), self.expr(value));
                    self.line(&line);
                }
                Statement::Pack(place, parts) => {
                    let parts: Vec<String> = parts.iter().map(|part| self.expr(part)).collect();
                    let value = match self.arch() {
                        Arch::V1Model => parts.join(" ++ "),
                        _ => {
                            let hash = format!("{}_hash", action.unwrap_or_default());
                            format!("{hash}.get({{{}}})", parts.join(", "))
                        }
                    };
                    let line = format!("{} = {value};", self.place(place));
                    self.line(&line);
                }
                Statement::Hash(place, unit, fields) => {
                    let place = self.place(place);
                    let fields: Vec<String> =
                        fields.iter().map(|field| self.place(field)).collect();
                    let line = match (self.arch(), unit) {
                        (Arch::V1Model, HashUnit::Fold) => {
                            format!("{place} = {};", fields.join(" ^ "))
                        }
                        (Arch::V1Model, HashUnit::Crc(_)) => format!(
                            "hash({place}, HashAlgorithm.crc32_custom, 32w0, {{{}}}, 33w0x100000000);",
                            fields.join(", ")
                        ),
                        _ => {
                            let hash = format!("{}_hash", action.unwrap_or_default());
                            format!("{place} = {hash}.get({{{}}});", fields.join(", "))
                        }
                    };
                    self.line(&line);
                }
                Statement::If(condition, then, otherwise) => {
                    let open = format!("if ({}) {{", self.condition(condition));
                    match otherwise.is_empty() {
                        true => self.block(&open, "}", |this| this.statements(pipe, action, then)),
                        false => {
                            self.block(&open, "} else {", |this| {
                                this.statements(pipe, action, then);
                            });
                            self.depth += 1;
                            self.statements(pipe, action, otherwise);
                            self.depth -= 1;
                            self.line("}");
                        }
                    }
                }
                Statement::SetValid(header) => self.line(&format!("hdr.{header}.setValid();")),
                Statement::Execute {
                    action: name,
                    index,
                    into,
                } => {
                    let index = self.index(action, index);
                    match self.arch() {
                        Arch::V1Model => self.inline(pipe, name, &index, into),
                        _ => self.execute(pipe, name, &index, into),
                    }
                }
                Statement::Drop => self.line(names::drop(self.arch(), self.gress)),
            }
        }
    }

    fn execute(&mut self, pipe: &Pipe, action: &str, index: &str, into: &[Place]) {
        let places: Vec<String> = into.iter().map(|place| self.place(place)).collect();
        match &places[..] {
            [first, second] => {
                let register = pipe.register_action(action);
                let register = register.and_then(|action| pipe.register(&action.register));
                let bits = register.map_or(0, |register| register.bits);
                self.line(&format!("bit<{bits}> second;"));
                self.line(&format!("{first} = {action}.execute({index}, second);"));
                self.line(&format!("{second} = second;"));
            }
            [place] => self.line(&format!("{place} = {action}.execute({index});")),
            _ => self.line(&format!("{action}.execute({index});")),
        }
    }

    /// An access of the twin's registers, which all start as zero: what they should start as is added without carry
    /// whenever they are read or written.
    fn inline(&mut self, pipe: &Pipe, action: &str, index: &str, into: &[Place]) {
        let Some(action) = pipe.register_action(action) else {
            return;
        };
        let Some(register) = pipe.register(&action.register) else {
            return;
        };
        let (name, bits) = (&register.name, register.bits);
        let cells: Vec<(String, &str, u64)> = match register.initial {
            Initial::One(value) => vec![(name.clone(), "value", value)],
            Initial::Pair(low, high) => vec![
                (format!("{name}_lo"), "value_lo", low),
                (format!("{name}_hi"), "value_hi", high),
            ],
        };
        let flipped = |local: &str, initial: u64| match initial {
            0 => local.to_owned(),
            initial => format!("{local} ^ {bits}w{initial}"),
        };
        for (_, local, _) in &cells {
            self.line(&format!("bit<{bits}> {local};"));
        }
        for output in &OUTPUTS[..into.len()] {
            self.line(&format!("bit<{bits}> {output};"));
        }
        for (memory, local, initial) in &cells {
            self.line(&format!("{memory}.read({local}, {index});"));
            if *initial != 0 {
                self.line(&format!("{local} = {};", flipped(local, *initial)));
            }
        }
        self.statements(pipe, None, &action.body);
        for (memory, local, initial) in &cells {
            let value = flipped(local, *initial);
            self.line(&format!("{memory}.write({index}, {value});"));
        }
        for (output, place) in OUTPUTS.iter().zip(into) {
            let line = format!("{} = {output};", self.place(place));
            self.line(&line);
        }
    }

    fn table(&mut self, table: &Table) {
        let Table {
            name,
            stage,
            keys,
            actions,
            default,
            size,
        } = table;
        self.line(&format!("@stage({stage})"));
        self.block(&format!("table {name} {{"), "}", |this| {
            if !keys.is_empty() {
                this.block("key = {", "}", |this| {
                    for key in keys {
                        let line = format!("{}: exact;", this.place(key));
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
            this.line(&format!("size = {size};"));
        });
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

    fn deparser(&mut self, headers: &[String]) {
        self.block("apply {", "}", |this| {
            for header in headers {
                this.line(&format!("pkt.emit(hdr.{header});"));
            }
        });
    }

    fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Equal(left, right) => format!("{} == {right}", self.expr(left)),
            Condition::ParsedAnd(place, value) => {
                let parsed = names::parsed(self.arch(), self.gress);
                format!("{parsed} && {} == {value}", self.place(place))
            }
            Condition::Valid(header) => format!("hdr.{header}.isValid()"),
            Condition::All(all) => {
                let each = all.iter();
                let each = each.map(|(place, value)| format!("{} == {value}", self.place(place)));
                each.collect::<Vec<_>>().join(" && ")
            }
        }
    }

    fn expr(&self, expr: &Expr) -> String {
        match expr {
            // The twin's length is wider than the chip's.
            Expr::Read(place @ Place::Intrinsic(Intrinsic::FrameBytes))
                if self.arch() == Arch::V1Model =>
            {
                format!("(bit<16>){}", self.place(place))
            }
            Expr::Read(place) => self.place(place),
            Expr::Slice(place, high, low) => format!("{}[{high}:{low}]", self.place(place)),
            Expr::Constant { bits, value } => format!("{bits}w{value:#x}"),
            Expr::Widen(bits, place, high, low) => {
                format!("(bit<{bits}>){}[{high}:{low}]", self.place(place))
            }
            Expr::Add(place, value) => format!("{} + {value}", self.place(place)),
            Expr::Subtract(place, value) => format!("{} - {value}", self.place(place)),
            Expr::Sum(first, second) => {
                format!("{} + {}", self.place(first), self.place(second))
            }
            Expr::Differ(first, second) => {
                format!("{} ^ {}", self.place(first), self.expr(second))
            }
            // The chip has a statement for it.
            Expr::Funnel(high, low, by) => {
                let bits = self.program.bits_of(high).unwrap_or(0);
                let (high, low) = (self.place(high), self.place(low));
                format!("({high} << {}) | ({low} >> {by})", bits.saturating_sub(*by))
            }
        }
    }

    fn place(&self, place: &Place) -> String {
        match place {
            Place::Header(header, field) => format!("hdr.{header}.{field}"),
            Place::Metadata(field) => format!("md.{field}"),
            Place::Parameter(name) => name.clone(),
            Place::Intrinsic(intrinsic) => names::intrinsic(self.arch(), *intrinsic).to_owned(),
            Place::Memory(None) => "value".to_owned(),
            Place::Memory(Some(half)) => match self.arch() {
                Arch::V1Model => format!("value_{}", half.name()),
                _ => format!("value.{}", half.name()),
            },
            Place::Output(number) => OUTPUTS[*number].to_owned(),
        }
    }
}

/// What the outputs of a register action are called.
pub const OUTPUTS: [&str; 2] = ["result", "second"];

fn pattern(pattern: Pattern) -> String {
    match pattern {
        Pattern { value, mask: None } => format!("{value:#x}"),
        Pattern {
            value,
            mask: Some(mask),
        } => format!("{value:#x} &&& {mask:#x}"),
    }
}
