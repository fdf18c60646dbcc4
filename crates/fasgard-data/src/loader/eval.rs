//! Batches for validation and scoring.

use std::sync::Arc;

use fasgard_image::Preprocess;

use super::cache::Cache;
use super::read::{Load, Reader};
use super::{Batch, EvalPrefetcher, LoadError, LoaderError, TargetSpec};
use crate::Sample;

/// Every row once, in order, without augmentation. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct EvalLoader {
    inner: Arc<Inner>,
}

struct Inner {
    reader: Reader,
    batch_size: usize,
}

/// The samples of one batch that could be loaded, and those that could not.
#[derive(Debug)]
pub struct EvalBatch {
    /// What was loaded, in the order of the rows; empty if nothing was.
    pub batch: Batch,
    /// What was not, in the order of the rows.
    pub failures: Vec<EvalFailure>,
}

/// A row that could not be loaded.
#[derive(Debug)]
pub struct EvalFailure {
    /// Index into the loader's rows.
    pub row: usize,
    /// Why.
    pub error: LoadError,
}

impl EvalLoader {
    /// A loader of `rows` in batches of `batch_size`; the last may be smaller. No rows make no
    /// batches.
    ///
    /// # Errors
    /// [`LoaderError`] if a setting is out of range. `batch_size` is 1 to 65,536.
    pub fn new(
        rows: Vec<Sample>,
        preprocess: Preprocess,
        targets: TargetSpec,
        batch_size: usize,
    ) -> Result<Self, LoaderError> {
        preprocess.validate()?;
        targets.validate()?;
        if !(1..=65_536).contains(&batch_size) {
            return Err(LoaderError::Size {
                key: "batch_size",
                expected: "1 to 65536",
                found: batch_size,
            });
        }
        let reader = Reader::new(rows, preprocess, targets);
        Ok(Self {
            inner: Arc::new(Inner { reader, batch_size }),
        })
    }

    /// Keeps decoded images in memory, as [`TrainLoader::with_cache`](super::TrainLoader::with_cache)
    /// does: for a dev split that is evaluated again and again.
    #[must_use]
    pub fn with_cache(mut self, megabytes: u64) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            let rows = inner.reader.rows.len();
            inner.reader.cache = Cache::new(rows, megabytes.saturating_mul(1 << 20));
        }
        self
    }

    /// The rows.
    pub fn rows(&self) -> &[Sample] {
        &self.inner.reader.rows
    }

    /// Number of batches.
    pub fn batches(&self) -> usize {
        self.rows().len().div_ceil(self.inner.batch_size)
    }

    /// Batch `index`, empty at [`batches`](Self::batches) and beyond. A sample that cannot be
    /// loaded is among the failures and leaves the others as they are.
    pub fn batch(&self, index: usize) -> EvalBatch {
        let size = self.inner.batch_size;
        let end = self.rows().len();
        let from = index.saturating_mul(size).min(end);
        let rows: Vec<_> = (from..(from + size).min(end)).map(Load::plain).collect();
        let (batch, outcomes) = self.inner.reader.load(&rows);
        let mut keep = Vec::with_capacity(outcomes.len());
        let mut failures = Vec::new();
        for (outcome, load) in outcomes.into_iter().zip(rows) {
            keep.push(outcome.is_ok());
            if let Err(error) = outcome {
                let row = load.row;
                failures.push(EvalFailure { row, error });
            }
        }
        let batch = if failures.is_empty() {
            batch
        } else {
            only(batch, &keep)
        };
        EvalBatch { batch, failures }
    }

    /// Builds batches ahead in a background thread; at most `depth` (at least 1) wait finished at a
    /// time.
    pub fn prefetch(&self, depth: usize) -> EvalPrefetcher {
        EvalPrefetcher::start(self.clone(), depth)
    }
}

/// The batch without the samples that are not to be kept.
fn only(batch: Batch, keep: &[bool]) -> Batch {
    fn filter<T: Clone>(values: &[T], keep: &[bool]) -> Vec<T> {
        let len = values.len() / keep.len().max(1);
        let parts = values.chunks_exact(len.max(1)).zip(keep);
        parts
            .filter(|(_, k)| **k)
            .flat_map(|(v, _)| v.iter().cloned())
            .collect()
    }
    Batch {
        images: filter(&batch.images, keep),
        size: batch.size,
        labels: filter(&batch.labels, keep),
        masks: batch.masks.map(|values| filter(&values, keep)),
        depths: batch.depths.map(|values| filter(&values, keep)),
        samples: filter(&batch.samples, keep),
        rows: filter(&batch.rows, keep),
        simulated: filter(&batch.simulated, keep),
    }
}

impl std::fmt::Debug for EvalLoader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvalLoader")
            .field("rows", &self.rows().len())
            .field("batches", &self.batches())
            .finish_non_exhaustive()
    }
}
