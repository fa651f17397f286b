//! Statements, conditions and values.

use super::{OUTPUTS, Printer, twin_hash};
use crate::ir::{Arch, Condition, Expr, HashUnit, Initial, Intrinsic, Pipe, Place, Statement};
use crate::p4::names;

impl Printer<'_> {
    /// The number of the entry that an action accesses.
    pub(super) fn index(&self, action: Option<&str>, index: &[Expr]) -> String {
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

    pub(super) fn statements(&mut self, pipe: &Pipe, action: Option<&str>, body: &[Statement]) {
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
                        (Arch::V1Model, HashUnit::Fold16) => twin_hash("xor16", &place, &fields),
                        (Arch::V1Model, HashUnit::Checksum) => twin_hash("csum16", &place, &fields),
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
                Statement::SetInvalid(header) => self.line(&format!("hdr.{header}.setInvalid();")),
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
                Statement::Mirror => self.line(&names::mirror(self.arch(), self.gress)),
                Statement::Truncate(bytes) => self.line(&format!("truncate(32w{bytes});")),
            }
        }
    }

    pub(super) fn execute(&mut self, pipe: &Pipe, action: &str, index: &str, into: &[Place]) {
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
    pub(super) fn inline(&mut self, pipe: &Pipe, action: &str, index: &str, into: &[Place]) {
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

    pub(super) fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Equal(left, right) => format!("{} == {right}", self.expr(left)),
            Condition::Unequal(left, right) => format!("{} != {right}", self.expr(left)),
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

    pub(super) fn expr(&self, expr: &Expr) -> String {
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
            Expr::Difference(first, second) => {
                format!("{} - {}", self.place(first), self.place(second))
            }
            Expr::Saturate(first, second) => {
                format!("{} |-| {}", self.place(first), self.place(second))
            }
            Expr::Mask(place, mask) => format!("{} & {mask:#x}", self.place(place)),
            Expr::Not(place) => format!("~{}", self.place(place)),
            Expr::Shift(place, by) => format!("{} >> {by}", self.place(place)),
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

    pub(super) fn place(&self, place: &Place) -> String {
        match place {
            Place::Header(header, field) => format!("hdr.{header}.{field}"),
            Place::Metadata(field) => format!("md.{field}"),
            Place::Parameter(name) => name.clone(),
            // What the architecture does not say stands in no program for it.
            Place::Intrinsic(intrinsic) => names::intrinsic(self.arch(), *intrinsic)
                .unwrap_or_default()
                .to_owned(),
            Place::Memory(None) => "value".to_owned(),
            Place::Memory(Some(half)) => match self.arch() {
                Arch::V1Model => format!("value_{}", half.name()),
                _ => format!("value.{}", half.name()),
            },
            Place::Output(number) => OUTPUTS[*number].to_owned(),
        }
    }
}
