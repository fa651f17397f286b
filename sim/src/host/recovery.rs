//! Loss recovery: algorithm 1 of the paper's appendix B.
//!
//! Each core writes what it receives to a log that all others may read. A core that misses a packet looks for it in
//! the logs of the others, until one has it or all have missed it too. So a packet is processed by all cores or by
//! none, in order.
//!
//! The algorithm of the paper leaves two things open:
//!
//! - *A log has an end.* Here a core writes entry i over entry i - 1,024 only when all others are past that one. A
//!   core that is further behind than the log is long holds the others up instead of losing what it needs. It itself
//!   never waits for their logs to be free, so somebody can always go on.
//! - *The end of the traffic.* A core that gets no more packets would be waited for forever. So it
//!   [closes](Recovery::close) its log: from then on it has missed all that it does not have, and follows the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The entries of a log, as in the paper.
pub const LOG_ENTRIES: usize = 1024;

/// An atomic word: that of the standard library, or one that a checker of interleavings watches.
pub trait Word: Send + Sync {
    /// A word with a value.
    fn new(value: u64) -> Self;
    /// Reads it.
    fn load(&self, order: Ordering) -> u64;
    /// Writes it.
    fn store(&self, value: u64, order: Ordering);
}

impl Word for AtomicU64 {
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    #[inline]
    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    #[inline]
    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }
}

/// The logs of all cores.
#[derive(Debug)]
pub struct Logs<W = AtomicU64> {
    logs: Vec<Log<W>>,
}

/// What a core tells the others. Only it writes here. Packets are numbered from 1.
#[derive(Debug)]
#[repr(align(128))]
struct Log<W> {
    /// All packets up to this one are dealt with: the core needs none of them from the others.
    reached: W,
    /// 0 as long as packets come; then the number of the last one that did, plus 1.
    closed: W,
    /// A header and then the row, for each entry. The header is the number and whether it was received; it is
    /// written last, and the entry does not change until all others are past it.
    words: Vec<W>,
    entries: usize,
    entry_words: usize,
}

/// The lowest bit of a header.
const RECEIVED: u64 = 1;

/// What a log says of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// NOT_INIT: the core has not come to it.
    Unknown,
    /// LOST: it did not receive it.
    Lost,
    /// It did, and here is the row.
    Received,
}

impl<W: Word> Logs<W> {
    /// The logs of so many cores, each of `entries` rows of `row_bytes` bytes.
    pub fn new(cores: usize, entries: usize, row_bytes: usize) -> Arc<Self> {
        let entry_words = 1 + row_bytes.div_ceil(8);
        let log = |_| Log {
            reached: W::new(0),
            closed: W::new(0),
            words: (0..entries * entry_words).map(|_| W::new(0)).collect(),
            entries,
            entry_words,
        };
        Arc::new(Self {
            logs: (0..cores).map(log).collect(),
        })
    }
}

impl<W: Word> Log<W> {
    #[inline]
    fn entry(&self, number: u64) -> &[W] {
        let start = number as usize % self.entries * self.entry_words;
        &self.words[start..start + self.entry_words]
    }

    /// Writes that a packet was received, or with `None` that it was lost.
    #[inline]
    fn write(&self, number: u64, row: Option<&[u8]>) {
        let [header, words @ ..] = self.entry(number) else {
            return; // an entry has a header
        };
        for (word, bytes) in words.iter().zip(row.unwrap_or_default().chunks(8)) {
            let mut value = [0; 8];
            value[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_le_bytes(value), Ordering::Relaxed);
        }
        let received = if row.is_some() { RECEIVED } else { 0 };
        header.store(number << 1 | received, Ordering::Release);
    }

