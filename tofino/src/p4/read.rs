//! From the text of a program back to the program.
//!
//! This reads the part of P4-16 that is printed here, with the grammar of the language specification: a token that does
//! not stand where it should is an error.

mod body;

use std::collections::HashMap;

use thiserror::Error;

use super::lexer::{Placed, Token, tokens};
use super::names::{self, Gress};
use crate::ir::{
    Arch, Case, Checksum, ConstEntry, Field, HashUnit, Header, Initial, Key, Matching, Next,
    ParserStep, Pattern, Pipe, Place, Program, Register, State, Step, Table,
};

/// A text that is no program of this part of the language.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: expected {expected}, found {found}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

type Result<T> = std::result::Result<T, ReadError>;

/// Reads a program.
pub fn read(text: &str) -> Result<Program> {
    let tokens = tokens(text).map_err(|line| ReadError {
        line,
        expected: "a token of P4".to_owned(),
        found: text.lines().nth(line - 1).unwrap_or_default().to_owned(),
    })?;
    Reader {
        tokens,
        at: 0,
        arch: Arch::Tna,
        gress: Gress::Ingress,
        parameters: Vec::new(),
        locals: Vec::new(),
        units: HashMap::new(),
        polynomial: None,
    }
    .program()
}

struct Reader {
    tokens: Vec<Placed>,
    at: usize,
    arch: Arch,
    gress: Gress,
    /// The parameters of the action that is read.
    parameters: Vec<String>,
    /// Whether names of a register action are known, and which.
    locals: Vec<String>,
    /// The hash units that are declared and not only cables.
    units: HashMap<String, HashUnit>,
    /// The polynomial that stands in front of the action that is read.
    polynomial: Option<u32>,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn fail<T>(&self, expected: impl Into<String>) -> Result<T> {
        let last = self.tokens.last().map_or(1, |&(_, line)| line);
        let (found, line) = match self.tokens.get(self.at) {
            Some((token, line)) => (token.to_string(), *line),
            None => ("the end".to_owned(), last),
        };
        Err(ReadError {
            line,
            expected: expected.into(),
            found,
        })
    }

    fn next(&mut self, expected: &str) -> Result<Token> {
        match self.peek().cloned() {
            Some(token) => {
                self.at += 1;
                Ok(token)
            }
            None => self.fail(expected),
        }
    }

    fn is(&self, text: &str) -> bool {
        self.is_at(0, text)
    }

    /// Whether a token further on is this one.
    fn is_at(&self, ahead: usize, text: &str) -> bool {
        match self.tokens.get(self.at + ahead) {
            Some((Token::Word(word), _)) => word == text,
            Some((Token::Mark(mark), _)) => *mark == text,
            _ => false,
        }
    }

    /// Takes a token if it is this one.
    fn take(&mut self, text: &str) -> bool {
        let is = self.is(text);
        self.at += usize::from(is);
        is
    }

    /// Takes all tokens of a text, or none.
    fn take_all(&mut self, text: &str) -> bool {
        let start = self.at;
        if self.expect_all(text).is_err() {
            self.at = start;
            return false;
        }
        true
    }

    fn expect(&mut self, text: &str) -> Result<()> {
        match self.take(text) {
            true => Ok(()),
            false => self.fail(format!("`{text}`")),
        }
    }

