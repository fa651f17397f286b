//! The FlowRadar encoder of a configuration on a chip, and what its control plane does with it.

use seqnic_spec::Config;
use seqnic_spec::flowradar::{ExportHeader, FlowRadar, Geometry, export_flags, write_fragment};

use crate::build::{self, BANK, FORWARD, filter_register, table_registers};
use crate::chip::Chip;
use crate::control::forward_entries;
use crate::design::Loaded;
use crate::error::Refusal;
use crate::interpreter::{Fault, Interpreter, Sent};
use crate::ir::Program;
use crate::rules;

/// The encoder of a configuration on a chip.
#[derive(Debug, Clone)]
pub struct EncoderDesign {
    /// The chip.
    pub chip: Chip,
    /// The program, as it is loaded.
    pub loaded: Loaded,
    /// The same for the behavioural model.
    pub twin: Program,
}

impl EncoderDesign {
    /// What the file of the program is called after the name of the configuration.
    pub const SUFFIX: &str = "flowradar";

    /// The encoder of a configuration, if it has one.
    pub fn new(config: &Config, chip: Chip) -> Option<Result<Self, Refusal>> {
        config.flowradar().map(|config| Self::of(config, chip))
    }

    fn of(config: &FlowRadar, chip: Chip) -> Result<Self, Refusal> {
        let program = build::encoder(config, chip, false)?;
        rules::check(&program, chip, 1).map_err(|refusal| Refusal {
            pattern: Some(build::ENCODER.to_owned()),
            fix: smaller(config, chip),
            ..refusal
        })?;
        Ok(Self {
            chip,
            loaded: Loaded {
                suffix: Self::SUFFIX,
                program,
            },
            twin: build::encoder(config, chip, true)?,
        })
    }
}

/// What to change when a program is too large.
fn smaller(config: &FlowRadar, chip: Chip) -> String {
    let other = Chip::Tofino2;
    let fits = |chip| {
        build::encoder(config, chip, false)
            .is_ok_and(|program| rules::check(&program, chip, 1).is_ok())
    };
    match chip != other && fits(other) {
        true => format!("use --chip {}", other.name()),
        false => "lower flowradar.flows, flowradar.filter_hashes or flowradar.tables".to_owned(),
    }
}

/// A program that runs, and the epochs of its control plane.
#[derive(Debug, Clone)]
pub struct Encoder {
    config: FlowRadar,
    interpreter: Interpreter,
    bank: usize,
    epoch: u32,
}

/// A cell as the registers hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncoderCell {
    /// The XOR of the keys of the flows: addresses, ports, protocol.
    pub flow_xor: [u32; 4],
    /// How many flows there are.
    pub flows: u32,
    /// Their packets.
    pub packets: u32,
}

impl EncoderCell {
    /// The key as a big-endian number of 13 bytes.
    pub fn key_bytes(&self) -> [u8; 13] {
        let mut bytes = [0; 13];
        for (place, word) in bytes.chunks_mut(4).zip(self.flow_xor) {
            match place {
                // The protocol is the lowest byte of its word.
                [last] => *last = word as u8,
                place => place.copy_from_slice(&word.to_be_bytes()),
            }
        }
        bytes
    }

    /// The FlowCount of an export, which ends at 255.
    pub fn flow_count(&self) -> u8 {
        self.flows.min(Geometry::FLOW_COUNT_SATURATED.into()) as u8
    }
}

impl Encoder {
    /// A program with clean banks, which forwards what comes from port `from` to port `to`.
    pub fn new(config: &FlowRadar, program: Program, from: u16, to: u16) -> Self {
        let mut interpreter = Interpreter::new(program);
        interpreter.fill(FORWARD, forward_entries([from], to));
        Self {
            config: *config,
            interpreter,
            bank: 0,
            epoch: 0,
        }
    }

    /// What becomes of a frame.
    pub fn process(&mut self, frame: &[u8], port: u64) -> Result<Option<Sent>, Fault> {
        self.interpreter.process(frame, port, 0)
    }

    /// Ends the epoch: packets are counted in the other bank from now on.
    pub fn swap(&mut self) {
        self.bank = 1 - self.bank;
        self.epoch = self.epoch.wrapping_add(1);
        if let Some(bank) = self.interpreter.register_mut(0, BANK) {
            bank[0] = [self.bank as u64, 0];
        }
    }

