//! Actions, and what is in them.

use super::{Reader, Result};
use crate::ir::{
    Action, Arch, Condition, Expr, Half, HashUnit, Initial, Intrinsic, Pipe, Place, RegisterAction,
    Statement,
};
use crate::p4::lexer::Token;
use crate::p4::names;
use crate::p4::print::OUTPUTS;

const HALVES: [Half; 2] = [Half::Low, Half::High];

impl Reader {
    /// `<cell, bit<1>, outputs>(register) name = { void apply(..) { .. } };`
    pub(super) fn register_action(&mut self) -> Result<RegisterAction> {
        self.expect("<")?;
        let (bits, is_pair) = self.cell()?;
        self.index_type()?;
        let mut types = 0;
        while self.take_all(&format!(", bit<{bits}>")) {
            types += 1;
        }
        self.expect_all(">(")?;
        let register = self.word()?;
        self.expect(")")?;
        let name = self.word()?;
        self.expect_all("= { void apply(inout")?;
        let cell = match is_pair {
            true => format!("pair_{bits}_t"),
            false => format!("bit<{bits}>"),
        };
        self.expect_all(&format!("{cell} value"))?;
        let mut outputs = 0;
        while let Some(output) = OUTPUTS.get(outputs)
            && self.take_all(&format!(", out bit<{bits}> {output}"))
        {
            outputs += 1;
        }
        if types != outputs.max(1) {
            return self.fail("an output for each type");
        }
        self.expect_all(") {")?;
        self.locals = ["value"]
            .iter()
            .chain(&OUTPUTS[..outputs])
            .map(ToString::to_string)
            .collect();
        let body = self.until("}", Self::statement)?;
        self.locals.clear();
        self.expect_all("};")?;
        Ok(RegisterAction {
            name,
            register,
            outputs,
            body,
        })
    }

    pub(super) fn action(&mut self, pipe: &mut Pipe, polynomial: Option<u32>) -> Result<()> {
        self.polynomial = polynomial;
        let name = self.word()?;
        self.expect("(")?;
        let parameters = self.list(")", Self::parameter)?;
        self.parameters = parameters.iter().map(|field| field.name.clone()).collect();
        self.expect("{")?;
        let body = match self.is("bit") && self.arch == Arch::V1Model {
            true => vec![self.inline(pipe, &name)?],
            false => {
                let mut body = Vec::new();
                while !self.take("}") {
                    body.push(self.action_statement()?);
                }
                body
            }
        };
        self.parameters.clear();
        pipe.actions.push(Action {
            name,
            parameters,
            body,
        });
        Ok(())
    }

    /// A statement of the chip's actions, in which registers are executed.
    fn action_statement(&mut self) -> Result<Statement> {
        if self.is("bit") {
            self.bits()?;
            self.expect_all("second;")?;
            let first = self.place()?;
            self.expect("=")?;
            let action = self.word()?;
            self.expect_all(".execute(")?;
            let index = self.index()?;
            self.expect_all(", second);")?;
            let second = self.place()?;
            self.expect_all("= second;")?;
            return Ok(Statement::Execute {
                action,
                index,
                into: vec![first, second],
            });
        }
        if self.is_at(1, ".") && self.is_at(2, "execute") {
            return self.executed(Vec::new());
        }
        self.statement()
    }

    /// `name.execute(index);`
    fn executed(&mut self, into: Vec<Place>) -> Result<Statement> {
        let action = self.word()?;
        self.expect_all(".execute(")?;
        let index = self.index()?;
        self.expect_all(");")?;
        Ok(Statement::Execute {
            action,
            index,
            into,
        })
    }

    /// The number of an entry: `0`, or values side by side through a hash unit or, on the twin, widened.
    fn index(&mut self) -> Result<Vec<Expr>> {
        if self.take_number(0) {
            return Ok(Vec::new());
        }
        if self.arch != Arch::V1Model {
            self.word()?;
            self.expect_all(".get({")?;
            let parts = self.list("}", Self::expr)?;
            self.expect(")")?;
            return Ok(parts);
        }
        self.expect_all("(bit<32>)(")?;
        let mut parts = vec![self.expr()?];
        while self.take("++") {
            parts.push(self.expr()?);
        }
        self.expect(")")?;
        Ok(parts)
    }

    /// `hash(place, HashAlgorithm.crc32_custom, 32w0, {fields}, 33w0x100000000);`, or the same with `xor16` or `csum16`.
    fn twin_hash(&mut self) -> Result<Statement> {
        self.expect_all("hash(")?;
        let place = self.place()?;
        for (algorithm, unit) in [("xor16", HashUnit::Fold16), ("csum16", HashUnit::Checksum)] {
            if self.take_all(&format!(", HashAlgorithm.{algorithm}, 16w0, {{")) {
                let fields = self.list("}", Self::place)?;
                self.expect_all(", 17w0x10000);")?;
                return Ok(Statement::Hash(place, unit, fields));
            }
        }
        let Some(polynomial) = self.polynomial else {
            return self.fail("a polynomial in front of the action");
        };
        self.expect_all(", HashAlgorithm.crc32_custom, 32w0, {")?;
        let fields = self.list("}", Self::place)?;
        self.expect_all(", 33w0x100000000);")?;
        Ok(Statement::Hash(place, HashUnit::Crc(polynomial), fields))
    }