    /// Reads a packet that the reader has not yet reached, and so that is not overwritten meanwhile.
    fn read(&self, number: u64, row: &mut [u8]) -> Entry {
        // Before the header: a core that has closed its log writes no more.
        let closed = self.closed.load(Ordering::Acquire) != 0;
        let [header, words @ ..] = self.entry(number) else {
            return Entry::Unknown; // an entry has a header
        };
        let header = header.load(Ordering::Acquire);
        if header >> 1 != number {
            return if closed { Entry::Lost } else { Entry::Unknown };
        }
        if header & RECEIVED == 0 {
            return Entry::Lost;
        }
        for (word, bytes) in words.iter().zip(row.chunks_mut(8)) {
            let value = word.load(Ordering::Relaxed).to_le_bytes();
            bytes.copy_from_slice(&value[..bytes.len()]);
        }
        Entry::Received
    }
}

/// What became of a packet that was lost on the way to a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// Another core has it, and the row is written where it was asked for.
    Row,
    /// No core has it, so none will ever process it.
    Nowhere,
    /// Some core has not come to it; ask again.
    Wait,
}

/// The part of a core in the recovery.
#[derive(Debug)]
pub struct Recovery<W = AtomicU64> {
    logs: Arc<Logs<W>>,
    core: usize,
    reached: u64,
    /// All cores were past this packet when it was last looked up.
    all_reached: u64,
}

impl<W: Word> Recovery<W> {
    /// The part of a core.
    pub fn new(logs: Arc<Logs<W>>, core: usize) -> Self {
        Self {
            logs,
            core,
            reached: 0,
            all_reached: 0,
        }
    }

    /// The last packet that was dealt with.
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Deals with the next packet, which was received; false as long as its entry in the log may still be needed.
    #[inline]
    pub fn receive(&mut self, row: &[u8]) -> bool {
        let is_free = self.log_next(Some(row));
        self.reached += u64::from(is_free);
        is_free
    }

    /// Deals with the next packet, which was lost.
    pub fn recover(&mut self, row: &mut [u8]) -> Recovered {
        match self.log_next(None) {
            true => self.look_up(row),
            false => Recovered::Wait,
        }
    }

    /// Says that no more packets come.
    pub fn close(&self) {
        self.own().closed.store(self.reached + 1, Ordering::Release);
    }

    /// After the end, deals with the next packet that others received; `None` when there is none and will be none.
    pub fn follow(&mut self, row: &mut [u8]) -> Option<Recovered> {
        let mut last = Some(0);
        for log in &self.logs.logs {
            let closed = log.closed.load(Ordering::Acquire);
            last = last
                .zip(closed.checked_sub(1))
                .map(|(last, end)| end.max(last));
        }
        match last {
            Some(last) if last <= self.reached => None,
            _ => Some(self.look_up(row)),
        }
    }

    /// Lets the others know how far this core is; to be called before it waits and when it has nothing to do.
    pub fn publish(&self) {
        self.own().reached.store(self.reached, Ordering::Release);
    }

    fn own(&self) -> &Log<W> {
        &self.logs.logs[self.core]
    }

    fn others(&self) -> impl Iterator<Item = &Log<W>> {
        let logs = self.logs.logs.iter().enumerate();
        logs.filter(|&(core, _)| core != self.core)
            .map(|(_, log)| log)
    }

    /// Writes the next packet to the log; false when its place is not free.
    #[inline]
    fn log_next(&mut self, row: Option<&[u8]>) -> bool {
        let number = self.reached + 1;
        let replaced = number.saturating_sub(self.own().entries as u64);
        if replaced > self.all_reached {
            let reached = self.others().map(|log| log.reached.load(Ordering::Acquire));
            self.all_reached = reached.min().unwrap_or(u64::MAX);
            if replaced > self.all_reached {
                return false;
            }
        }
        self.own().write(number, row);
        true
    }

    /// Looks for the next packet in the logs of the others.
    fn look_up(&mut self, row: &mut [u8]) -> Recovered {
        let number = self.reached + 1;
        let mut found = Recovered::Nowhere;
        for log in self.others() {
            match log.read(number, row) {
                Entry::Received => {
                    found = Recovered::Row;
                    break;
                }
                Entry::Unknown => found = Recovered::Wait,
                Entry::Lost => {}
            }
        }
        if found != Recovered::Wait {
            self.reached = number;
        }
        found
    }
}
