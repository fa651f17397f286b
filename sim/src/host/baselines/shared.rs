//! State that all cores share: one table, and for each key either a lock or an atomic word.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::DefaultHashBuilder;

use crate::host::{Core, Delivery, Packing, Program, Verdict};

/// The shared state of a key.
pub trait Cell<P: Program>: Debug + Default + Send + Sync + 'static {
    /// Lets a packet have its effect and says what becomes of it.
    fn handle(&self, program: &P, meta: &P::Meta) -> Verdict;

    /// The state.
    fn state(&self) -> P::State;
}

/// A state behind a lock.
#[derive(Debug, Default)]
pub struct Locked<S>(Mutex<S>);

impl<P: Program> Cell<P> for Locked<P::State> {
    #[inline]
    fn handle(&self, program: &P, meta: &P::Meta) -> Verdict {
        // Whoever panicked with the lock ends the run.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        program.transition(&mut state, meta);
        program.verdict(&state, meta)
    }

    fn state(&self) -> P::State {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A state in one atomic word, for programs whose state fits into it ([`Program::PACKING`]).
///
/// The transition is that of the program. It is made on a copy, which replaces the word unless another core was
/// faster.
#[derive(Debug, Default)]
pub struct Atomic(AtomicU64);

impl<P: Program> Cell<P> for Atomic {
    #[inline]
    fn handle(&self, program: &P, meta: &P::Meta) -> Verdict {
        let (pack, unpack) = word::<P>();
        let mut before = self.0.load(Ordering::Relaxed);
        loop {
            let mut state = unpack(before);
            program.transition(&mut state, meta);
            match self.0.compare_exchange_weak(
                before,
                pack(&state),
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return program.verdict(&state, meta),
                Err(now) => before = now,
            }
        }
    }

    fn state(&self) -> P::State {
        let (_, unpack) = word::<P>();
        unpack(self.0.load(Ordering::Acquire))
    }
}

#[inline]
fn word<P: Program>() -> Packing<P::State> {
    P::PACKING.expect("only programs whose state fits into a word are run with atomics")
}

/// The states of all keys, shared.
#[derive(Debug)]
pub struct Shared<P: Program, C: Cell<P>> {
    program: P,
    cells: papaya::HashMap<P::Key, C, DefaultHashBuilder>,
}

impl<P: Program, C: Cell<P>> Shared<P, C> {
    /// No state yet.
    pub fn new(program: P) -> Arc<Self> {
        Arc::new(Self {
            program,
            cells: papaya::HashMap::default(),
        })
    }

    /// All keys with their states.
    pub fn states(&self) -> Vec<(P::Key, P::State)> {
        let cells = self.cells.pin();
        cells
            .iter()
            .map(|(key, cell)| (*key, cell.state()))
            .collect()
    }
}

/// A core that works on shared states.
#[derive(Debug)]
pub struct SharedCore<P: Program, C: Cell<P>>(pub Arc<Shared<P, C>>);

impl<P: Program, C: Cell<P>> Core for SharedCore<P, C> {
    #[inline]
    fn poll(&mut self, delivery: Delivery<'_>) -> Option<Verdict> {
        let Shared { program, cells } = &*self.0;
        let Some(meta) = P::meta(delivery.bytes, delivery.timestamp) else {
            return Some(P::OTHERS);
        };
        let cells = cells.pin();
        let cell = cells.get_or_insert_with(program.key(&meta), C::default);
        Some(cell.handle(program, &meta))
    }
}
