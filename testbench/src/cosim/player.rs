//! Who plays the batches: the caller's thread, or one of the engine's own, so that a batch can be checked while the
//! next one is played.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, RecvError, Sender, TryRecvError, channel};
use std::thread::{self, Builder, JoinHandle};
use std::time::{Duration, Instant};

use crate::axis::{Batch, Wiring};
use crate::engine::Engine;

/// How long a thread looks before it sleeps: longer than filling a batch takes, shorter than playing one.
const LOOKS_FOR: Duration = Duration::from_micros(100);

/// Why an engine is not there.
const LOST: &str = "an engine that panicked is gone";

/// An engine, and the batch that it plays next or has played.
pub(super) struct Player<E: Engine> {
    /// Here, unless the thread is playing.
    desk: Option<Box<Desk<E>>>,
    thread: Option<EngineThread<E>>,
}

/// What the engine's thread is given and gives back.
struct Desk<E: Engine> {
    engine: E,
    wiring: Wiring<E::Port>,
    batch: Batch,
}

/// A thread that waits for something to play. It ends when this is dropped, after the batch that it is at.
struct EngineThread<E: Engine> {
    to_play: Option<Sender<Box<Desk<E>>>>,
    played: Receiver<Box<Desk<E>>>,
    handle: Option<JoinHandle<()>>,
}

impl<E: Engine> Player<E> {
    pub(super) fn new(engine: E, wiring: Wiring<E::Port>, batch: Batch) -> Self {
        let desk = Desk {
            engine,
            wiring,
            batch,
        };
        Self {
            desk: Some(Box::new(desk)),
            thread: None,
        }
    }

    /// Whether a batch was started whose end nobody has waited for.
    pub(super) fn is_playing(&self) -> bool {
        self.desk.is_none()
    }

    /// The batch to be played next, or the one that was played; waits for its end.
    pub(super) fn batch(&mut self) -> &mut Batch {
        &mut self.desk().batch
    }

    /// The engine between two batches; waits for the end of one that is being played.
    pub(super) fn engine(&mut self) -> &E {
        &self.desk().engine
    }

    pub(super) fn engine_mut(&mut self) -> &mut E {
        &mut self.desk().engine
    }

    pub(super) fn into_engine(mut self) -> E {
        self.take().engine
    }

    /// Plays the batch.
    pub(super) fn play(&mut self) {
        self.desk().play();
    }

    /// Has the batch played while the caller does something else; at once where the system has no more threads.
    pub(super) fn start(&mut self) {
        let mut desk = self.take();
        if self.thread.is_none() {
            self.thread = EngineThread::start();
        }
        match &self.thread {
            Some(thread) => thread.give(desk),
            None => {
                desk.play();
                self.desk = Some(desk);
            }
        }
    }

    fn desk(&mut self) -> &mut Desk<E> {
        let desk = self.take();
        self.desk.insert(desk)
    }

    fn take(&mut self) -> Box<Desk<E>> {
        self.desk
            .take()
            .unwrap_or_else(|| self.thread.as_mut().expect(LOST).wait())
    }
}

impl<E: Engine> Desk<E> {
    fn play(&mut self) {
        self.engine.play(&self.wiring, &mut self.batch);
    }
}

impl<E: Engine> EngineThread<E> {
    fn start() -> Option<Self> {
        let (to_play, desks) = channel::<Box<Desk<E>>>();
        let (done, played) = channel();
        let serve = move || {
            while let Ok(mut desk) = soon(&desks) {
                desk.play();
                if done.send(desk).is_err() {
                    break;
                }
            }
        };
        let handle = Builder::new().name("engine".into()).spawn(serve).ok()?;
        Some(Self {
            to_play: Some(to_play),
            played,
            handle: Some(handle),
        })
    }

    fn give(&self, desk: Box<Desk<E>>) {
        let to_play = self.to_play.as_ref().expect("taken when dropped only");
        // It listens until it panics, and then there is nothing to give.
        assert!(to_play.send(desk).is_ok(), "{LOST}");
    }

    /// Waits for what was given; a panic goes on here.
    fn wait(&mut self) -> Box<Desk<E>> {
        soon(&self.played).unwrap_or_else(|_| {
            let ended = self.handle.take().expect(LOST).join();
            resume_unwind(ended.expect_err("it goes on until it panics or is dropped"))
        })
    }
}

impl<E: Engine> Drop for EngineThread<E> {
    /// Waits, so that the engine is gone when its owner is. A panic of a batch that nobody asked for is not passed on.
    fn drop(&mut self) {
        self.to_play = None;
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}

/// What comes next. A thread that sleeps takes longer to wake than the other one mostly takes: so it looks for a moment
/// before it sleeps.
fn soon<T>(receiver: &Receiver<T>) -> Result<T, RecvError> {
    let asked = Instant::now();
    while asked.elapsed() < LOOKS_FOR {
        match receiver.try_recv() {
            Ok(value) => return Ok(value),
            Err(TryRecvError::Disconnected) => return Err(RecvError),
            Err(TryRecvError::Empty) => thread::yield_now(),
        }
    }
    receiver.recv()
}
