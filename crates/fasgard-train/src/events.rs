//! What a run tells while it goes on.

use std::time::Duration;

use crate::Validation;

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run starts or goes on.
    Start {
        /// First step to come.
        step: u64,
        /// Steps of the whole run.
        steps: u64,
        /// Training samples.
        samples: usize,
        /// Live samples of train and dev left out: the target is depth and they are marked as
        /// having none.
        without_depth: usize,
        /// Trainable parameters.
        parameters: usize,
    },
    /// A step is done.
    Step {
        /// Steps done so far.
        step: u64,
        /// Steps of the whole run.
        steps: u64,
        /// The loss.
        loss: f32,
        /// Learning rate used.
        lr: f64,
    },
    /// The dev split was scored.
    Validated {
        /// Steps done so far.
        step: u64,
        /// Figures on dev.
        validation: &'a Validation,
        /// Whether it is the best so far.
        best: bool,
    },
    /// Training ended before its last step: no improvement for long enough.
    EarlyStop {
        /// Steps done.
        step: u64,
    },
    /// Training is over.
    Done {
        /// Steps done.
        step: u64,
        /// Time in the loop.
        elapsed: Duration,
        /// Of which the model waited for batches.
        waited: Duration,
    },
}

/// Hears of events and may ask a run to stop.
pub trait Observer {
    /// Called at every event.
    fn event(&mut self, event: &Event<'_>);

    /// Asked after every step: true writes a checkpoint and stops.
    fn cancelled(&self) -> bool {
        false
    }
}

/// An observer that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Observer for Quiet {
    fn event(&mut self, _: &Event<'_>) {}
}
