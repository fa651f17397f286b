//! `seqnic flowradar size`: what an encoder takes, and how surely it is decoded.

use std::fmt::{self, Display};
use std::path::PathBuf;

use seqnic_spec::flowradar::{EncoderStorage, FlowRadar, Geometry};
use seqnic_spec::{Config, RawConfig, RawFlowRadar};
use serde::Serialize;

use super::curve::{self, Curve};
use crate::Outcome;
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{Output, Table, grouped};

/// The flags of `flowradar size`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The filter is the smallest one that loses no more flows than --loss-target in an epoch on average. One
lost flow makes most counts of its switch unusable, unless another switch has seen it, too.

Examples:
  seqnic flowradar size --flows 100000
  seqnic flowradar size --flows 10000 --loss-target 0.001 --curve decode.svg")]
pub struct Args {
    /// The flows of an epoch
    #[arg(long, value_name = "N")]
    flows: u64,

    /// The flows that the filter may lose in an epoch, on average
    #[arg(long, value_name = "FLOWS", default_value_t = 0.02, value_parser = positive)]
    loss_target: f64,

    /// The sub-tables
    #[arg(long, value_name = "N", default_value_t = 3)]
    tables: u64,

    /// Cells in percent of flows
    #[arg(long, value_name = "PERCENT", default_value_t = 131)]
    cells_percent: u64,

    /// The hash functions of the filter
    #[arg(long, value_name = "N", default_value_t = 8)]
    filter_hashes: u64,

    /// The kind of hash functions: crc-sum, tabulation or crc
    #[arg(long, value_name = "KIND", default_value = "crc-sum")]
    hash: String,

    /// What memories are made of: block or ultra
    #[arg(long, value_name = "STYLE", default_value = "block")]
    storage: String,

    /// Simulate which share of flows is decoded with 2, 3 and 4 sub-tables, and write it as SVG
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,
}

/// Reads a number above 0: every filter loses some flows, though few.
fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    let number = number.filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "must be a number of flows above 0, as in 0.001".to_owned())
}

/// Memories of an Alveo U250.
const U250_RAMB36: usize = 2_688;
const U250_URAM: usize = 1_280;
/// The most bits for each flow that are tried.
const MOST_FILTER_BITS: u64 = 64;

/// Sizes the encoder.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let outputs: Vec<_> = args
        .curve
        .iter()
        .map(|path| ("--curve", path.as_path()))
        .collect();
    files::check_outputs(&[], &outputs)?;
    let (bits, config) = sized(args)?;
    let encoder = config.flowradar().expect("the table stands");
    let curves = match &args.curve {
        Some(_) => {
            let progress = output.steps("simulating", curve::steps());
            let curves = curve::curves(&args.hash, || progress.inc(1));
            progress.finish_and_clear();
            curves?
        }
        None => Vec::new(),
    };
    if let Some(path) = &args.curve {
        let mut files = FileSet::default();
        files.add(path, &curve::svg(&curves)?)?;
        files.commit()?;
    }
    output.show(&Summary::new(encoder, bits, curves))?;
    Ok(Outcome::Holds)
}

/// The fewest bits for each flow with which the filter loses few enough, and the encoder.
fn sized(args: &Args) -> Result<(u64, Config), Error> {
    for bits in 1..=MOST_FILTER_BITS {
        let raw = RawFlowRadar {
            flows: Some(args.flows),
            tables: Some(args.tables),
            cells_percent: Some(args.cells_percent),
            filter_bits_per_flow: Some(bits),
            filter_hashes: Some(args.filter_hashes),
            hash: Some(args.hash.clone()),
            storage: Some(args.storage.clone()),
            ..RawFlowRadar::default()
        };
        let config = Config::try_from(RawConfig {
            flowradar: Some(raw),
            ..RawConfig::default()
        })?;
        let encoder = config.flowradar().expect("the table stands");
        if flows_lost(encoder) <= args.loss_target {
            return Ok((bits, config));
        }
    }
    let fix = match args.filter_hashes < *Geometry::FILTER_HASHES.end() as u64 {
        true => "take more --filter-hashes, or allow more",
        false => "allow more",
    };
    Err(Error::new(format!(
        "--loss-target {}: the filter needs more than {MOST_FILTER_BITS} bits for each flow; {fix}",
        args.loss_target
    )))
}

/// The flows that the filter loses in a full epoch, on average: flow i finds all its bits set with the probability
/// (1 - (1 - 1/m)^i)^h.
fn flows_lost(encoder: &FlowRadar) -> f64 {
    let geometry = encoder.geometry();
    let (flows, unset) = (encoder.flows(), 1.0 - 1.0 / geometry.filter.size() as f64);
    let lost = |flow: usize| (1.0 - unset.powf(flow as f64)).powi(geometry.filter_hashes as i32);
    (0..flows).map(lost).sum()
}

/// Pairs of flows that share all their cells, on average: what keeps a table with enough cells from being decoded.
fn entangled_pairs(encoder: &FlowRadar) -> f64 {
    let (flows, geometry) = (encoder.flows() as f64, encoder.geometry());
    flows * (flows - 1.0) / 2.0 / (geometry.cells.size() as f64).powi(geometry.tables as i32)
}

/// Block memories of 36 Kbit for a memory: the best of their shapes.
fn ramb36(width_bits: usize, words: usize) -> usize {
    let shapes = [
        (72, 512),
        (36, 1_024),
        (18, 2_048),
        (9, 4_096),
        (4, 8_192),
        (2, 16_384),
        (1, 32_768),
    ];
    let blocks = shapes
        .map(|(bits, depth): (usize, usize)| width_bits.div_ceil(bits) * words.div_ceil(depth));
    blocks.into_iter().min().unwrap_or(0)
}

