//! From the text of a program back to the program.
//!
//! This reads the part of P4-16 that is printed here, with the grammar of the language specification: a token that does
//! not stand where it should is an error.

mod body;
mod control;
mod parser;

use std::collections::HashMap;

use thiserror::Error;

use super::lexer::{Placed, Token, tokens};
use super::names::{self, Gress};
use crate::ir::{
    Action, Arch, Checksum, Field, HashUnit, Header, Intrinsic, Mirror, MirrorHeader, Pipe, Place,
    Program, Statement,
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
        let mut kept = Vec::new();
        let metadata = self.until("}", |this| {
            let is_kept = this.take_all(names::KEPT);
            let field = this.field()?;
            kept.extend(is_kept.then(|| field.name.clone()));
            Ok(field)
        })?;
        while self.take("struct") {
            let kind = self.word()?;
            self.expect("{")?;
            let fields = self.until("}", Self::field)?;
            let expected = fields.first().map(|field| format!("pair_{}_t", field.bits));
            if expected != Some(kind) {
                return self.fail("a pair named after its width");
            }
        }
        let [mut ingress, mut egress] = [self.pipe(Gress::Ingress)?, self.pipe(Gress::Egress)?];
        if !kept.is_empty() {
            let copies = |action: &Action| action.body.contains(&Statement::Mirror);
            let pipe = match egress.actions.iter().any(copies) {
                true => &mut egress,
                false => &mut ingress,
            };
            pipe.mirror = Some(Mirror {
                header: None,
                fields: kept,
            });
        }
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
            pipe.states = self.states()?;
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
            let is_mirrored = self.take_all("Mirror() mirror;");
            self.expect_all("apply {")?;
            if is_mirrored {
                pipe.mirror = Some(self.mirror()?);
            }
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

    /// `if (..) { mirror.emit<name_h>(md.session, {md.field, ..}); }`
    fn mirror(&mut self) -> Result<Mirror> {
        self.expect_all(&format!(
            "if ({}) {{ mirror.emit<",
            names::is_mirrored(self.gress)
        ))?;
        let kind = self.word()?;
        let Some(name) = kind.strip_suffix("_h") else {
            return self.fail("a type that ends in _h");
        };
        self.expect_all(">(md.")?;
        let session = self.word()?;
        self.expect_all(", {")?;
        let fields = self.list("}", |this| {
            this.expect_all("md.")?;
            this.word()
        })?;
        self.expect_all("); }")?;
        Ok(Mirror {
            header: Some(MirrorHeader {
                name: name.to_owned(),
                session,
            }),
            fields,
        })
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
        for intrinsic in Intrinsic::ALL {
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
