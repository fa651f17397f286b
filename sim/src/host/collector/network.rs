//! Network-wide flow decode: switches help each other with the flows that they have seen, too.

use std::collections::HashSet;

use super::peel;
use super::switch::{Flow, Switch};
use crate::model::flowradar::FlowKey;

/// Whether a flow passes a switch, as far as the collector knows its way.
pub type Passes<'a> = &'a (dyn Fn(&FlowKey, u32) -> bool + Sync);

/// No flow was read from this cell: another switch has told of the flow.
const ELSEWHERE: u32 = u32::MAX;

/// Decodes what the switches of a network, each decoded alone already, can only decode together. All are of one epoch.
///
/// A flow of one switch is taken out of the cells of another one when the filter of that one has it and none of its cells
/// there is empty. A filter may be wrong; what comes of it counts only for switches that are then decoded as a whole,
/// and the others stay as they were. `passes` tells which flows can be at a switch at all; without it all can.
pub fn decode_network<const W: usize>(switches: &mut [Switch<W>], passes: Option<Passes>) {
    let select = |switches: &[Switch<W>], is: fn(&Switch<W>) -> bool| -> Vec<usize> {
        (0..switches.len())
            .filter(|&at| is(&switches[at]))
            .collect()
    };
    let undecided = select(switches, |switch| !switch.report().is_complete());
    if switches.len() < 2 || undecided.is_empty() {
        return;
    }
    let helped = select(switches, |switch| !switch.has_all_flows());
    let alone: Vec<_> = helped.iter().map(|&at| switches[at].clone()).collect();
    let mut undecoded = helped.clone();
    let mut known: Vec<[u64; W]> = Vec::new();
    let mut unique = HashSet::new();
    let mut told = vec![0; switches.len()];
    loop {
        let mut new = Vec::new();
        for (switch, told) in switches.iter().zip(&mut told) {
            let keys = switch.flows[*told..].iter().map(|flow| flow.key);
            new.extend(keys.filter(|key| unique.insert(*key)));
            *told = switch.flows.len();
        }
        if new.is_empty() {
            break;
        }
        for &at in &undecoded {
            switches[at].take_out(&new, passes);
        }
        known.append(&mut new);
        undecoded.retain(|&at| !switches[at].has_all_flows());
    }
    for (at, alone) in helped.into_iter().zip(alone) {
        if switches[at].has_all_flows() && switches[at].misplaced == 0 {
            switches[at].solve_counts();
        } else {
            switches[at] = alone;
        }
    }
    for at in select(switches, Switch::is_contaminated) {
        switches[at].find_lost(&known, passes);
    }
}

impl<const W: usize> Switch<W> {
    /// Whether no cell has a flow any more.
    fn has_all_flows(&self) -> bool {
        self.cells
            .iter()
            .all(|cell| cell.flows == 0 || !cell.is_known())
    }

    fn is_contaminated(&self) -> bool {
        self.has_all_flows() && self.cells.iter().any(super::proof::is_left_over)
    }

    /// Whether a flow of another switch may have been here.
    fn may_have(&self, key: &[u64; W], passes: Option<Passes>) -> bool {
        let passes =
            || passes.is_none_or(|passes| passes(&FlowKey::from_words(key), self.header.switch_id));
        self.filter.has(key) && passes()
    }

    /// Takes out flows that other switches have told of, and then all that can be read.
    fn take_out(&mut self, keys: &[[u64; W]], passes: Option<Passes>) {
        let have: HashSet<_> = self.flows.iter().map(|flow| flow.key).collect();
        for key in keys.iter().filter(|key| !have.contains(*key)) {
            if self.places(key).any(|place| self.cells[place].flows == 0)
                || !self.may_have(key, passes)
            {
                continue;
            }
            for place in self.places(key) {
                self.cells[place].remove(key, 0, 0);
            }
            self.flows.push(Flow {
                key: *key,
                bytes: 0,
                packets: 0,
                cell: ELSEWHERE,
            });
        }
        self.misplaced = peel::peel(&mut self.cells, &self.table_hash, &mut self.flows);
    }

    /// Looks for the flows that the filter took for known ones: flows of other switches that the filter has. When the
    /// counts of all cells fit with them, the counts are right; otherwise everything stays as it was.
    fn find_lost(&mut self, known: &[[u64; W]], passes: Option<Passes>) {
        let have: HashSet<_> = self.flows.iter().map(|flow| flow.key).collect();
        let mut found = self.clone();
        for key in known.iter().filter(|key| !have.contains(*key)) {
            if self.may_have(key, passes) {
                found.flows.push(Flow {
                    key: *key,
                    bytes: 0,
                    packets: 0,
                    cell: ELSEWHERE,
                });
            }
        }
        found.solve_counts();
        if found.proven.iter().all(|&proven| proven) {
            // The filter may have had a flow that was never here; it has no packets.
            found.flows.retain(|flow| flow.packets > 0);
            found.proven.truncate(found.flows.len());
            *self = found;
        }
    }
}