    /// `funnel_shift_right(place, high, low, by);`
    fn funnel_statement(&mut self) -> Result<Statement> {
        self.expect_all("funnel_shift_right(")?;
        let place = self.place()?;
        self.expect(",")?;
        let high = self.place()?;
        self.expect(",")?;
        let low = self.place()?;
        self.expect(",")?;
        let by = self.size()?;
        self.expect_all(");")?;
        Ok(Statement::Set(place, Expr::Funnel(high, low, by)))
    }

    fn statement(&mut self) -> Result<Statement> {
        if self.take_all(names::drop(self.arch, self.gress)) {
            return Ok(Statement::Drop);
        }
        if self.take_all(&names::mirror(self.arch, self.gress)) {
            return Ok(Statement::Mirror);
        }
        if self.take_all("truncate(") {
            let bytes = self.number()?;
            self.expect_all(");")?;
            return Ok(Statement::Truncate(bytes));
        }
        if let Some(header) = self.header_method("setValid")? {
            self.expect(";")?;
            return Ok(Statement::SetValid(header));
        }
        if let Some(header) = self.header_method("setInvalid")? {
            self.expect(";")?;
            return Ok(Statement::SetInvalid(header));
        }
        if self.take_all("if (") {
            let condition = self.condition()?;
            self.expect_all(") {")?;
            let then = self.until("}", Self::statement)?;
            let otherwise = match self.take_all("else {") {
                true => self.until("}", Self::statement)?,
                false => Vec::new(),
            };
            return Ok(Statement::If(condition, then, otherwise));
        }
        if self.is("funnel_shift_right") {
            return self.funnel_statement();
        }
        if self.is("hash") {
            return self.twin_hash();
        }
        let place = self.place()?;
        self.expect("=")?;
        if self.is_at(1, ".") && self.is_at(2, "execute") {
            return self.executed(vec![place]);
        }
        if self.is_at(1, ".") && self.is_at(2, "get") {
            let unit = self.word()?;
            self.expect_all(".get({")?;
            if let Some(&unit) = self.units.get(&unit) {
                let fields = self.list("}", Self::place)?;
                self.expect_all(");")?;
                return Ok(Statement::Hash(place, unit, fields));
            }
            let parts = self.list("}", Self::expr)?;
            self.expect_all(");")?;
            return Ok(Statement::Pack(place, parts));
        }
        // Of more than two fields it is a fold; a register action compares two.
        if self.is_fold() {
            let mut fields = vec![self.place()?];
            while self.take("^") {
                fields.push(self.place()?);
            }
            self.expect(";")?;
            return Ok(Statement::Hash(place, HashUnit::Fold, fields));
        }
        let mut parts = vec![self.expr()?];
        while self.take("++") {
            parts.push(self.expr()?);
        }
        self.expect(";")?;
        Ok(match parts.len() {
            1 => Statement::Set(place, parts.remove(0)),
            _ => Statement::Pack(place, parts),
        })
    }

    /// An access of the twin's registers, written out.
    fn inline(&mut self, pipe: &mut Pipe, action: &str) -> Result<Statement> {
        let mut locals = Vec::new();
        while self.is("bit") {
            self.bits()?;
            locals.push(self.word()?);
            self.expect(";")?;
        }
        let outputs = locals
            .iter()
            .filter(|local| OUTPUTS.contains(&local.as_str()));
        let outputs = outputs.count();
        let values = locals.len() - outputs;
        let mut memory = String::new();
        let mut index = Vec::new();
        let mut initial = Vec::new();
        for local in &locals[..values] {
            memory = self.word()?;
            self.expect_all(&format!(".read({local},"))?;
            index = self.index()?;
            self.expect_all(");")?;
            initial.push(match self.take_all(&format!("{local} = {local} ^")) {
                true => {
                    let value = self.number()?;
                    self.expect(";")?;
                    value
                }
                false => 0,
            });
        }
        let register = match values {
            1 => memory.as_str(),
            _ => memory.strip_suffix("_hi").unwrap_or_default(),
        };
        let Some(known) = pipe
            .registers
            .iter_mut()
            .find(|known| known.name == register)
        else {
            return self.fail("a register that is declared");
        };
        known.initial = match initial[..] {
            [low, high] => Initial::Pair(low, high),
            _ => Initial::One(initial.first().copied().unwrap_or(0)),
        };
        self.locals.clone_from(&locals);
        let mut body = Vec::new();
        while !(self.is_at(1, ".") && self.is_at(2, "write")) {
            body.push(self.statement()?);
        }
        self.locals.clear();
        for (local, initial) in locals[..values].iter().zip(&initial) {
            let half = local.strip_prefix("value").unwrap_or_default();
            self.expect_all(&format!("{register}{half}.write("))?;
            if self.index()? != index {
                return self.fail("the entry that was read");
            }
            self.expect_all(&format!(", {local}"))?;
            if *initial != 0 {
                self.expect("^")?;
                self.number()?;
            }
            self.expect_all(");")?;
        }
        let mut into = Vec::new();
        for output in &OUTPUTS[..outputs] {
            into.push(self.place()?);
            self.expect_all(&format!("= {output};"))?;
        }
        self.expect("}")?;
        let stem = action.strip_prefix("do_").unwrap_or(action);
        let name = format!("{stem}_step");
        pipe.register_actions.push(RegisterAction {
            name: name.clone(),
            register: register.to_owned(),
            outputs,
            body,
        });
        Ok(Statement::Execute {
            action: name,
            index,
            into,
        })
    }