    /// The entries of a register that are those of the quiet bank.
    fn quiet(&self, register: &str) -> &[[u64; 2]] {
        let entries = self.interpreter.register(0, register).unwrap_or_default();
        let bank = entries.chunks(entries.len() / 2).nth(1 - self.bank);
        bank.unwrap_or_default()
    }

    /// The bits of a row of the filter in the quiet bank, 64 in a word.
    pub fn filter(&self, row: usize) -> Vec<u64> {
        let bits = self
            .quiet(&filter_register(row))
            .chunks(Geometry::FILTER_WORD_BITS);
        let word = |bits: &[[u64; 2]]| {
            let bits = bits.iter().enumerate();
            bits.fold(0, |word, (bit, value)| word | value[0] << bit)
        };
        bits.map(word).collect()
    }

    /// The cells of a sub-table in the quiet bank.
    pub fn cells(&self, table: usize) -> Vec<EncoderCell> {
        let [addresses, ports, counts] = table_registers(table);
        let [addresses, ports, counts] = [&addresses, &ports, &counts].map(|name| self.quiet(name));
        let cells = addresses.iter().zip(ports).zip(counts);
        let cell =
            |((addresses, ports), counts): ((&[u64; 2], &[u64; 2]), &[u64; 2])| EncoderCell {
                // The registers have 32 bits.
                flow_xor: [addresses[0], addresses[1], ports[0], ports[1]].map(|word| word as u32),
                flows: counts[0] as u32,
                packets: counts[1] as u32,
            };
        cells.map(cell).collect()
    }

    /// Clears the quiet bank.
    pub fn clear(&mut self) {
        let geometry = self.config.geometry();
        let filter = (0..geometry.filter_hashes).map(filter_register);
        let tables = (0..geometry.tables).flat_map(table_registers);
        let quiet = 1 - self.bank;
        for register in filter.chain(tables) {
            if let Some(entries) = self.interpreter.register_mut(0, &register) {
                let half = entries.len() / 2;
                entries[quiet * half..][..half].fill([0, 0]);
            }
        }
    }

    /// The quiet bank as fragments of an export.
    pub fn fragments(&self) -> Vec<Vec<u8>> {
        let config = &self.config;
        let geometry = config.geometry();
        let tables: Vec<_> = (0..geometry.tables)
            .map(|table| self.cells(table))
            .collect();
        let first = tables.first().map(Vec::as_slice).unwrap_or_default();
        let sum = |of: fn(&EncoderCell) -> u32| {
            first
                .iter()
                .fold(0, |sum: u32, cell| sum.wrapping_add(of(cell)))
        };
        let mut header = ExportHeader {
            switch_id: config.switch_id(),
            epoch: self.epoch.wrapping_sub(1),
            packets: sum(|cell| cell.packets),
            flows: sum(|cell| cell.flows),
            ..ExportHeader::of_geometry(geometry)
        };
        let full = |cell: &EncoderCell| cell.flow_count() == Geometry::FLOW_COUNT_SATURATED;
        if tables.iter().flatten().any(full) {
            header.flags |= export_flags::SATURATED;
        }
        let mut fragments = Vec::new();
        for memory in 0..geometry.memories() {
            let words: Vec<Vec<u8>> = match memory.checked_sub(geometry.filter_hashes) {
                None => {
                    let words = self.filter(memory).into_iter();
                    words.map(|word| word.to_be_bytes().to_vec()).collect()
                }
                Some(table) => tables[table].iter().map(cell_bytes).collect(),
            };
            let most = config.fragment_words(memory);
            for (number, words) in words.chunks(most).enumerate() {
                // The limits of a configuration are those of the fields.
                let header = ExportHeader {
                    memory: memory as u8,
                    offset_words: (number * most) as u32,
                    words: words.len() as u16,
                    ..header
                };
                let mut fragment = Vec::new();
                write_fragment(&header, &words.concat(), &mut fragment);
                fragments.push(fragment);
            }
        }
        fragments
    }
}

fn cell_bytes(cell: &EncoderCell) -> Vec<u8> {
    let mut bytes = cell.key_bytes().to_vec();
    bytes.push(cell.flow_count());
    bytes.extend(cell.packets.to_be_bytes());
    bytes
}
