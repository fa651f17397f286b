//! From the raw tables to the encoder, and back to TOML.

use std::fmt::{self, Write};
use std::net::Ipv4Addr;

use super::{EncoderStorage, ExportAddresses, Extent, FlowRadar, Geometry, HashKind, KeyKind};
use crate::check;
use crate::error::SpecError;
use crate::mac::MacAddr;
use crate::raw::{RawExport, RawFlowRadar};

/// 10 ms at 250 MHz.
const DEFAULT_EPOCH_CYCLES: u64 = 2_500_000;
const MOST_FLOWS: u64 = 1 << 24;
/// The most bytes of both banks: far more than a chip has, and what a machine can still simulate.
const MOST_MEMORY_BYTES: usize = 1 << 30;
/// A word of the filter has 64 bits.
const FILTER_WORD_SHIFT: u32 = Geometry::FILTER_WORD_BITS.trailing_zeros();

impl FlowRadar {
    pub(crate) fn resolve(raw: &RawFlowRadar) -> Result<Self, SpecError> {
        let number = |key: &str, value: Option<u64>, default: u64, least: u64, most: u64| {
            check::in_range(
                &format!("flowradar.{key}"),
                value.unwrap_or(default),
                least..=most,
            )
        };
        let flows = number("flows", raw.flows, 10_000, 1, MOST_FLOWS)?;
        let tables = number(
            "tables",
            raw.tables,
            3,
            *Geometry::TABLES.start() as u64,
            *Geometry::TABLES.end() as u64,
        )?;
        let cells_percent = number("cells_percent", raw.cells_percent, 131, 100, 1000)?;
        let filter_bits_per_flow =
            number("filter_bits_per_flow", raw.filter_bits_per_flow, 40, 1, 64)?;
        let hashes = Geometry::FILTER_HASHES;
        let filter_hashes = number(
            "filter_hashes",
            raw.filter_hashes,
            8,
            *hashes.start() as u64,
            *hashes.end() as u64,
        )?;
        // SplitMix64 takes any number, but TOML ends at 2^63 - 1.
        let seed = number("seed", raw.seed, 1, 0, i64::MAX as u64)? as u64;

        let cells = (flows * cells_percent).div_ceil(100).div_ceil(tables);
        let cells = Extent::at_least(cells as u64, 0);
        if cells.size() > Geometry::MOST_CELLS {
            return Err(too_large(
                "cells_percent",
                cells_percent,
                cells.size(),
                "cells",
                Geometry::MOST_CELLS,
            ));
        }
        let filter = Extent::at_least(
            (flows * filter_bits_per_flow).div_ceil(filter_hashes) as u64,
            FILTER_WORD_SHIFT,
        );
        if filter.size() > Geometry::MOST_FILTER_BITS {
            let most = Geometry::MOST_FILTER_BITS;
            return Err(too_large(
                "filter_bits_per_flow",
                filter_bits_per_flow,
                filter.size(),
                "bits",
                most,
            ));
        }
        let geometry = Geometry {
            key: choice(
                "key",
                &raw.key,
                KeyKind::FiveTuple,
                KeyKind::ALL,
                KeyKind::name,
            )?,
            hash: choice(
                "hash",
                &raw.hash,
                HashKind::CrcSum,
                HashKind::ALL,
                HashKind::name,
            )?,
            seed,
            tables,
            cells,
            filter_hashes,
            filter,
            byte_counts: raw.byte_counts.unwrap_or(false),
        };
        let memory_bytes = 2 * geometry.bank_bytes();
        if memory_bytes > MOST_MEMORY_BYTES {
            return Err(SpecError::refused(
                "flowradar.flows",
                flows,
                format!(
                    "makes memories of {memory_bytes} bytes in two banks, at most {MOST_MEMORY_BYTES} are allowed"
                ),
                "lower it, or take fewer cells and bits of the filter for each flow",
            ));
        }
        Ok(Self {
            flows,
            cells_percent,
            filter_bits_per_flow,
            geometry,
            storage: choice(
                "storage",
                &raw.storage,
                EncoderStorage::Block,
                EncoderStorage::ALL,
                EncoderStorage::name,
            )?,
            epoch_cycles: number(
                "epoch_cycles",
                raw.epoch_cycles,
                DEFAULT_EPOCH_CYCLES,
                0,
                1 << 40,
            )? as u64,
            load_flows: number("load_flows", raw.load_flows, flows as u64, 0, MOST_FLOWS)?,
            switch_id: number("switch_id", raw.switch_id, 0, 0, u64::from(u32::MAX))? as u32,
            export: ExportAddresses::resolve(&raw.export, &geometry)?,
        })
    }

