//! What the encoder of the chip cannot do.

use std::ops::RangeInclusive;

use seqnic_spec::flowradar::{Extent, FlowRadar, HashKind, KeyKind};

use crate::error::Refusal;

/// What a refusal is about.
pub const ENCODER: &str = "flowradar";

/// Refuses what the chip cannot do whatever its size.
pub fn check(config: &FlowRadar) -> Result<(), Refusal> {
    let refuse = |rule, figure: &str, limit: &str, fix: &str| {
        Err(Refusal {
            pattern: Some(ENCODER.to_owned()),
            ..Refusal::new(rule, figure, limit, fix)
        })
    };
    let geometry = config.geometry();
    if geometry.key != KeyKind::FiveTuple {
        return refuse(
            "key",
            &format!("flowradar.key = \"{}\"", geometry.key),
            "registers of a cell hold keys of 104 bits",
            "set it to \"five-tuple\", which folds IPv6 addresses",
        );
    }
    if geometry.hash != HashKind::CrcSum {
        return refuse(
            "hash",
            &format!("flowradar.hash = \"{}\"", geometry.hash),
            "the chip makes sums of CRCs",
            "set it to \"crc-sum\"",
        );
    }
    if geometry.byte_counts {
        return refuse(
            "byte-counts",
            "flowradar.byte_counts = true",
            "the ingress does not know the length of a packet",
            "set it to false",
        );
    }
    let (flows, tables) = (config.flows(), geometry.tables);
    whole(geometry.cells, "cells of a sub-table", |size| {
        let percent = size * tables * 100 / flows;
        let cells = (flows * percent).div_ceil(100).div_ceil(tables);
        ask("cells_percent", percent, 100..=1000).filter(|_| makes(cells, size))
    })?;
    let hashes = geometry.filter_hashes;
    whole(
        geometry.filter,
        "bits of a partition of the filter",
        |size| {
            let bits = size * hashes / flows;
            let partition = (flows * bits).div_ceil(hashes);
            ask("filter_bits_per_flow", bits, 1..=64).filter(|_| makes(partition, size))
        },
    )
}

/// Whether what is asked for is rounded up to a power of two: the next smaller size is 15 sixteenths of that.
fn makes(asked: usize, power_of_two: usize) -> bool {
    16 * asked > 15 * power_of_two && asked <= power_of_two
}

/// A value of a key, if it may have that.
fn ask(key: &str, value: usize, range: RangeInclusive<usize>) -> Option<String> {
    range
        .contains(&value)
        .then(|| format!("flowradar.{key} = {value}"))
}

/// The number of an entry is some bits of a hash value: only powers of two can be addressed so.
fn whole(extent: Extent, what: &str, key: impl Fn(usize) -> Option<String>) -> Result<(), Refusal> {
    let size = extent.size();
    if size.is_power_of_two() {
        return Ok(());
    }
    let above = size.next_power_of_two();
    let nearest = [above / 2, above].into_iter();
    let fixes = nearest.filter_map(|size| Some(format!("{} for {size}", key(size)?)));
    let fixes: Vec<String> = fixes.collect();
    let fix = match fixes.is_empty() {
        true => "change flowradar.flows".to_owned(),
        false => format!("set {}", fixes.join(" or ")),
    };
    Err(Refusal {
        pattern: Some(ENCODER.to_owned()),
        ..Refusal::new(
            "power-of-two",
            format!("{size} {what}"),
            "bits of a hash value number a power of two of entries",
            fix,
        )
    })
}
