//! How many LUT6 a set of small LUTs takes.

use std::collections::{HashMap, HashSet};

use crate::cells::Kind;
use crate::netlist::{Net, Netlist};

/// Inputs that the two outputs of a LUT6_2 share.
const SHARED_INPUTS: usize = 5;

/// The LUT6 that hold all LUTs as logic of a netlist.
///
/// A LUT6 has two outputs. It holds two LUTs that have at most five inputs together. Which ones share is found
/// greedily: first LUTs that read a net in common, those with the most inputs first, each with the partner that it
/// has the most in common with; then what is left, by size. A perfect matching may find some more pairs.
pub fn physical_luts(netlist: &Netlist) -> u64 {
    let luts: Vec<Vec<Net>> = netlist
        .cells
        .iter()
        .filter(|cell| cell.kind == Kind::Lut)
        .map(|cell| {
            let mut nets: Vec<Net> = cell.inputs.iter().map(|pin| pin.net).collect();
            nets.sort_unstable();
            nets.dedup();
            nets
        })
        .collect();
    let mut free: HashSet<usize> = (0..luts.len())
        .filter(|&lut| luts[lut].len() <= SHARED_INPUTS)
        .collect();
    let pairs = pair_by_inputs(&luts, &mut free) + pair_by_size(&luts, &free);
    luts.len() as u64 - pairs
}

/// Pairs LUTs that have inputs in common, takes them out of `free`, and counts the pairs.
fn pair_by_inputs(luts: &[Vec<Net>], free: &mut HashSet<usize>) -> u64 {
    let mut readers: HashMap<Net, Vec<usize>> = HashMap::new();
    let mut order: Vec<usize> = free.iter().copied().collect();
    order.sort_unstable_by_key(|&lut| (SHARED_INPUTS - luts[lut].len(), lut));
    for &lut in &order {
        for &net in &luts[lut] {
            readers.entry(net).or_default().push(lut);
        }
    }
    let mut pairs = 0;
    for &lut in &order {
        if !free.contains(&lut) {
            continue;
        }
        let mut common: HashMap<usize, usize> = HashMap::new();
        for net in &luts[lut] {
            let Some(others) = readers.get_mut(net) else {
                continue;
            };
            others.retain(|other| free.contains(other));
            for &other in others.iter().filter(|&&other| other != lut) {
                *common.entry(other).or_default() += 1;
            }
        }
        let fits = |&(other, common): &(usize, usize)| {
            luts[lut].len() + luts[other].len() - common <= SHARED_INPUTS
        };
        let best = common
            .into_iter()
            .filter(fits)
            .max_by_key(|&(other, common)| (common, luts[other].len(), usize::MAX - other));
        if let Some((other, _)) = best {
            free.remove(&lut);
            free.remove(&other);
            pairs += 1;
        }
    }
    pairs
}

/// Counts the pairs among LUTs that may have nothing in common.
fn pair_by_size(luts: &[Vec<Net>], free: &HashSet<usize>) -> u64 {
    let mut of_size = [0u64; SHARED_INPUTS + 1];
    for &lut in free {
        of_size[luts[lut].len()] += 1;
    }
    let mut pairs = 0;
    for large in (1..=SHARED_INPUTS).rev() {
        for small in (0..=large.min(SHARED_INPUTS - large)).rev() {
            let made = match large == small {
                true => of_size[large] / 2,
                false => of_size[large].min(of_size[small]),
            };
            of_size[large] -= made;
            of_size[small] -= made;
            pairs += made;
        }
    }
    pairs
}
