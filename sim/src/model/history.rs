//! The history: a ring of the rows of the last N packets (section 3.3.2 and figure 4c of the
//! paper).

/// N rows and the index pointer to the oldest, which the next row replaces. All rows are zero at
/// first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    memory: Vec<u8>,
    row_bytes: usize,
    rows: usize,
    pointer: usize,
}

impl History {
    /// A history of `rows` rows of `row_bytes` bytes; either may be 0 for no history at all.
    pub fn new(rows: usize, row_bytes: usize) -> Self {
        Self {
            memory: vec![0; rows * row_bytes],
            row_bytes,
            rows,
            pointer: 0,
        }
    }

    /// The rows as they are in memory.
    pub fn array(&self) -> &[u8] {
        &self.memory
    }

    /// The rows by age, in two parts: the first part holds the older ones.
    pub fn oldest_first(&self) -> (&[u8], &[u8]) {
        let (newer, older) = self.memory.split_at(self.pointer * self.row_bytes);
        (older, newer)
    }

    /// The number of the oldest row in memory, from 0.
    pub fn pointer(&self) -> usize {
        self.pointer
    }

    /// Gives the oldest row to be overwritten with the newest, and moves the pointer on.
    pub fn replace_oldest(&mut self) -> &mut [u8] {
        let start = self.pointer * self.row_bytes;
        self.pointer = (self.pointer + 1).checked_rem(self.rows).unwrap_or(0);
        let end = (start + self.row_bytes).min(self.memory.len());
        &mut self.memory[start..end]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The same by moving every row at every packet.
    struct Queue(VecDeque<Vec<u8>>);

    proptest! {
        #[test]
        fn the_ring_holds_what_a_queue_of_the_last_rows_holds(
            rows in 1_usize..20,
            row_bytes in 1_usize..8,
            pushed in vec(vec(any::<u8>(), 8), 0..80),
        ) {
            let mut history = History::new(rows, row_bytes);
            let mut queue = Queue(vec![vec![0; row_bytes]; rows].into());
            for (number, row) in pushed.iter().enumerate() {
                prop_assert_eq!(history.pointer(), number % rows);
                history.replace_oldest().copy_from_slice(&row[..row_bytes]);
                queue.0.pop_front();
                queue.0.push_back(row[..row_bytes].to_vec());

                let (older, newer) = history.oldest_first();
                let by_age: Vec<u8> = queue.0.iter().flatten().copied().collect();
                prop_assert_eq!([older, newer].concat(), by_age);
                let newest = &history.array()[number % rows * row_bytes..][..row_bytes];
                prop_assert_eq!(newest, &row[..row_bytes]);
            }
        }
    }

    #[test]
    fn without_rows_there_is_nothing_to_replace() {
        let mut history = History::new(0, 0);
        assert_eq!(history.replace_oldest(), []);
        assert_eq!((history.pointer(), history.array()), (0, &[][..]));
    }
}
