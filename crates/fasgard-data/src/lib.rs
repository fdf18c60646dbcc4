//! Dataset layouts, manifest, preparation and the batch loader of PAD training. No tensors.

pub mod checks;
mod dataset;
mod info;
pub mod layout;
mod loader;
mod manifest;
pub mod prepare;
pub mod synthetic;

pub use dataset::{Dataset, DatasetError, Sample};
pub use info::{Count, DatasetInfo, InfoError, OfficialCount, SCHEMA};
pub use loader::{
    Balance, Batch, EpochUnit, EvalBatch, EvalFailure, EvalLoader, EvalPrefetcher, LoadError,
    LoaderError, Prefetcher, SamplingConfig, TargetSpec, TrainLoader,
};
pub use manifest::{ManifestError, ManifestRow, RelativePath, read_manifest, write_manifest};
pub use prepare::{CropPolicy, PrepareOptions, PrepareSummary, Progress, prepare};
pub use synthetic::{SyntheticOptions, write_synthetic};
