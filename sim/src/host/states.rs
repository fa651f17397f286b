//! The states of a program, by key.

use hashbrown::{HashMap, HashSet};

use super::program::{Program, Verdict};

/// The states of a program, by key: what a single thread holds, or a core for itself.
#[derive(Debug, Clone)]
pub struct States<P: Program> {
    program: P,
    by_key: HashMap<P::Key, P::State>,
}

impl<P: Program> States<P> {
    /// No state yet.
    pub fn new(program: P) -> Self {
        Self {
            program,
            by_key: HashMap::new(),
        }
    }

    /// Lets a packet of the past have its effect; nothing is to be said about it.
    #[inline]
    pub fn apply(&mut self, meta: &P::Meta) {
        let state = self.by_key.entry(self.program.key(meta)).or_default();
        self.program.transition(state, meta);
    }

    /// Lets a packet have its effect and says what becomes of it; `None` is one that does not concern the program.
    #[inline]
    pub fn handle(&mut self, meta: Option<&P::Meta>) -> Verdict {
        let Some(meta) = meta else {
            return P::OTHERS;
        };
        let state = self.by_key.entry(self.program.key(meta)).or_default();
        self.program.transition(state, meta);
        self.program.verdict(state, meta)
    }

    /// The program, with its parameters.
    pub fn program(&self) -> &P {
        &self.program
    }

    /// The state of a key, once a packet of it was seen.
    pub fn get(&self, key: &P::Key) -> Option<&P::State> {
        self.by_key.get(key)
    }

    /// The number of keys that were seen.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether no key was seen.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// All keys and their states, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&P::Key, &P::State)> {
        self.by_key.iter()
    }
}

impl<P: Program> States<P> {
    /// How many keys differ: those that only one side has, that `others` has more than once, or whose states differ.
    pub fn differing<'a>(&self, others: impl Iterator<Item = (&'a P::Key, &'a P::State)>) -> u64 {
        let mut missing: HashMap<&P::Key, &P::State> = self.by_key.iter().collect();
        let wrong: HashSet<&P::Key> = others
            .filter(|(key, state)| missing.remove(key) != Some(state))
            .map(|(key, _)| key)
            .collect();
        (wrong.len() + missing.len()) as u64
    }
}

impl<P: Program> IntoIterator for States<P> {
    type Item = (P::Key, P::State);
    type IntoIter = hashbrown::hash_map::IntoIter<P::Key, P::State>;

    fn into_iter(self) -> Self::IntoIter {
        self.by_key.into_iter()
    }
}

impl<P: Program> PartialEq for States<P> {
    /// The same states for the same keys.
    fn eq(&self, other: &Self) -> bool {
        self.by_key == other.by_key
    }
}
