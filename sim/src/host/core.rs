//! Cores as threads, each with a ring of its own.

use std::collections::VecDeque;
use std::thread;

use rtrb::{Consumer, Producer, RingBuffer};

use super::program::Verdict;

/// What a core gets: a frame that came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// The number of its packet; the first one is 1. For the verdicts: a core that needs it reads the frame.
    pub number: u64,
    /// The sequencer's time, for techniques whose frames have no prefix to hold it.
    pub timestamp: u64,
    /// The frame: with its prefix where the technique has one.
    pub bytes: &'a [u8],
}

/// A core that handles packets.
pub trait Core: Send {
    /// Handles a packet; `None` when it must wait for others, and then it is asked again for the same packet.
    fn poll(&mut self, delivery: Delivery<'_>) -> Option<Verdict>;

    /// Comes to an end after the last packet; false when it must wait for others, and then it is asked again.
    fn finish(&mut self) -> bool {
        true
    }
}

/// The frames that wait for a core in its ring.
const RING_FRAMES: usize = 256;

/// The frames that a core takes from its ring at once.
const BATCH_FRAMES: usize = 32;

/// The verdicts of a core, each with the number of its packet.
pub type Verdicts = Vec<(u64, Verdict)>;

/// Runs cores as threads until all deliveries are handled, each by the core that `steer` names. The cores come back
/// with their verdicts.
///
/// A core whose ring is full does not hold up the others: its packets wait here. Otherwise a core that waits for
/// another would keep from it what that one waits for.
pub fn run<'a, C: Core>(
    cores: Vec<C>,
    deliveries: impl IntoIterator<Item = Delivery<'a>>,
    mut steer: impl FnMut(&Delivery<'a>) -> usize,
) -> Vec<(C, Verdicts)> {
    thread::scope(|scope| {
        let (mut rings, threads): (Vec<_>, Vec<_>) = cores
            .into_iter()
            .map(|core| {
                let (producer, consumer) = RingBuffer::new(RING_FRAMES);
                let ring = Ring {
                    producer,
                    waiting: VecDeque::new(),
                };
                (ring, scope.spawn(move || work(core, consumer)))
            })
            .unzip();
        for delivery in deliveries {
            rings[steer(&delivery)].push(delivery);
        }
        // Each in every round: one that is full may wait for what another one has not got.
        while rings.iter_mut().map(Ring::flush).min() == Some(false) {
            thread::yield_now();
        }
        drop(rings); // which tells the cores that no more comes
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// The way to a core.
struct Ring<'a> {
    producer: Producer<Delivery<'a>>,
    /// What did not fit.
    waiting: VecDeque<Delivery<'a>>,
}

impl<'a> Ring<'a> {
    fn push(&mut self, delivery: Delivery<'a>) {
        self.waiting.push_back(delivery);
        self.flush();
    }

    /// Moves as much as fits; whether that was all.
    fn flush(&mut self) -> bool {
        while let Some(delivery) = self.waiting.pop_front() {
            if let Err(rtrb::PushError::Full(delivery)) = self.producer.push(delivery) {
                self.waiting.push_front(delivery);
                return false;
            }
        }
        true
    }
}

/// What a core does: batch after batch, until its ring is empty and stays so.
fn work<C: Core>(mut core: C, mut ring: Consumer<Delivery<'_>>) -> (C, Verdicts) {
    let mut verdicts = Verdicts::new();
    loop {
        // Before the slots are counted: what was pushed before the end is seen.
        let is_last = ring.is_abandoned();
        let frames = ring.slots().min(BATCH_FRAMES);
        match ring.read_chunk(frames) {
            Ok(chunk) if frames > 0 => {
                for delivery in chunk {
                    let verdict = wait_for(|| core.poll(delivery));
                    verdicts.push((delivery.number, verdict));
                }
            }
            _ if is_last => break,
            _ => thread::yield_now(),
        }
    }
    wait_for(|| core.finish().then_some(()));
    (core, verdicts)
}

/// Asks until there is an answer. There may be more cores than processors, so others get a turn.
fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    loop {
        match ask() {
            Some(answer) => return answer,
            None => thread::yield_now(),
        }
    }
}
