//! Work for all processors.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;

use miette::{Result, miette};

/// Does the work for each item, one on each processor, and gives the results in the order of the items.
pub fn on_all_processors<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let waiting: Mutex<VecDeque<_>> = Mutex::new(items.into_iter().enumerate().collect());
    let take = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    let worker = || -> Result<Vec<_>> {
        let mut done = Vec::new();
        while let Some((number, item)) = take() {
            done.push((number, work(item)?));
        }
        Ok(done)
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut done = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let mut done = Vec::new();
        for worker in workers {
            done.extend(worker.join().map_err(|_| miette!("a worker panicked"))??);
        }
        Ok::<_, miette::Report>(done)
    })?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