    /// The tables as TOML; reading them gives an equal encoder.
    pub(crate) fn write_toml(&self, out: &mut String) -> fmt::Result {
        let Self {
            geometry, export, ..
        } = self;
        writeln!(out, "\n[flowradar]")?;
        writeln!(out, "flows = {}", self.flows)?;
        writeln!(out, "tables = {}", geometry.tables)?;
        writeln!(out, "cells_percent = {}", self.cells_percent)?;
        writeln!(out, "filter_bits_per_flow = {}", self.filter_bits_per_flow)?;
        writeln!(out, "filter_hashes = {}", geometry.filter_hashes)?;
        writeln!(out, "hash = \"{}\"", geometry.hash)?;
        writeln!(out, "seed = {}", geometry.seed)?;
        writeln!(out, "key = \"{}\"", geometry.key)?;
        writeln!(out, "byte_counts = {}", geometry.byte_counts)?;
        writeln!(out, "storage = \"{}\"", self.storage)?;
        writeln!(out, "epoch_cycles = {}", self.epoch_cycles)?;
        writeln!(out, "load_flows = {}", self.load_flows)?;
        writeln!(out, "switch_id = {}", self.switch_id)?;
        writeln!(out, "\n[flowradar.export]")?;
        writeln!(out, "destination_mac = \"{}\"", export.destination_mac)?;
        writeln!(out, "source_mac = \"{}\"", export.source_mac)?;
        writeln!(out, "destination_ip = \"{}\"", export.destination_ip)?;
        writeln!(out, "source_ip = \"{}\"", export.source_ip)?;
        writeln!(out, "port = {}", export.port)?;
        writeln!(out, "fragment_bytes = {}", export.fragment_bytes)
    }
}

impl ExportAddresses {
    fn resolve(raw: &RawExport, geometry: &Geometry) -> Result<Self, SpecError> {
        let port = raw.port.unwrap_or(61_706);
        let least = geometry.cell_bytes().max(Geometry::FILTER_WORD_BITS / 8) as u64;
        let fragment_bytes = raw.fragment_bytes.unwrap_or(1_400);
        Ok(Self {
            destination_mac: check::mac(
                "flowradar.export.destination_mac",
                &raw.destination_mac,
                MacAddr::new([2, 0, 0, 0, 0, 1]),
            )?,
            source_mac: check::sender_mac(
                "flowradar.export.source_mac",
                &raw.source_mac,
                MacAddr::new([2, 0, 0, 0, 0, 2]),
            )?,
            destination_ip: check::ipv4(
                "flowradar.export.destination_ip",
                &raw.destination_ip,
                Ipv4Addr::new(192, 0, 2, 1),
            )?,
            source_ip: check::sender_ipv4(
                "flowradar.export.source_ip",
                &raw.source_ip,
                Ipv4Addr::new(192, 0, 2, 2),
            )?,
            // In range, so it fits in 16 bits.
            port: check::in_range("flowradar.export.port", port, 1..=65_535)? as u16,
            fragment_bytes: check::in_range(
                "flowradar.export.fragment_bytes",
                fragment_bytes,
                least..=8_900,
            )?,
        })
    }
}

fn choice<T: Copy>(
    key: &str,
    text: &Option<String>,
    default: T,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, SpecError> {
    text.as_ref().map_or(Ok(default), |text| {
        check::choice(&format!("flowradar.{key}"), text, all, name)
    })
}

fn too_large(key: &str, value: usize, size: usize, what: &str, most: usize) -> SpecError {
    SpecError::refused(
        format!("flowradar.{key}"),
        value,
        format!("makes {size} {what} of one memory, at most {most} are allowed"),
        "lower it or flowradar.flows, or take more of these memories",
    )
}
