//! What is added has to be in one group of containers.

use std::collections::BTreeMap;

use crate::ir::{Expr, Pipe, Place, Program, Statement};

/// The most words of 32 bits that sums link with each other.
pub fn linked_words(program: &Program, pipe: &Pipe) -> usize {
    // Of each word the number of its group.
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for (number, statement) in pipe
        .actions
        .iter()
        .flat_map(|action| &action.body)
        .enumerate()
    {
        let Statement::Set(into, value @ (Expr::Sum(..) | Expr::Funnel(..))) = statement else {
            continue;
        };
        let is_word = |place: &&Place| program.bits_of(place).is_some_and(|bits| bits > 16);
        let words = [into].into_iter().chain(value.places()).filter(is_word);
        let words: Vec<String> = words.map(|place| format!("{place:?}")).collect();
        let linked = words.iter().filter_map(|word| groups.get(word).copied());
        let linked: Vec<usize> = linked.collect();
        for group in groups.values_mut().filter(|group| linked.contains(group)) {
            *group = number;
        }
        groups.extend(words.into_iter().map(|word| (word, number)));
    }
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for group in groups.into_values() {
        *sizes.entry(group).or_default() += 1;
    }
    sizes.into_values().max().unwrap_or(0)
}
