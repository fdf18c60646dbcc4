//! Batches for training.

use std::sync::{Arc, Mutex, PoisonError};

use fasgard_image::random::stream;
use fasgard_image::{AugmentPlan, Preprocess};

use super::balance::{Draw, Plan};
use super::cache::Cache;
use super::read::{Load, Reader};
use super::{
    Batch, EpochUnit, LoadError, LoaderError, Prefetcher, SamplingConfig, TargetSpec, TrainAugment,
};
use crate::Sample;

/// Makes the batches of a training run. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct TrainLoader {
    inner: Arc<Inner>,
}

struct Inner {
    reader: Reader,
    augment: TrainAugment,
    plan: Plan,
    batch_size: usize,
    seed: u64,
    /// The order of the epoch that was asked for last.
    order: Mutex<Option<(u64, Arc<Vec<Draw>>)>>,
}

impl TrainLoader {
    /// A loader of `rows`, which are usually a dataset's training split.
    ///
    /// # Errors
    /// [`LoaderError`] if a setting is out of range, there are no rows, fewer than one batch takes,
    /// only one class where `sampling` balances two, or nothing that `augment` can simulate attacks
    /// of. `batch_size` is 1 to 65,536.
    pub fn new(
        rows: Vec<Sample>,
        preprocess: Preprocess,
        augment: impl Into<TrainAugment>,
        sampling: SamplingConfig,
        targets: TargetSpec,
        batch_size: usize,
        seed: u64,
    ) -> Result<Self, LoaderError> {
        let augment = augment.into();
        preprocess.validate()?;
        augment.validate()?;
        targets.validate()?;
        if !(1..=65_536).contains(&batch_size) {
            return Err(LoaderError::Size {
                key: "batch_size",
                expected: "1 to 65536",
                found: batch_size,
            });
        }
        if rows.is_empty() {
            return Err(LoaderError::Empty);
        }
        let plan = Plan::new(&rows, sampling, &augment.simulate, seed)?;
        if plan.len() < batch_size {
            return Err(LoaderError::FewerThanBatch {
                unit: match sampling.epoch {
                    EpochUnit::Frames => "frames",
                    EpochUnit::OnePerVideo => "videos",
                },
                found: plan.len(),
                batch_size,
            });
        }
        let inner = Inner {
            reader: Reader::new(rows, preprocess, targets),
            augment,
            plan,
            batch_size,
            seed,
            order: Mutex::new(None),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Keeps decoded images in memory up to `megabytes` (of 2^20 bytes): the first ones that fit.
    /// Batches stay the same. To be called before the loader is cloned or prefetches; later it has
    /// no effect.
    #[must_use]
    pub fn with_cache(mut self, megabytes: u64) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            let rows = inner.reader.rows.len();
            inner.reader.cache = Cache::new(rows, megabytes.saturating_mul(1 << 20));
        }
        self
    }

    /// The rows that [`Batch::rows`] counts in.
    pub fn rows(&self) -> &[Sample] {
        &self.inner.reader.rows
    }

    /// Samples in a batch.
    pub fn batch_size(&self) -> usize {
        self.inner.batch_size
    }

    /// Whole batches in an epoch, one or more; the rest of an epoch is left out, another one each
    /// time.
    pub fn steps_per_epoch(&self) -> u64 {
        (self.inner.plan.len() / self.inner.batch_size) as u64
    }

    /// The epoch of a step; both count from 0.
    pub fn epoch_of(&self, step: u64) -> u64 {
        step / self.steps_per_epoch()
    }

    /// The rows of a step's batch, without loading anything.
    pub fn rows_of(&self, step: u64) -> Vec<usize> {
        self.draws(step).1.iter().map(|draw| draw.row).collect()
    }

    fn draws(&self, step: u64) -> (u64, Vec<Draw>) {
        let epoch = self.epoch_of(step);
        let mut last = (self.inner.order.lock()).unwrap_or_else(PoisonError::into_inner);
        let order = match &*last {
            Some((known, order)) if *known == epoch => Arc::clone(order),
            _ => {
                let order = Arc::new(self.inner.plan.order(epoch));
                *last = Some((epoch, Arc::clone(&order)));
                order
            }
        };
        drop(last);
        let size = self.inner.batch_size;
        let from = (step % self.steps_per_epoch()) as usize * size;
        (epoch, order[from..from + size].to_vec())
    }

    /// The batch of a step: a pure function of the loader's arguments and `step`. Samples are
    /// loaded in parallel on the current rayon pool.
    ///
    /// # Errors
    /// [`LoadError`] of the batch's first sample that cannot be loaded.
    pub fn batch(&self, step: u64) -> Result<Batch, LoadError> {
        let inner = &self.inner;
        let wide_scale = (inner.augment).photographed(inner.reader.preprocess.crop_scale);
        let (epoch, draws) = self.draws(step);
        let rows: Vec<_> = draws
            .iter()
            .map(|draw| {
                let purpose = match draw.cycle {
                    0 => "augment".to_owned(),
                    cycle => format!("augment {cycle}"),
                };
                let sample = &inner.reader.rows[draw.row];
                let mut rng = stream(inner.seed, &purpose, epoch, &sample.row.key());
                let augment = &inner.augment;
                Load {
                    row: draw.row,
                    shown: augment.simulate.show(
                        sample,
                        draw.attack,
                        wide_scale,
                        (inner.seed, epoch, draw.cycle),
                    ),
                    plan: AugmentPlan::draw(&augment.pixels, &mut rng),
                }
            })
            .collect();
        let (batch, outcomes) = inner.reader.load(&rows);
        outcomes.into_iter().collect::<Result<(), _>>()?;
        Ok(batch)
    }

    /// Builds batches ahead in a background thread, from step `from_step` on: at most `depth`
    /// (at least 1) wait finished at a time.
    pub fn prefetch(&self, from_step: u64, depth: usize) -> Prefetcher {
        Prefetcher::start(self.clone(), from_step, depth)
    }
}

impl std::fmt::Debug for TrainLoader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainLoader")
            .field("rows", &self.rows().len())
            .field("batch_size", &self.batch_size())
            .field("steps_per_epoch", &self.steps_per_epoch())
            .finish_non_exhaustive()
    }
}
