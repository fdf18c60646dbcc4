//! Samples to batches of network inputs and targets.
//!
//! A training batch is a pure function of (loader, seed, step): whoever asks, in whatever order, on
//! any number of threads, gets the same bits. That is what makes a resumed run the same as one that
//! was never interrupted.

mod augment;
mod balance;
mod cache;
mod error;
mod eval;
mod prefetch;
mod read;
mod sampling;
mod target;
mod train;

use fasgard_synth::Attack;

pub use augment::{SimulateAugment, TrainAugment};
pub use error::{LoadError, LoaderError};
pub use eval::{EvalBatch, EvalFailure, EvalLoader};
pub use prefetch::{EvalPrefetcher, Prefetcher};
pub use sampling::{Balance, EpochUnit, SamplingConfig};
pub use target::TargetSpec;
pub use train::TrainLoader;

/// Inputs and targets of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Network inputs: `samples.len()` x 3 x `size` x `size`, planar, normalised.
    pub images: Vec<f32>,
    /// Side of an input in pixels.
    pub size: u32,
    /// Live 1, attack 0, a live sample shown as a simulated attack 0.
    pub labels: Vec<f32>,
    /// Mask targets if asked for: `samples.len()` x side x side, live 1, attack 0.
    pub masks: Option<Vec<f32>>,
    /// Depth targets if asked for: `samples.len()` x side x side, nearest 1, background 0.
    pub depths: Option<Vec<f32>>,
    /// Names of the samples, as in the manifest.
    pub samples: Vec<String>,
    /// Indices into the loader's rows.
    pub rows: Vec<usize>,
    /// The attacks that live samples were replaced by (`[augment.simulate]`).
    pub simulated: Vec<Option<Attack>>,
}

impl Batch {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
