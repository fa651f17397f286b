//! The stack behind the INT header: a sink takes all of it out, so the parser has to know where it ends.
//!
//! The shim says how many words there are behind it, the first two of them taken with it. At the end stand 1 to 4 words, which
//! the lowest two bits of the length say; in front of them the headers that the other bits say. That is so with 3 in
//! the lowest bits. Otherwise one is borrowed from the others, which the lowest bit that is set lends, and all below it are set
//! then.
//!
//! The compiler wants the sum in a state that takes something: it is the last one.

use super::{ACCEPT, Found, key, masked, note, state};
use crate::build::int::headers::{LARGE_STACK, TELEMETRY, end_of_stack, stack};
use crate::build::int::md;
use crate::build::packet_parser::{case, extract, parse, select};
use crate::ir::{Case, Key, Next, ParserStep, Pattern, Place, State};

/// The bits of the length in the shim.
const LENGTH: u64 = 0xff;
/// The lowest two of them.
const LOWEST: u64 = 3;
/// The least length that all large headers together are too short for.
const MOST_OF_LARGE: u64 = 2 * LARGE_STACK[LARGE_STACK.len() - 1] as u64;
/// The state that looks at the lowest bits.
const END: &str = "stack_end";

/// The state for the header of so many words, when one is borrowed from it and those behind it, or not.
fn look(words: usize, is_borrowed: bool) -> String {
    match is_borrowed {
        true => format!("parse_stack_lending_{words}"),
        false => format!("parse_stack_from_{words}"),
    }
}

fn length() -> Key {
    key(TELEMETRY, "kind_length")
}

/// Takes a header, and takes it off the sum.
fn take(header: String, sums: bool) -> Vec<ParserStep> {
    let extract = extract(&header);
    let subtract = sums.then_some(ParserStep::Subtract(header));
    [extract].into_iter().chain(subtract).collect()
}

impl Found {
    /// The cases behind shim and INT header for a length that there are headers for; a longer stack has none.
    pub(super) fn stack_cases(kind: u64) -> Vec<Case> {
        let version = Pattern::exact(2);
        let mut cases = Vec::new();
        let upper = LENGTH & !(MOST_OF_LARGE - 1) | LOWEST;
        for lowest in 0..=LOWEST {
            let next = look(LARGE_STACK[0], lowest < LOWEST);
            let within = masked(kind | lowest, 0xfc00 | upper);
            cases.push(case([within, version], &next));
            if lowest < LOWEST {
                let whole = masked(kind | MOST_OF_LARGE | lowest, 0xfc00 | LENGTH);
                cases.push(case([whole, version], &next));
            }
        }
        cases
    }

    /// The states for shim, header and stack, with what follows the first of them.
    pub(super) fn stack(&self, behind: Next, sums: bool) -> Vec<State> {
        let first = take(TELEMETRY.to_owned(), sums);
        let mut states = vec![state(parse(TELEMETRY), first, behind)];
        for is_borrowed in [true, false] {
            for (at, &words) in LARGE_STACK.iter().enumerate() {
                let behind = |is_borrowed| match LARGE_STACK.get(at + 1) {
                    Some(&next) => look(next, is_borrowed),
                    None => parse(END),
                };
                let taken = format!("{}_taken", look(words, is_borrowed));
                let bit = masked(words as u64, words as u64);
                let (set, unset) = match is_borrowed {
                    true => (behind(false), taken.clone()),
                    false => (taken.clone(), behind(false)),
                };
                let next = select(vec![length()], vec![case([bit], &set)], &unset);
                states.push(state(look(words, is_borrowed), Vec::new(), next));
                let next = Next::To(behind(is_borrowed));
                states.push(state(taken, take(stack(words), sums), next));
            }
        }
        let end = |words: usize| format!("parse_stack_end_{words}");
        // 3 leaves one word, 0 two of them.
        let cases = (1..=4).map(|words| {
            let lowest = (words as u64 + 2) & LOWEST;
            case([masked(lowest, LOWEST)], &end(words))
        });
        let next = select(vec![length()], cases.collect(), ACCEPT);
        states.push(state(parse(END), Vec::new(), next));
        for words in 1..=4 {
            let parts = end_of_stack(words).iter();
            let mut steps: Vec<ParserStep> = parts
                .flat_map(|(name, _)| take((*name).to_owned(), sums))
                .collect();
            steps.extend(sums.then(|| ParserStep::Deposit(Place::md(md::REMOVED_SUM))));
            states.push(state(end(words), steps, Next::To(parse(md::IS_INT))));
        }
        states.push(note(md::IS_INT, md::IS_INT, 1, ACCEPT));
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqnic_spec::int::{Encapsulation, Masked};

    use crate::build::int::headers::{MOST_STACK_WORDS, stack_headers};
    use crate::build::int::parser::Goal;

    /// The words of the stack that the parser takes for a length in the shim; nothing where it takes it for no header.
    fn words_taken(states: &[State], shim: u64) -> Option<usize> {
        let mut name = parse(TELEMETRY);
        let mut words = 0;
        while name != ACCEPT {
            let state = states.iter().find(|state| state.name == name)?;
            for step in &state.steps {
                if let ParserStep::Extract(name) = step
                    && name != TELEMETRY
                {
                    let mut headers = stack_headers().into_iter();
                    let header = headers.find(|header| header.name == *name);
                    words += header.expect("it is one of the stack").fields.len();
                }
            }
            if state.name == parse(md::IS_INT) {
                // The first is one of the INT header.
                return Some(words - 1);
            }
            name = match &state.next {
                Next::To(next) => next.clone(),
                Next::Select {
                    cases, otherwise, ..
                } => {
                    let fits = |case: &&Case| case.patterns[0].fits(shim);
                    let case = cases.iter().find(fits);
                    case.map_or(otherwise, |case| &case.next).clone()
                }
            };
        }
        None
    }

    #[test]
    fn a_stack_of_every_length_is_taken_as_a_whole() {
        let found = Found {
            encapsulation: Encapsulation::Dscp(Masked {
                value: 23,
                mask: 63,
            }),
            goal: Goal::Stack { sums: true },
        };
        let states = found.header();
        for length in 0..=255_usize {
            let expected = length
                .checked_sub(3)
                .filter(|&words| words <= MOST_STACK_WORDS);
            let taken = words_taken(&states, 0x1000 | length as u64);
            assert_eq!(taken, expected, "{length} words behind the shim");
        }
    }
}
