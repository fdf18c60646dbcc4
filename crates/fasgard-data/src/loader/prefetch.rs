//! Batches built ahead, so that the network never waits for files.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Batch, EvalBatch, EvalLoader, LoadError, TrainLoader};

/// A background thread that builds items in order and holds a bounded number of them. Dropping it
/// ends the thread after the item that it is building.
struct Ahead<T> {
    receiver: Option<Receiver<T>>,
    thread: Option<JoinHandle<()>>,
    waited: Duration,
}

impl<T: Send + 'static> Ahead<T> {
    fn start(depth: usize, build: impl FnOnce(&SyncSender<T>) + Send + 'static) -> Self {
        // The item being built waits in the thread, so the channel holds one less.
        let (sender, receiver) = sync_channel(depth.max(1) - 1);
        let thread = std::thread::Builder::new()
            .name("fasgard-loader".to_owned())
            .spawn(move || build(&sender));
        Self {
            receiver: Some(receiver),
            // Without a thread the sender is gone, and the consumer builds items itself.
            thread: thread.ok(),
            waited: Duration::ZERO,
        }
    }

    fn next(&mut self) -> Option<T> {
        let start = Instant::now();
        let item = self.receiver.as_ref().and_then(|r| r.recv().ok());
        self.waited += start.elapsed();
        item
    }
}

impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        // Without a receiver, sending fails and the thread returns.
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The training batches from some step on, built ahead by [`TrainLoader::prefetch`].
pub struct Prefetcher {
    ahead: Ahead<Result<Batch, LoadError>>,
    loader: TrainLoader,
    step: u64,
}

impl Prefetcher {
    pub(super) fn start(loader: TrainLoader, from_step: u64, depth: usize) -> Self {
        let builder = loader.clone();
        let ahead = Ahead::start(depth, move |sender: &SyncSender<_>| {
            for step in from_step.. {
                if sender.send(builder.batch(step)).is_err() {
                    break;
                }
            }
        });
        Self {
            ahead,
            loader,
            step: from_step,
        }
    }

    /// The batch of [`step`](Self::step), which then counts on by one. Equal to
    /// [`TrainLoader::batch`] of that step.
    ///
    /// # Errors
    /// [`LoadError`] of a sample; the following batch can still be asked for.
    pub fn next_batch(&mut self) -> Result<Batch, LoadError> {
        let step = self.step;
        self.step += 1;
        (self.ahead.next()).unwrap_or_else(|| self.loader.batch(step))
    }

    /// The step of the next batch.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// How long the consumer has waited for batches so far: the time that loading cost training.
    pub fn waited(&self) -> Duration {
        self.ahead.waited
    }
}

/// The batches of an [`EvalLoader`], built ahead; an iterator that ends after the last.
pub struct EvalPrefetcher {
    ahead: Ahead<EvalBatch>,
    loader: EvalLoader,
    index: usize,
}

impl EvalPrefetcher {
    pub(super) fn start(loader: EvalLoader, depth: usize) -> Self {
        let builder = loader.clone();
        let ahead = Ahead::start(depth, move |sender: &SyncSender<_>| {
            for index in 0..builder.batches() {
                if sender.send(builder.batch(index)).is_err() {
                    break;
                }
            }
        });
        Self {
            ahead,
            loader,
            index: 0,
        }
    }

    /// How long the consumer has waited for batches so far.
    pub fn waited(&self) -> Duration {
        self.ahead.waited
    }
}

impl Iterator for EvalPrefetcher {
    type Item = EvalBatch;

    fn next(&mut self) -> Option<EvalBatch> {
        if self.index >= self.loader.batches() {
            return None;
        }
        let index = self.index;
        self.index += 1;
        Some((self.ahead.next()).unwrap_or_else(|| self.loader.batch(index)))
    }
}
