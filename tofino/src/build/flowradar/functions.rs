//! The hash functions, worked out in few words.
//!
//! Words that are added to each other have to be in one of the chip's groups of containers. The functions are therefore
//! worked out in parts, each in a group of its own with CRCs of its own, and a word that nothing needs any more is used
//! again. What a stage does with the words of a part is one action, whose statements do not write a word before they
//! have read it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use seqnic_spec::flowradar::{Extent, FOLD_ROTATION_BITS, FlowRadar, HashKind};

use super::load::Loads;
use super::{BANK_BIT, DESTINATION, KEY_PORTS, Maker, PROTOCOL, SOURCE};
use crate::ir::{Arch, Expr, HashUnit, Place, Statement};

/// The number of an entry, and the first stage that can use it.
#[derive(Debug, Clone)]
pub struct Index {
    pub place: Place,
    pub ready: usize,
}

/// The words of a part.
struct Words {
    part: usize,
    made: usize,
    free: Vec<Place>,
}

impl Words {
    fn take(&mut self) -> Place {
        self.free.pop().unwrap_or_else(|| {
            self.made += 1;
            Place::Metadata(format!("word_{}_{}", self.part, self.made - 1))
        })
    }

    fn give(&mut self, place: Place) {
        self.free.push(place);
    }
}

/// Functions whose words are in one group.
struct Part {
    /// The bank, and the stage that copies it.
    bank: (Place, Option<usize>),
    /// The CRCs: number, stage, word.
    crcs: Vec<(usize, usize, Place)>,
    /// What is done in which stage.
    stages: BTreeMap<usize, Vec<Statement>>,
    /// The numbers of entries, by function.
    indices: Vec<(usize, Index)>,
    /// How many words there are, with the bank.
    words: usize,
}

/// A function while it is worked out.
struct Function {
    number: usize,
    pair: [usize; 2],
    /// The stage of the sum of its CRCs.
    first: usize,
    sum: Option<Place>,
    turned: Option<Place>,
}

impl Part {
    fn new(config: &FlowRadar, part: usize, functions: &[usize], loads: &mut Loads) -> Self {
        let mut words = Words {
            part,
            made: 0,
            free: Vec::new(),
        };
        let crcs = crcs(functions, loads, &mut words);
        let made = |crc: usize| crcs.iter().find(|(number, ..)| *number == crc);
        // What comes from a hash unit can be in any group.
        let bank = match part {
            0 => (Place::md(BANK_BIT), None),
            _ => {
                let place = Place::Metadata(format!("{BANK_BIT}_{part}"));
                (place, Some(loads.hash(1)))
            }
        };
        let bank_ready = bank.1.map_or(1, |stage| stage + 1);
        let mut functions: Vec<Function> = functions
            .iter()
            .map(|&number| {
                let (first, second) = HashKind::pair(number);
                let pair = [first, second];
                let stages = pair.map(|crc| made(crc).map_or(0, |&(_, stage, _)| stage));
                Function {
                    number,
                    pair,
                    first: stages[0].max(stages[1]) + 1,
                    sum: None,
                    turned: None,
                }
            })
            .collect();
        let mut uses: BTreeMap<usize, usize> = BTreeMap::new();
        for crc in functions.iter().flat_map(|function| function.pair) {
            *uses.entry(crc).or_default() += 1;
        }
        let mut stages: BTreeMap<usize, Vec<Statement>> = BTreeMap::new();
        let last = functions.iter().map(|function| function.first).max();
        let last = (last.unwrap_or(0) + 3).max(bank_ready);
        let mut indices = Vec::new();
        for stage in 1..=last {
            let mut body = Vec::new();
            // The bank, and behind it as many of the highest bits as number an entry.
            for function in &functions {
                let (Some(sum), None) = (&function.sum, &function.turned) else {
                    continue;
                };
                let is_added = stage >= function.first + 3;
                let is_new = indices.iter().all(|(number, _)| *number != function.number);
                if is_added && is_new && stage >= bank_ready {
                    let unused = unused_bits(config, function.number);
                    let value = Expr::Funnel(bank.0.clone(), sum.clone(), unused);
                    body.push(Statement::Set(sum.clone(), value));
                    let index = Index {
                        place: sum.clone(),
                        ready: stage + 1,
                    };
                    indices.push((function.number, index));
                }
            }
            for function in &mut functions {
                if stage == function.first + 2
                    && let (Some(sum), Some(turned)) = (&function.sum, function.turned.take())
                {
                    let value = Expr::Sum(sum.clone(), turned.clone());
                    body.push(Statement::Set(sum.clone(), value));
                    words.give(turned);
                }
            }
            for function in &mut functions {
                if stage == function.first {
                    let [Some(first), Some(second)] = function
                        .pair
                        .map(|crc| made(crc).map(|(_, _, word)| word.clone()))
                    else {
                        continue;
                    };
                    for (crc, word) in function.pair.into_iter().zip([&first, &second]) {
                        let left = uses.entry(crc).or_default();
                        *left -= 1;
                        if *left == 0 {
                            words.give(word.clone());
                        }
                    }
                    let sum = words.take();
                    body.push(Statement::Set(sum.clone(), Expr::Sum(first, second)));
                    function.sum = Some(sum);
                }
            }
            for function in &mut functions {
                if stage == function.first + 1
                    && let Some(sum) = &function.sum
                {
                    let turned = words.take();
                    let rotation = 32 - FOLD_ROTATION_BITS as usize;
                    let value = Expr::Funnel(sum.clone(), sum.clone(), rotation);
                    body.push(Statement::Set(turned.clone(), value));
                    function.turned = Some(turned);
                }
            }
            if !body.is_empty() {
                stages.insert(stage, body);
            }
        }
        Self {
            bank,
            crcs,
            stages,
            indices,
            words: words.made + 1,
        }
    }
}

