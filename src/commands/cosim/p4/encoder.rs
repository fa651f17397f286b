//! The FlowRadar encoder as a program, against its golden model, cell for cell.

use std::collections::HashMap;

use seqnic_sim::host::collector::{Assembler, Count, Switch};
use seqnic_sim::model::flowradar::{Bank, FlowKey, FlowRadarEncoder};
use seqnic_spec::flowradar::{FlowRadar, KeyKind};
use seqnic_tofino::{Encoder, EncoderDesign};
use serde::Serialize;

use super::{FROM, TO, first_difference};
use crate::error::Error;

/// The encoder for the chip and its twin, the model, and what a collector makes of their epochs.
pub struct EncoderRun {
    model: FlowRadarEncoder,
    ways: [(&'static str, Encoder); 2],
    /// The packets of each flow of the current epoch.
    counts: HashMap<FlowKey, u32>,
    summary: EncoderSummary,
}

/// What became of the epochs.
#[derive(Debug, Default, Clone, Serialize)]
pub struct EncoderSummary {
    /// The stages that the program takes.
    pub stages: usize,
    /// Its stateful ALUs.
    pub salus: usize,
    /// Epochs that were compared.
    pub epochs: usize,
    /// Cells and words of 64 filter bits that were compared, of the chip and of its twin.
    pub words_compared: u64,
    /// The flows of all epochs.
    pub flows: usize,
    /// Those that the collector found in the exports of the chip, with as many packets as they had.
    pub decoded: usize,
    /// Their share.
    pub decoded_share: f64,
}

impl EncoderRun {
    /// A run with clean banks.
    pub fn new(config: &FlowRadar, design: &EncoderDesign) -> Self {
        let way = |program| Encoder::new(config, program, FROM, TO);
        let program = &design.loaded.program;
        Self {
            model: FlowRadarEncoder::new(config),
            ways: [
                (design.chip.title(), way(program.clone())),
                ("BMv2", way(design.twin.clone())),
            ],
            counts: HashMap::new(),
            summary: EncoderSummary {
                stages: program.ingress.stages(),
                salus: program.ingress.registers.len(),
                decoded_share: 1.0,
                ..EncoderSummary::default()
            },
        }
    }

    /// Plays a frame; says what is different, if anything is. The control plane ends an epoch when as many flows are new
    /// as the configuration allows.
    pub fn process(&mut self, frame: &[u8]) -> Result<Option<String>, Error> {
        let recorded = self.model.process(frame);
        *self.counts.entry(recorded.key).or_default() += 1;
        for (name, encoder) in &mut self.ways {
            let difference = match encoder.process(frame, FROM.into()) {
                Err(fault) => Some(fault.to_string()),
                Ok(None) => Some("is dropped".to_owned()),
                Ok(Some(sent)) => first_difference(&sent.frame, frame),
            };
            if let Some(difference) = difference {
                return Ok(Some(format!("encoder of {name}: {difference}")));
            }
        }
        match recorded.reaches_load {
            true => self.end_epoch(),
            false => Ok(None),
        }
    }

    /// Ends the epoch: swaps the banks, compares what is in the quiet one, decodes its export, and clears it.
    pub fn end_epoch(&mut self) -> Result<Option<String>, Error> {
        self.model.request_swap();
        let quiet = self.model.quiet();
        let quiet = quiet.ok_or_else(|| Error::new("the model has no quiet bank"))?;
        for (name, encoder) in &mut self.ways {
            encoder.swap();
            let difference = differs(encoder, &quiet.bank, &mut self.summary.words_compared);
            if let Some(difference) = difference {
                return Ok(Some(format!(
                    "encoder of {name}, epoch {}: {difference}",
                    quiet.epoch
                )));
            }
        }
        let exports = self.ways[0].1.fragments();
        let expected: Vec<_> = self.model.fragments().collect();
        if exports != expected {
            return Ok(Some(format!("the export of epoch {} differs", quiet.epoch)));
        }
        let flows = std::mem::take(&mut self.counts);
        let summary = &mut self.summary;
        summary.epochs += 1;
        summary.flows += flows.len();
        summary.decoded += decoded(&exports, &flows)?;
        if summary.flows > 0 {
            summary.decoded_share = summary.decoded as f64 / summary.flows as f64;
        }
        self.model.clear();
        self.ways
            .iter_mut()
            .for_each(|(_, encoder)| encoder.clear());
        Ok(None)
    }

    /// What became of the epochs so far.
    pub fn summary(&self) -> EncoderSummary {
        self.summary.clone()
    }
}

/// The first cell or word of the filter that is not the model's.
fn differs(encoder: &Encoder, expected: &Bank, compared: &mut u64) -> Option<String> {
    for (row, words) in expected.filter.iter().enumerate() {
        let actual = encoder.filter(row);
        *compared += words.len() as u64;
        if let Some(word) = (0..words.len()).find(|&word| actual.get(word) != Some(&words[word])) {
            let is = actual.get(word).copied().unwrap_or_default();
            return Some(format!(
                "bits {} to {} of filter row {row} are {is:#018x}, expected {:#018x}",
                64 * word,
                64 * word + 63,
                words[word]
            ));
        }
    }
    for (table, cells) in expected.tables.iter().enumerate() {
        let actual = encoder.cells(table);
        *compared += cells.len() as u64;
        for (number, cell) in cells.iter().enumerate() {
            let is = actual.get(number).copied().unwrap_or_default();
            let (key, flows, packets) = (is.key_bytes(), is.flow_count(), is.packets);
            let wanted = cell.flow_xor.bytes(KeyKind::FiveTuple);
            if key[..] != wanted[..] || (flows, packets) != (cell.flow_count, cell.packet_count) {
                return Some(format!(
                    "cell {number} of sub-table {table} holds {flows} flows, {packets} packets, keys {key:02x?}; \
                     expected {}, {}, {wanted:02x?}",
                    cell.flow_count, cell.packet_count
                ));
            }
        }
    }
    None
}

/// How many flows a collector finds in exports with the packets that they had.
fn decoded(exports: &[Vec<u8>], flows: &HashMap<FlowKey, u32>) -> Result<usize, Error> {
    let mut assembler = Assembler::default();
    for fragment in exports {
        let taken = assembler.add(fragment);
        taken.map_err(|refused| Error::new(format!("an export is refused: {refused}")))?;
    }
    let mut right = 0;
    for image in assembler.finish() {
        let switch = Switch::<2>::new(&image);
        let mut switch =
            switch.map_err(|reason| Error::new(format!("an export is not decoded: {reason}")))?;
        switch.decode();
        let found = switch.flows();
        right += found
            .filter(|(key, count)| {
                matches!(count, Count::Proven { packets, .. } if flows.get(key) == Some(packets))
            })
            .count();
    }
    Ok(right)
}
