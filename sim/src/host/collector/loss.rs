//! Where packets are lost: flows whose counts differ between the two ends of a link.

use std::collections::HashMap;

use super::switch::{Count, Switch};
use crate::model::flowradar::FlowKey;

/// The proven packet counts of a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The switch.
    pub switch_id: u32,
    /// The packets of each flow, modulo 2^32.
    pub packets: HashMap<FlowKey, u32>,
}

/// A flow that has lost packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostFlow {
    /// The flow.
    pub key: FlowKey,
    /// Its packets at either end of the link.
    pub packets: [u32; 2],
}

/// A link that has lost packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LossyLink {
    /// The switches at its ends.
    pub switches: [u32; 2],
    /// The flows that have lost some, those with the most first.
    pub flows: Vec<LostFlow>,
}

impl LossyLink {
    /// The packets that were lost.
    pub fn packets_lost(&self) -> u64 {
        self.flows
            .iter()
            .map(|flow| u64::from(flow.packets_lost()))
            .sum()
    }
}

impl LostFlow {
    /// The packets that were lost.
    pub fn packets_lost(&self) -> u32 {
        let [one, other] = self.packets;
        one.abs_diff(other)
    }
}

impl Counted {
    /// What is proven of a switch.
    pub fn new<const W: usize>(switch: &Switch<W>) -> Self {
        let proven = switch.flows().filter_map(|(key, count)| match count {
            Count::Proven { packets, .. } => Some((key, packets)),
            Count::Unknown => None,
        });
        Self {
            switch_id: switch.switch_id(),
            packets: proven.collect(),
        }
    }
}

/// The links that have lost packets, those that lost most first: links whose ends have both seen a flow and counted
/// different numbers of its packets. A flow that lost all its packets on a link is not found: what it would have done
/// behind the link is not known.
pub fn lossy_links(
    counted: &[Counted],
    links: impl IntoIterator<Item = [u32; 2]>,
) -> Vec<LossyLink> {
    let by_switch: HashMap<_, _> = counted
        .iter()
        .map(|counted| (counted.switch_id, &counted.packets))
        .collect();
    let mut lossy = Vec::new();
    for switches in links {
        let [Some(one), Some(other)] = switches.map(|switch| by_switch.get(&switch)) else {
            continue;
        };
        let mut flows: Vec<_> = one
            .iter()
            .filter_map(|(&key, &packets)| Some((key, packets, *other.get(&key)?)))
            .filter(|(_, one, other)| one != other)
            .map(|(key, one, other)| LostFlow {
                key,
                packets: [one, other],
            })
            .collect();
        if !flows.is_empty() {
            flows.sort_by_key(|flow| (std::cmp::Reverse(flow.packets_lost()), *flow.key.words()));
            lossy.push(LossyLink { switches, flows });
        }
    }
    lossy.sort_by_key(|link| (std::cmp::Reverse(link.packets_lost()), link.switches));
    lossy
}