/// UltraRAMs for a memory: they have one shape.
fn uram(width_bits: usize, words: usize) -> usize {
    width_bits.div_ceil(72) * words.div_ceil(4_096)
}

#[derive(Serialize)]
struct Summary {
    flows: usize,
    tables: usize,
    cells_per_table: usize,
    cells_per_flow: f64,
    cell_bits: usize,
    filter_hashes: usize,
    filter_bits_asked_per_flow: u64,
    filter_partition_bits: usize,
    filter_bits_per_flow: f64,
    flows_lost: f64,
    entangled_pairs: f64,
    bank_bytes: usize,
    /// Both banks.
    memory_bytes: usize,
    storage: &'static str,
    blocks: usize,
    u250_percent: f64,
    export_datagrams: usize,
    curves: Vec<Curve>,
}

impl Summary {
    fn new(encoder: &FlowRadar, filter_bits_asked_per_flow: u64, curves: Vec<Curve>) -> Self {
        let geometry = encoder.geometry();
        let flows = encoder.flows();
        let (blocks_of, available): (fn(usize, usize) -> usize, _) = match encoder.storage() {
            EncoderStorage::Block => (ramb36, U250_RAMB36),
            EncoderStorage::Ultra => (uram, U250_URAM),
        };
        let memories = 0..geometry.memories();
        // The bank is the highest bit of the address.
        let blocks = memories.clone().map(|memory| {
            blocks_of(
                8 * geometry.word_bytes(memory),
                2 * geometry.memory_words(memory),
            )
        });
        let blocks: usize = blocks.sum();
        let datagrams = memories.map(|memory| {
            geometry
                .memory_words(memory)
                .div_ceil(encoder.fragment_words(memory))
        });
        let bank_bytes =
            geometry.total_cells() * geometry.cell_bytes() + geometry.filter_bits() / 8;
        Self {
            flows,
            tables: geometry.tables,
            cells_per_table: geometry.cells.size(),
            cells_per_flow: geometry.total_cells() as f64 / flows as f64,
            cell_bits: geometry.cell_bits(),
            filter_hashes: geometry.filter_hashes,
            filter_bits_asked_per_flow,
            filter_partition_bits: geometry.filter.size(),
            filter_bits_per_flow: geometry.filter_bits() as f64 / flows as f64,
            flows_lost: flows_lost(encoder),
            entangled_pairs: entangled_pairs(encoder),
            bank_bytes,
            memory_bytes: 2 * bank_bytes,
            storage: encoder.storage().name(),
            blocks,
            u250_percent: 100.0 * blocks as f64 / available as f64,
            export_datagrams: datagrams.sum(),
            curves,
        }
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: usize| grouped(number as u64);
        let what = match self.storage {
            "ultra" => "UltraRAM",
            _ => "RAMB36",
        };
        let mut table = Table::default();
        table
            .line("flows", number(self.flows))
            .line(
                "cells",
                format!(
                    "{} sub-tables of {}, {:.3} per flow, {} bits each",
                    self.tables,
                    number(self.cells_per_table),
                    self.cells_per_flow,
                    self.cell_bits
                ),
            )
            .line(
                "filter",
                format!(
                    "{} partitions of {} bits, {:.1} per flow ({} asked for)",
                    self.filter_hashes,
                    number(self.filter_partition_bits),
                    self.filter_bits_per_flow,
                    self.filter_bits_asked_per_flow
                ),
            )
            .line(
                "flows lost",
                format!("{:.2e} in a full epoch, on average", self.flows_lost),
            )
            .line(
                "entangled",
                format!(
                    "{:.2e} pairs of flows in a full epoch, on average",
                    self.entangled_pairs
                ),
            )
            .line(
                "memory",
                format!("{} bytes in two banks", number(self.memory_bytes)),
            )
            .line(
                "blocks",
                format!(
                    "{} {what}, {:.1} % of a U250",
                    number(self.blocks),
                    self.u250_percent
                ),
            )
            .line(
                "export",
                format!("{} datagrams", number(self.export_datagrams)),
            );
        for curve in &self.curves {
            let whole = curve.points.iter().find(|(_, share)| *share > 0.9999);
            let whole = whole.map_or("none".to_owned(), |(cells, _)| format!("{cells:.2}"));
            table.line(
                "curve",
                format!(
                    "{} sub-tables: the first with more than 99.99 % at {whole} cells per flow",
                    curve.tables
                ),
            );
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_take_the_best_shape() {
        // 144 bits x 9216 words: two of 72 bits, 18 deep. A filter of 64 bits x 1664 words: one of 72 bits, 4 deep.
        assert_eq!((ramb36(144, 9_216), ramb36(64, 1_664)), (36, 4));
        assert_eq!(
            (ramb36(1, 32_768), ramb36(9, 4_096), ramb36(37, 512)),
            (1, 1, 1)
        );
        assert_eq!((uram(144, 9_216), uram(64, 1_664)), (6, 1));
    }

    #[test]
    fn a_bank_of_the_default_size_has_the_bytes_of_its_memories() {
        let config = Config::from_toml_str("flowradar = {}", "test").expect("valid");
        let summary = Summary::new(config.flowradar().expect("it stands"), 40, Vec::new());
        assert_eq!(summary.bank_bytes, 3 * 4_608 * 18 + 8 * 53_248 / 8);
        assert_eq!(
            (summary.blocks, summary.export_datagrams),
            (3 * 36 + 8 * 4, 3 * 60 + 8 * 5)
        );
        // 0.014 per 100,000 flows with 40 bits; this one has 42.6.
        assert!(
            (5e-4..1.4e-3).contains(&summary.flows_lost),
            "{}",
            summary.flows_lost
        );
    }
}
