//! The logs of loss recovery under every interleaving of two threads, of which one reads what the other writes. (Of
//! three, two may wait in turn for ever while the third has none: loom gives no fairness. Whole runs of more cores are
//! in `host/recovery.rs`.)

use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom::sync::atomic::AtomicU64;
use loom::thread;
use seqnic_sim::host::{Logs, Recovered, Recovery, Word};

/// A word that loom watches.
struct Watched(AtomicU64);

impl Word for Watched {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }
}

/// What a core receives: the numbers from 1 on, up to its last one.
type Received = &'static [bool];

/// The row of a packet: two words that are only right together.
fn row(number: u64) -> [u8; 16] {
    let mut row = [0; 16];
    row[..8].copy_from_slice(&number.to_le_bytes());
    row[8..].copy_from_slice(&(!number).to_le_bytes());
    row
}

/// A core from its first packet to its end: the packets that it processed, in order.
fn work(mut recovery: Recovery<Watched>, received: Received) -> Vec<u64> {
    let mut processed = Vec::new();
    let mut buffer = [0; 16];
    let wait = |recovery: &Recovery<Watched>| {
        recovery.publish();
        thread::yield_now();
    };
    let mut take = |recovery: &Recovery<Watched>, buffer: &[u8; 16]| {
        assert_eq!(
            *buffer,
            row(recovery.reached()),
            "a row is whole and the right one"
        );
        processed.push(recovery.reached());
    };
    for (number, &is_received) in (1..).zip(received) {
        if is_received {
            buffer = row(number);
            while !recovery.receive(&buffer) {
                wait(&recovery);
            }
            take(&recovery, &buffer);
            continue;
        }
        loop {
            match recovery.recover(&mut buffer) {
                Recovered::Row => break take(&recovery, &buffer),
                Recovered::Nowhere => break,
                Recovered::Wait => wait(&recovery),
            }
        }
    }
    recovery.close();
    while let Some(recovered) = recovery.follow(&mut buffer) {
        match recovered {
            Recovered::Row => take(&recovery, &buffer),
            Recovered::Nowhere => {}
            Recovered::Wait => wait(&recovery),
        }
    }
    recovery.publish();
    processed
}

/// Runs the cores under every interleaving; each must process what any of them received.
fn check(entries: usize, cores: &'static [Received], preemptions: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let logs: Arc<Logs<Watched>> = Logs::new(cores.len(), entries, 16);
        let start = |core: usize| {
            let recovery = Recovery::new(Arc::clone(&logs), core);
            thread::spawn(move || work(recovery, cores[core]))
        };
        let threads: Vec<_> = (1..cores.len()).map(start).collect();
        let mut processed = vec![work(Recovery::new(Arc::clone(&logs), 0), cores[0])];
        processed.extend(
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic")),
        );
        let last = cores
            .iter()
            .map(|received| received.len())
            .max()
            .unwrap_or(0);
        let by_any = |number: &u64| {
            cores
                .iter()
                .any(|received| received.get(*number as usize - 1) == Some(&true))
        };
        let expected: Vec<u64> = (1..=last as u64).filter(by_any).collect();
        assert!(
            processed.iter().all(|processed| *processed == expected),
            "{processed:?}, not {expected:?}"
        );
    });
}

#[test]
fn what_one_core_lost_it_takes_from_the_other() {
    check(4, &[&[true, false], &[false, true]], 3);
}

#[test]
fn what_all_cores_lost_nobody_waits_for() {
    check(4, &[&[false, true], &[false, true]], 3);
}

#[test]
fn an_entry_is_overwritten_only_when_all_others_are_past_it() {
    check(1, &[&[true, true], &[false, true]], 3);
    check(1, &[&[true, true, true], &[false, false, true]], 3);
    check(
        2,
        &[&[false, true, true, true], &[true, false, false, true]],
        2,
    );
}

#[test]
fn a_core_whose_last_packets_are_lost_follows_the_others() {
    check(1, &[&[true, true], &[]], 3);
}
