//! States that several cores change: who has one, and who waits for it.

use std::collections::{HashMap, VecDeque};

use super::simulation::{Grant, Sharing};

/// The states that were ever taken, by key.
#[derive(Debug)]
pub(super) struct Locks {
    sharing: Sharing,
    by_key: HashMap<u32, Lock>,
}

#[derive(Debug, Default)]
struct Lock {
    is_held: bool,
    last_core: Option<usize>,
    waiting: VecDeque<usize>,
}

impl Locks {
    pub(super) fn new(sharing: Sharing) -> Self {
        Self {
            sharing,
            by_key: HashMap::new(),
        }
    }

    /// A core comes to a state. Unless it gets it, it waits.
    pub(super) fn take(&mut self, key: u32, core: usize) -> Option<Grant> {
        let lock = self.by_key.entry(key).or_default();
        lock.waiting.push_back(core);
        match lock.is_held {
            true => None,
            false => lock.grant(&self.sharing),
        }
    }

    /// The core that has a state is done with it. The one that waited longest gets it.
    pub(super) fn release(&mut self, key: u32) -> Option<Grant> {
        let lock = self.by_key.get_mut(&key)?;
        lock.is_held = false;
        lock.grant(&self.sharing)
    }
}

impl Lock {
    fn grant(&mut self, sharing: &Sharing) -> Option<Grant> {
        let core = self.waiting.pop_front()?;
        let mut hold_ns = sharing.exclusive_ns + self.waiting.len() as f64 * sharing.waiter_ns;
        if self.last_core.is_some_and(|last| last != core) {
            hold_ns += sharing.transfer_ns;
        }
        self.is_held = true;
        self.last_core = Some(core);
        Some(Grant { core, hold_ns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_had_by_one_core_at_a_time_and_changes_hands_at_a_price() {
        let mut locks = Locks::new(Sharing {
            exclusive_ns: 10.0,
            transfer_ns: 50.0,
            waiter_ns: 7.0,
        });
        let grant = |core, hold_ns| Some(Grant { core, hold_ns });
        assert_eq!(locks.take(1, 0), grant(0, 10.0));
        assert_eq!(locks.release(1), None);
        // The same core again, and another state beside it.
        assert_eq!(locks.take(1, 0), grant(0, 10.0));
        assert_eq!(locks.take(2, 1), grant(1, 10.0));
        // Three that wait for it, the first of them while two more wait.
        assert_eq!([1, 2, 3].map(|core| locks.take(1, core)), [None; 3]);
        assert_eq!(locks.release(1), grant(1, 10.0 + 50.0 + 14.0));
        assert_eq!(locks.release(1), grant(2, 10.0 + 50.0 + 7.0));
        assert_eq!(locks.release(1), grant(3, 10.0 + 50.0));
        assert_eq!(locks.release(1), None);
        assert_eq!(locks.take(1, 3), grant(3, 10.0));
    }
}