    /// A parameter of the action, or a name of the register action.
    pub(super) fn local_place(&mut self) -> Option<Place> {
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return None;
        };
        if self.parameters.contains(&word) {
            self.at += 1;
            return Some(Place::Parameter(word));
        }
        if !self.locals.contains(&word) {
            return None;
        }
        self.at += 1;
        if let Some(output) = OUTPUTS.iter().position(|output| *output == word) {
            return Some(Place::Output(output));
        }
        let half = HALVES.into_iter().find(|half| match self.arch {
            Arch::V1Model => word.strip_prefix("value_") == Some(half.name()),
            _ => self.is(".") && self.is_at(1, half.name()),
        });
        if half.is_some() && self.arch != Arch::V1Model {
            self.at += 2;
        }
        Some(Place::Memory(half))
    }

    pub(super) fn condition(&mut self) -> Result<Condition> {
        if let Some(header) = self.header_method("isValid")? {
            return Ok(Condition::Valid(header));
        }
        if self.take_all(names::parsed(self.arch, self.gress)) {
            self.expect("&&")?;
            let place = self.place()?;
            self.expect("==")?;
            return Ok(Condition::ParsedAnd(place, self.number()?));
        }
        let left = self.expr()?;
        if self.take("!=") {
            return Ok(Condition::Unequal(left, self.number()?));
        }
        self.expect("==")?;
        let value = self.number()?;
        match left {
            Expr::Read(place) if self.is("&&") => {
                let mut all = vec![(place, value)];
                while self.take("&&") {
                    let place = self.place()?;
                    self.expect("==")?;
                    all.push((place, self.number()?));
                }
                Ok(Condition::All(all))
            }
            left => Ok(Condition::Equal(left, value)),
        }
    }

    pub(super) fn expr(&mut self) -> Result<Expr> {
        if let Some(Token::Number(Some(bits), value)) = self.peek().cloned() {
            self.at += 1;
            return Ok(Expr::Constant { bits, value });
        }
        if self.take("~") {
            return Ok(Expr::Not(self.place()?));
        }
        let widened = match self.take("(") {
            true if !self.is("bit") => return self.funnel(),
            true => {
                let bits = self.bits()?;
                self.expect(")")?;
                Some(bits)
            }
            false => None,
        };
        let place = self.place()?;
        if place == Place::Intrinsic(Intrinsic::FrameBytes) && self.arch == Arch::V1Model {
            return Ok(Expr::Read(place));
        }
        if self.take("[") {
            let high = self.size()?;
            self.expect(":")?;
            let low = self.size()?;
            self.expect("]")?;
            return Ok(match widened {
                Some(bits) => Expr::Widen(bits, place, high, low),
                None => Expr::Slice(place, high, low),
            });
        }
        if widened.is_some() {
            return self.fail("`[` behind what is widened");
        }
        if self.take("^") {
            return Ok(Expr::Differ(place, Box::new(self.expr()?)));
        }
        if self.take("+") {
            if let Some(Token::Number(..)) = self.peek() {
                return Ok(Expr::Add(place, self.number()?));
            }
            return Ok(Expr::Sum(place, self.place()?));
        }
        if self.take("-") {
            if let Some(Token::Number(..)) = self.peek() {
                return Ok(Expr::Subtract(place, self.number()?));
            }
            return Ok(Expr::Difference(place, self.place()?));
        }
        if self.take("|-|") {
            return Ok(Expr::Saturate(place, self.place()?));
        }
        if self.take("&") {
            return Ok(Expr::Mask(place, self.number()?));
        }
        if self.take_all(">>") {
            return Ok(Expr::Shift(place, self.size()?));
        }
        Ok(Expr::Read(place))
    }

    /// `(high << N) | (low >> M)`, behind its first parenthesis.
    fn funnel(&mut self) -> Result<Expr> {
        let high = self.place()?;
        self.expect_all("<<")?;
        self.size()?;
        self.expect_all(") | (")?;
        let low = self.place()?;
        self.expect_all(">>")?;
        let by = self.size()?;
        self.expect(")")?;
        Ok(Expr::Funnel(high, low, by))
    }

    /// Whether places with `^` between them come, three at least.
    fn is_fold(&mut self) -> bool {
        let start = self.at;
        let mut places = 0;
        while self.place().is_ok() {
            places += 1;
            if !self.take("^") {
                break;
            }
        }
        self.at = start;
        places > 2
    }
}
