//! Parsers: states, what they take, and where they go on.

use super::{Reader, Result};
use crate::ir::{Case, Key, Next, ParserStep, Pattern, State};
use crate::p4::names::{self, PARSER_CHECKSUM};

impl Reader {
    /// The states, behind the unit for the checksum that they need.
    pub(super) fn states(&mut self) -> Result<Vec<State>> {
        let has_checksum = self.take_all(&format!("Checksum() {PARSER_CHECKSUM};"));
        let states = self.until("}", Self::state)?;
        let mut steps = states.iter().flat_map(|state| &state.steps);
        if has_checksum != steps.any(ParserStep::is_of_checksum) {
            return self.fail("a unit for the checksum of the parser");
        }
        Ok(states)
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

    pub(super) fn parser_step(&mut self) -> Result<ParserStep> {
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
        if self.take_all(&format!("{PARSER_CHECKSUM}.subtract(hdr.")) {
            let header = self.word()?;
            self.expect_all(");")?;
            return Ok(ParserStep::Subtract(header));
        }
        let place = self.place()?;
        self.expect("=")?;
        if self.take_all(&format!("{PARSER_CHECKSUM}.get();")) {
            return Ok(ParserStep::Deposit(place));
        }
        let value = self.expr()?;
        self.expect(";")?;
        Ok(ParserStep::Set(place, value))
    }

    pub(super) fn transition(&mut self) -> Result<Next> {
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

    pub(super) fn key(&mut self) -> Result<Key> {
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
    pub(super) fn patterns(&mut self) -> Result<Vec<Pattern>> {
        match self.take("(") {
            true => self.list(")", Self::pattern),
            false => Ok(vec![self.pattern()?]),
        }
    }

    pub(super) fn pattern(&mut self) -> Result<Pattern> {
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
}