    /// The tokens of a text that the architecture fixes.
    fn expect_all(&mut self, text: &str) -> Result<()> {
        let wanted = tokens(text).unwrap_or_default();
        for (token, _) in wanted {
            if self.peek() != Some(&token) {
                return self.fail(format!("`{token}` of `{text}`"));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn word(&mut self) -> Result<String> {
        match self.next("a name")? {
            Token::Word(word) => Ok(word),
            _ => {
                self.at -= 1;
                self.fail("a name")
            }
        }
    }

    fn number(&mut self) -> Result<u64> {
        match self.next("a number")? {
            Token::Number(_, value) => Ok(value),
            _ => {
                self.at -= 1;
                self.fail("a number")
            }
        }
    }

    /// Takes a number if it is this one, without a width.
    fn take_number(&mut self, value: u64) -> bool {
        let is = self.peek() == Some(&Token::Number(None, value));
        self.at += usize::from(is);
        is
    }

    fn size(&mut self) -> Result<usize> {
        let value = self.number()?;
        match usize::try_from(value) {
            Ok(value) => Ok(value),
            Err(_) => self.fail("a smaller number"),
        }
    }

    /// `bit<N>`
    fn bits(&mut self) -> Result<usize> {
        self.expect("bit")?;
        self.expect("<")?;
        let bits = self.size()?;
        self.expect(">")?;
        Ok(bits)
    }

    /// Items up to a mark.
    fn until<T>(
        &mut self,
        end: &str,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while !self.take(end) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Items with commas between them, up to a mark.
    fn list<T>(
        &mut self,
        end: &str,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while !self.take(end) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn program(mut self) -> Result<Program> {
        self.expect_all("#include <core.p4>")?;
        self.expect_all("#include <")?;
        let file = self.word()?;
        let known = [Arch::Tna, Arch::T2na, Arch::V1Model].into_iter();
        let mut known = known.filter(|&arch| names::include(arch).split('.').next() == Some(&file));
        self.arch = match known.next() {
            Some(arch) => arch,
            None => return self.fail("a known architecture"),
        };
        self.expect_all(".p4>")?;
        let mut headers = Vec::new();
        while self.take("header") {
            let kind = self.word()?;
            let Some(name) = kind.strip_suffix("_h") else {
                return self.fail("a type that ends in _h");
            };
            let name = name.to_owned();
            self.expect("{")?;
            let fields = self.until("}", Self::field)?;
            headers.push(Header { name, fields });
        }
        self.expect_all("struct headers_t {")?;
        for Header { name, .. } in &headers {
            self.expect_all(&format!("{name}_h {name};"))?;
        }
        self.expect_all("} struct metadata_t {")?;
        let metadata = self.until("}", Self::field)?;
        while self.take("struct") {
            let kind = self.word()?;
            self.expect("{")?;
            let fields = self.until("}", Self::field)?;
            let expected = fields.first().map(|field| format!("pair_{}_t", field.bits));
            if expected != Some(kind) {
                return self.fail("a pair named after its width");
            }
        }
        let [ingress, egress] = [self.pipe(Gress::Ingress)?, self.pipe(Gress::Egress)?];
        self.expect_all(names::package(self.arch))?;
        if self.peek().is_some() {
            return self.fail("the end");
        }
        Ok(Program {
            arch: self.arch,
            headers,
            metadata,
            ingress,
            egress,
        })
    }

    /// `bit<N> name;`
    fn field(&mut self) -> Result<Field> {
        let field = self.parameter()?;
        self.expect(";")?;
        Ok(field)
    }

    /// `bit<N> name`
    fn parameter(&mut self) -> Result<Field> {
        let bits = self.bits()?;
        let name = self.word()?;
        Ok(Field { name, bits })
    }

    fn pipe(&mut self, gress: Gress) -> Result<Pipe> {
        self.gress = gress;
        let is_twin = self.arch == Arch::V1Model;
        let mut pipe = Pipe::default();
        if !is_twin || gress == Gress::Ingress {
            self.expect_all(&names::parser(self.arch, gress))?;
            pipe.states = self.until("}", Self::state)?;
        }
        self.expect_all(&names::control(self.arch, gress))?;
        self.control(&mut pipe)?;
        if !is_twin || gress == Gress::Egress {
            self.expect_all(&names::deparser(self.arch, gress))?;
            let mut units = Vec::new();
            while self.take("Checksum") {
                self.expect_all("()")?;
                units.push(self.word()?);
                self.expect(";")?;
            }
            self.expect_all("apply {")?;
            while self.is("if") {
                let sum = self.checksum()?;
                pipe.checksums.push(sum);
            }
            if !is_twin && units != self::units(&pipe) {
                return self.fail("a unit for each checksum");
            }
            pipe.deparser = self.until("}", |this| {
                this.expect_all("pkt.emit(hdr.")?;
                let header = this.word()?;
                this.expect_all(");")?;
                Ok(header)
            })?;
            self.expect("}")?;
        }
        Ok(pipe)
    }

    fn state(&mut self) -> Result<State> {
        self.expect("state")?;
        let name = self.word()?;
        self.expect("{")?;
        if name == crate::ir::START {
            for line in names::prelude(self.arch, self.gress) {
                self.expect_all(line)?;
            }
        }
        let steps = self.until("transition", Self::parser_step)?;
        let next = self.transition()?;
        self.expect("}")?;
        Ok(State { name, steps, next })
    }

    fn parser_step(&mut self) -> Result<ParserStep> {
        if self.take_all("pkt.extract(hdr.") {
            let header = self.word()?;
            self.expect_all(");")?;
            return Ok(ParserStep::Extract(header));
        }
        if self.take_all("pkt.advance(") {
            let bits = self.size()?;
            self.expect_all(");")?;
            return Ok(ParserStep::Advance(bits));
        }
        if let Some(header) = self.header_method("setValid")? {
            self.expect(";")?;
            return Ok(ParserStep::SetValid(header));
        }
        let place = self.place()?;
        self.expect("=")?;
        let value = self.expr()?;
        self.expect(";")?;
        Ok(ParserStep::Set(place, value))
    }

    fn transition(&mut self) -> Result<Next> {
        if !self.take_all("select(") {
            let state = self.word()?;
            self.expect(";")?;
            return Ok(Next::To(state));
        }
        let keys = self.list(")", Self::key)?;
        self.expect("{")?;
        let mut cases = Vec::new();
        while !self.take("default") {
            let patterns = self.patterns()?;
            self.expect(":")?;
            let next = self.word()?;
            self.expect(";")?;
            cases.push(Case { patterns, next });
        }
        self.expect(":")?;
        let otherwise = self.word()?;
        self.expect_all("; }")?;
        Ok(Next::Select {
            keys,
            cases,
            otherwise,
        })
    }

    fn key(&mut self) -> Result<Key> {
        if !self.take_all("pkt.lookahead<bit<") {
            return Ok(Key::Field(self.place()?));
        }
        let ahead_bits = self.size()?;
        self.expect_all(">>()[")?;
        let bits = self.size()? + 1;
        self.expect_all(":0]")?;
        Ok(Key::Lookahead { ahead_bits, bits })
    }

    /// A pattern, or several in parentheses.
    fn patterns(&mut self) -> Result<Vec<Pattern>> {
        match self.take("(") {
            true => self.list(")", Self::pattern),
            false => Ok(vec![self.pattern()?]),
        }
    }

    fn pattern(&mut self) -> Result<Pattern> {
        if self.take("_") {
            return Ok(Pattern::ANY);
        }
        let value = self.number()?;
        let mask = match self.take("&&&") {
            true => Some(self.number()?),
            false => None,
        };
        Ok(Pattern { value, mask })
    }

    fn control(&mut self, pipe: &mut Pipe) -> Result<()> {
        loop {
            if self.take("register") {
                self.twin_register(pipe)?;
            } else if self.take("Register") {
                let register = self.register()?;
                pipe.registers.push(register);
            } else if self.take("RegisterAction") || self.take("RegisterAction2") {
                let action = self.register_action()?;
                pipe.register_actions.push(action);
            } else if self.take("CRCPolynomial") || self.take("Hash") {
                self.at -= 1;
                self.hash_unit()?;
            } else if self.take("action") {
                self.action(pipe, None)?;
            } else if self.take_all("@polynomial(") {
                let polynomial = self.polynomial()?;
                self.expect_all(") action")?;
                self.action(pipe, Some(polynomial))?;
            } else if self.take("@") {
                let table = self.table()?;
                pipe.tables.push(table);
            } else {
                break;
            }
        }
        self.expect_all("apply {")?;
        while !self.is("}") && !self.is_twin_checksum() {
            let step = self.step()?;
            pipe.apply.push(step);
        }
        pipe.checksums = self.until("}", Self::checksum)?;
        self.expect("}")
    }

    /// Whether `if (md.name == 1) { hash` comes.
    fn is_twin_checksum(&self) -> bool {
        self.is("if") && self.is_at(9, "hash")
    }

    /// `if (md.name == 1) { .. }`: the unit of the chip, or the hash function of the twin.
    fn checksum(&mut self) -> Result<Checksum> {
        self.expect_all("if (md.")?;
        let when = self.word()?;
        self.expect_all("== 1) {")?;
        let is_twin = self.arch == Arch::V1Model;
        if is_twin {
            self.expect_all("hash(")?;
        }
        let target = self.place()?;
        let mut sum = Checksum {
            when,
            target: target.clone(),
            fields: Vec::new(),
            zeros_as_ones: false,
        };
        match is_twin {
            true => self.expect_all(", HashAlgorithm.csum16, 16w0, {")?,
            false => self.expect_all(&format!("= {}.update({{", sum.unit()))?,
        }
        sum.fields = self.list("}", Self::place)?;
        if is_twin {
            self.expect_all(", 17w0x10000);")?;
            sum.zeros_as_ones = self.take_all("if (");
            if sum.zeros_as_ones {
                for then in ["== 0) {", "= 0xffff; }"] {
                    if self.place()? != target {
                        return self.fail("the checksum that was worked out");
                    }
                    self.expect_all(then)?;
                }
            }
        } else {
            sum.zeros_as_ones = self.take_all(", true");
            self.expect_all(");")?;
        }
        self.expect("}")?;
        Ok(sum)
    }

    /// A unit that is only a cable, or that makes a CRC or an XOR.
    fn hash_unit(&mut self) -> Result<()> {
        let unit = match self.take_all("CRCPolynomial<bit<32>>(") {
            true => {
                let polynomial = self.polynomial()?;
                self.expect_all(", false, false, false, 32w0xffffffff, 32w0x0)")?;
                let name = self.word()?;
                self.expect_all(&format!("; Hash<bit<32>>(HashAlgorithm_t.CUSTOM, {name})"))?;
                Some(HashUnit::Crc(polynomial))
            }
            false => {
                self.expect_all("Hash<")?;
                self.bits()?;
                self.expect_all(">(HashAlgorithm_t.")?;
                let unit = if self.take("XOR32") {
                    Some(HashUnit::Fold)
                } else if self.take("XOR16") {
                    Some(HashUnit::Fold16)
                } else {
                    self.expect("IDENTITY")?;
                    None
                };
                self.expect(")")?;
                unit
            }
        };
        let name = self.word()?;
        self.expect(";")?;
        self.units.extend(unit.map(|unit| (name, unit)));
        Ok(())
    }

    fn polynomial(&mut self) -> Result<u32> {
        let value = self.number()?;
        match u32::try_from(value) {
            Ok(polynomial) => Ok(polynomial),
            Err(_) => self.fail("a polynomial of 32 bits"),
        }
    }

    /// `, bit<N>`: the type of the number of an entry. Its width follows from the entries.
    fn index_type(&mut self) -> Result<()> {
        self.expect(",")?;
        self.bits()?;
        Ok(())
    }

    /// `<bit<N>, bit<M>>(E, V) name;`, or with pairs.
    fn register(&mut self) -> Result<Register> {
        self.expect("<")?;
        let (bits, is_pair) = self.cell()?;
        self.index_type()?;
        self.expect_all(">(")?;
        let entries = self.size()?;
        self.expect(",")?;
        let initial = match is_pair {
            true => {
                self.expect("{")?;
                let low = self.number()?;
                self.expect(",")?;
                let high = self.number()?;
                self.expect("}")?;
                Initial::Pair(low, high)
            }
            false => Initial::One(self.number()?),
        };
        self.expect(")")?;
        let name = self.word()?;
        self.expect(";")?;
        Ok(Register {
            name,
            entries,
            bits,
            initial,
        })
    }

    /// `bit<N>` or `pair_N_t`
    fn cell(&mut self) -> Result<(usize, bool)> {
        if self.is("bit") {
            return Ok((self.bits()?, false));
        }
        let kind = self.word()?;
        let bits = kind
            .strip_prefix("pair_")
            .and_then(|kind| kind.strip_suffix("_t"));
        match bits.and_then(|bits| bits.parse().ok()) {
            Some(bits) => Ok((bits, true)),
            None => self.fail("a pair"),
        }
    }

    /// `<bit<N>>(E) name;`: the twin's, of which two stand for a pair.
    fn twin_register(&mut self, pipe: &mut Pipe) -> Result<()> {
        self.expect("<")?;
        let bits = self.bits()?;
        self.expect_all(">(")?;
        let entries = self.size()?;
        self.expect(")")?;
        let name = self.word()?;
        self.expect(";")?;
        let initial = Initial::One(0);
        match (name.strip_suffix("_lo"), name.strip_suffix("_hi")) {
            (Some(pair), _) => pipe.registers.push(Register {
                name: pair.to_owned(),
                entries,
                bits,
                initial: Initial::Pair(0, 0),
            }),
            (_, Some(pair)) => {
                let last = pipe.registers.last();
                if last.is_none_or(|last| last.name != pair || !last.is_pair()) {
                    return self.fail("the lower half before the higher one");
                }
            }
            _ => pipe.registers.push(Register {
                name,
                entries,
                bits,
                initial,
            }),
        }
        Ok(())
    }

    /// `stage(N) table name { .. }`
    fn table(&mut self) -> Result<Table> {
        self.expect_all("stage(")?;
        let stage = self.size()?;
        self.expect_all(") table")?;
        let name = self.word()?;
        self.expect("{")?;
        let mut kinds = Vec::new();
        let keys = match self.take_all("key = {") {
            true => self.until("}", |this| {
                let place = this.place()?;
                this.expect(":")?;
                kinds.push(match this.take("ternary") {
                    true => Matching::Ternary,
                    false => {
                        this.expect("exact")?;
                        Matching::Exact
                    }
                });
                this.expect(";")?;
                Ok(place)
            })?,
            false => Vec::new(),
        };
        let matching = kinds.first().copied().unwrap_or_default();
        if kinds.iter().any(|&kind| kind != matching) {
            return self.fail("keys that are all exact or all ternary");
        }
        self.expect_all("actions = {")?;
        let actions = self.until("}", |this| {
            let action = this.word()?;
            this.expect(";")?;
            Ok(action)
        })?;
        self.expect_all("const default_action =")?;
        let default = self.word()?;
        self.expect_all("();")?;
        let entries = match self.take_all("const entries = {") {
            true => self.until("}", Self::entry)?,
            false => Vec::new(),
        };
        let size = match self.arch == Arch::V1Model && !entries.is_empty() {
            true => entries.len(),
            false => {
                self.expect_all("size =")?;
                let size = self.size()?;
                self.expect(";")?;
                size
            }
        };
        self.expect("}")?;
        Ok(Table {
            name,
            stage,
            keys,
            matching,
            entries,
            actions,
            default,
            size,
        })
    }

    /// `(pattern, ..): action(number, ..);`
    fn entry(&mut self) -> Result<ConstEntry> {
        let patterns = self.patterns()?;
        self.expect(":")?;
        let action = self.word()?;
        self.expect("(")?;
        let arguments = self.list(")", Self::number)?;
        self.expect(";")?;
        Ok(ConstEntry {
            patterns,
            action,
            arguments,
        })
    }

    fn step(&mut self) -> Result<Step> {
        if !self.take_all("if (") {
            let table = self.word()?;
            self.expect_all(".apply();")?;
            return Ok(Step::Apply(table));
        }
        let condition = self.condition()?;
        self.expect_all(") {")?;
        let then = self.until("}", Self::step)?;
        let otherwise = match self.take_all("else {") {
            true => self.until("}", Self::step)?,
            false => Vec::new(),
        };
        Ok(Step::If(condition, then, otherwise))
    }

    /// `hdr.name.method()`
    fn header_method(&mut self, method: &str) -> Result<Option<String>> {
        if !self.is("hdr") || !self.is_at(4, method) {
            return Ok(None);
        }
        self.expect_all("hdr.")?;
        let header = self.word()?;
        self.expect_all(&format!(".{method}()"))?;
        Ok(Some(header))
    }

    fn place(&mut self) -> Result<Place> {
        if self.take_all("hdr.") {
            let header = self.word()?;
            self.expect(".")?;
            let field = self.word()?;
            return Ok(Place::Header(header, field));
        }
        if self.take_all("md.") {
            return Ok(Place::Metadata(self.word()?));
        }
        if let Some(place) = self.local_place() {
            return Ok(place);
        }
        for intrinsic in crate::ir::Intrinsic::ALL {
            if let Some(name) = names::intrinsic(self.arch, intrinsic)
                && self.take_all(name)
            {
                return Ok(Place::Intrinsic(intrinsic));
            }
        }
        self.fail("a field")
    }
}

/// The units that the checksums of a pipe need.
fn units(pipe: &Pipe) -> Vec<String> {
    pipe.checksums.iter().map(Checksum::unit).collect()
}
