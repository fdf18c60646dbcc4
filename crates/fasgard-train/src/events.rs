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
        /// Where the time of the loop went.
        times: Times,
    },
}

/// Where the time of the training loop went, validations included. What is not named is the
/// model's: forward, loss, backward, update, and the conversion of its input and output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// The whole loop.
    pub total: Duration,
    /// Waiting for batches that were not loaded and augmented yet.
    pub loading: Duration,
    /// Writing checkpoints and the best weights.
    pub checkpoints: Duration,
    /// Writing `metrics.csv` and telling the observer.
    pub logging: Duration,
}

impl Times {
    /// The model's time.
    pub fn model(&self) -> Duration {
        let others = self.loading + self.checkpoints + self.logging;
        self.total.saturating_sub(others)
    }

    /// The model's share of the whole, 0 to 1; 0 of nothing.
    pub fn model_share(&self) -> f64 {
        let total = self.total.as_secs_f64();
        if total > 0.0 {
            self.model().as_secs_f64() / total
        } else {
            0.0
        }
    }
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
