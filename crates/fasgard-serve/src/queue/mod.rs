//! A bounded queue of work, taken in batches.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// First in, first out, up to a limit.
pub(crate) struct Queue<T> {
    limit: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
    /// Work that is on its way into the queue.
    arriving: AtomicUsize,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

/// Why work was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The queue is full.
    Full,
    /// The queue takes no more.
    Closed,
}

/// Says that work is on its way until it is dropped.
pub(crate) struct Arriving<'a>(&'a AtomicUsize);

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<T> Queue<T> {
    /// An empty queue of at most `limit` pieces of work.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                waiting: VecDeque::with_capacity(limit.min(1024)),
                closed: false,
            }),
            changed: Condvar::new(),
            arriving: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that panics runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that work is on its way: a batch waits a moment for it.
    pub(crate) fn arriving(&self) -> Arriving<'_> {
        self.arriving.fetch_add(1, Ordering::Relaxed);
        Arriving(&self.arriving)
    }

    /// Puts work at the end.
    ///
    /// # Errors
    /// The queue is full or closed; it does not wait for room.
    pub(crate) fn push(&self, work: T) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.waiting.len() >= self.limit {
            return Err(Refused::Full);
        }
        state.waiting.push_back(work);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes the first `most` pieces, once there is one. While there are fewer and more is on its
    /// way, it waits up to `company` for it. None once the queue is closed and empty.
    pub(crate) fn take(&self, most: usize, company: Duration) -> Option<Vec<T>> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + company;
        while state.waiting.len() < most
            && !state.closed
            && self.arriving.load(Ordering::Relaxed) > 0
        {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (state, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
        // Another worker may have taken it meanwhile: then there is nothing to do, not an end.
        let count = state.waiting.len().min(most);
        Some(state.waiting.drain(..count).collect())
    }

    /// Takes no more from now on; what waits is still given out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Pieces that wait now.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Pieces that may wait.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn it_is_bounded_and_in_order() {
        let queue = Queue::new(3);
        for i in 0..3 {
            assert_eq!(queue.push(i), Ok(()));
        }
        assert_eq!(queue.push(3), Err(Refused::Full));
        assert_eq!(queue.take(2, LONG), Some(vec![0, 1]));
        assert_eq!(queue.push(3), Ok(()));
        assert_eq!(queue.take(8, SOON), Some(vec![2, 3]));
    }

    #[test]
    fn nothing_is_waited_for_that_does_not_come() {
        let queue = Queue::new(3);
        queue.push(1).unwrap();
        let begin = Instant::now();
        assert_eq!(queue.take(2, LONG), Some(vec![1]));
        assert!(begin.elapsed() < LONG / 2);
        // Something is on its way, and comes.
        queue.push(2).unwrap();
        let arriving = queue.arriving();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(SOON);
                queue.push(3).unwrap();
                drop(arriving);
            });
            assert_eq!(queue.take(2, LONG), Some(vec![2, 3]));
        });
        // Something is on its way, and does not come in time.
        queue.push(4).unwrap();
        let _arriving = queue.arriving();
        assert_eq!(queue.take(2, SOON), Some(vec![4]));
    }

    #[test]
    fn a_closed_queue_gives_out_what_waits_then_ends() {
        let queue = Queue::new(3);
        queue.push(1).unwrap();
        queue.close();
        assert_eq!(queue.push(2), Err(Refused::Closed));
        assert_eq!(queue.take(1, LONG), Some(vec![1]));
        assert_eq!(queue.take(1, LONG), None);
        let waiting = Queue::<u8>::new(1);
        thread::scope(|scope| {
            let taker = scope.spawn(|| waiting.take(1, LONG));
            thread::sleep(SOON);
            waiting.close();
            assert_eq!(taker.join().unwrap(), None);
        });
    }

    #[test]
    fn nothing_is_lost_or_given_twice() {
        let queue = Queue::new(1000);
        let taken = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while let Some(batch) = queue.take(7, Duration::ZERO) {
                        taken.lock().unwrap().extend(batch);
                    }
                });
            }
            let makers: Vec<_> = (0..4)
                .map(|maker| {
                    let queue = &queue;
                    scope.spawn(move || (0..200).for_each(|i| queue.push(maker * 200 + i).unwrap()))
                })
                .collect();
            makers.into_iter().for_each(|m| m.join().unwrap());
            queue.close();
        });
        let mut taken = taken.into_inner().unwrap();
        taken.sort_unstable();
        assert_eq!(taken, (0..800).collect::<Vec<_>>());
    }
}
