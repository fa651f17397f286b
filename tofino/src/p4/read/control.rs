//! Controls: registers, hash units, tables, and the order in which they are applied.

use super::{Reader, Result};
use crate::ir::{
    Arch, Checksum, ConstEntry, HashUnit, Initial, Matching, Pipe, Register, Step, Table,
};

impl Reader {
    pub(super) fn control(&mut self, pipe: &mut Pipe) -> Result<()> {
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
    pub(super) fn is_twin_checksum(&self) -> bool {
        self.is("if") && self.is_at(9, "hash")
    }

    /// `if (md.name == 1) { .. }`: the unit of the chip, or the hash function of the twin.
    pub(super) fn checksum(&mut self) -> Result<Checksum> {
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
    pub(super) fn hash_unit(&mut self) -> Result<()> {
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

    pub(super) fn polynomial(&mut self) -> Result<u32> {
        let value = self.number()?;
        match u32::try_from(value) {
            Ok(polynomial) => Ok(polynomial),
            Err(_) => self.fail("a polynomial of 32 bits"),
        }
    }

    /// `, bit<N>`: the type of the number of an entry. Its width follows from the entries.
    pub(super) fn index_type(&mut self) -> Result<()> {
        self.expect(",")?;
        self.bits()?;
        Ok(())
    }

    /// `<bit<N>, bit<M>>(E, V) name;`, or with pairs.
    pub(super) fn register(&mut self) -> Result<Register> {
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
    pub(super) fn cell(&mut self) -> Result<(usize, bool)> {
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
    pub(super) fn twin_register(&mut self, pipe: &mut Pipe) -> Result<()> {
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
    pub(super) fn table(&mut self) -> Result<Table> {
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
    pub(super) fn entry(&mut self) -> Result<ConstEntry> {
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

    pub(super) fn step(&mut self) -> Result<Step> {
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
}