/// The CRCs that functions need. Those that most of them need come first.
fn crcs(functions: &[usize], loads: &mut Loads, words: &mut Words) -> Vec<(usize, usize, Place)> {
    let mut needed: BTreeMap<usize, usize> = BTreeMap::new();
    for (first, second) in functions.iter().map(|&number| HashKind::pair(number)) {
        for crc in [first, second] {
            *needed.entry(crc).or_default() += 1;
        }
    }
    let mut order: Vec<(usize, usize)> = needed.into_iter().collect();
    order.sort_by_key(|&(_, uses)| Reverse(uses));
    let crcs = order.into_iter();
    crcs.map(|(crc, _)| (crc, loads.hash(1), words.take()))
        .collect()
}

/// The lower bits of a function that do not number an entry.
fn unused_bits(config: &FlowRadar, function: usize) -> usize {
    let geometry = config.geometry();
    let extent: Extent = match function < geometry.tables {
        true => geometry.cells,
        false => geometry.filter,
    };
    32 - extent.size().trailing_zeros() as usize
}

impl Maker<'_> {
    /// The functions of each part. Those of the filter come first: cells wait for the filter in any case.
    fn parts(&self) -> Vec<Vec<usize>> {
        let geometry = self.config.geometry();
        let (tables, all) = (geometry.tables, geometry.memories());
        let mut loads = self.loads.clone();
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for functions in [tables..all, 0..tables] {
            let mut rest: Vec<usize> = functions.collect();
            while !rest.is_empty() {
                let part = parts.len();
                let fits = |&functions: &usize| {
                    let functions = &rest[..functions];
                    let part = Part::new(self.config, part, functions, &mut loads.clone());
                    part.words <= self.group_words
                };
                let most = (1..=rest.len()).rev().find(fits).unwrap_or(1);
                Part::new(self.config, part, &rest[..most], &mut loads);
                parts.push(rest.drain(..most).collect());
            }
        }
        parts
    }

    /// The hash functions of sub-tables and filter.
    pub(super) fn functions(&mut self) -> Vec<Index> {
        let geometry = self.config.geometry();
        let key = [SOURCE, DESTINATION, KEY_PORTS, PROTOCOL].map(Place::md);
        let mut indices = Vec::new();
        for (number, functions) in self.parts().iter().enumerate() {
            let part = Part::new(self.config, number, functions, &mut self.loads);
            if let (place, Some(stage)) = &part.bank {
                self.field(place, 32);
                let from = Expr::Read(Place::md(BANK_BIT));
                let copy = match self.arch {
                    Arch::V1Model => Statement::Set(place.clone(), from),
                    _ => Statement::Pack(place.clone(), vec![from]),
                };
                let step = self.always(&format!("copy_bank_{number}"), *stage, vec![copy]);
                self.steps.push((*stage, step));
            }
            for word in 0..part.words - 1 {
                self.field(&Place::Metadata(format!("word_{number}_{word}")), 32);
            }
            for (crc, stage, word) in part.crcs {
                let unit = HashUnit::Crc(HashKind::polynomial(geometry.seed, crc));
                let body = vec![Statement::Hash(word, unit, key.to_vec())];
                let step = self.always(&format!("crc_{number}_{crc}"), stage, body);
                self.steps.push((stage, step));
            }
            for (stage, body) in part.stages {
                let step = self.always(&format!("sums_{number}_{stage}"), stage, body);
                self.steps.push((stage, step));
            }
            indices.extend(part.indices);
        }
        indices.sort_by_key(|&(function, _)| function);
        indices.into_iter().map(|(_, index)| index).collect()
    }
}
