//! Dataset layouts, manifest, preparation and the batch loader of PAD training. No tensors.
//!
//! ```text
//! raw files --layout--> rows --prepare--> DIR/{manifest.csv, dataset.toml, faces/, masks/, depth/}
//!                 rendered faces --write_synthetic--> the same
//! DIR... --Dataset--> samples of a split --TrainLoader, EvalLoader--> batches
//! ```
//!
//! ```no_run
//! use fasgard_data::{Dataset, SamplingConfig, TargetSpec, TrainLoader, checks};
//! use fasgard_image::{AugmentConfig, Preprocess};
//! use fasgard_metrics::Split;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dataset = Dataset::open("nuaa")?;
//! let rows = checks::both_classes(&dataset, Split::Train)?;
//! let targets = TargetSpec { mask: Some(8), depth: None };
//! let loader = TrainLoader::new(
//!     rows,
//!     Preprocess::default(),
//!     AugmentConfig::default(),
//!     SamplingConfig::default(),
//!     targets,
//!     16,
//!     0,
//! )?;
//! let mut batches = loader.prefetch(0, 3);
//! let batch = batches.next_batch()?; // 16 x 3 x 256 x 256 inputs, 16 x 8 x 8 masks
//! # Ok(())
//! # }
//! ```
//!
//! Everything here is the same for any number of threads: prepared files to the byte, batches to
//! the bit.

pub mod audit;
pub mod checks;
mod dataset;
pub mod features;
mod info;
pub mod layout;
mod loader;
mod manifest;
mod packed;
pub mod prepare;
pub mod protocol;
pub mod simulate;
pub mod synthetic;
pub mod truth;
pub mod video;
mod writing;

pub use dataset::{Dataset, DatasetError, Sample};
pub use info::{Count, DatasetInfo, InfoError, OfficialCount, SCHEMA};
pub use loader::{
    Balance, Batch, EpochUnit, EvalBatch, EvalFailure, EvalLoader, EvalPrefetcher, LoadError,
    LoaderError, Prefetcher, SamplingConfig, SimulateAugment, TargetSpec, TrainAugment,
    TrainLoader,
};
pub use manifest::{ManifestError, ManifestRow, RelativePath, Rows, read_manifest, write_manifest};
pub use prepare::{
    AttackDepth, CropPolicy, DepthPolicy, PrepareOptions, PrepareSummary, Progress, prepare,
};
pub use synthetic::{SyntheticOptions, write_synthetic};
pub use video::{
    Decoded, FrameChoice, FrameChoiceError, FrameCount, Tools, VideoError, VideoInfo, VideoLimits,
};
