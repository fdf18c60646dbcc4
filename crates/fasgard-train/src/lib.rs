//! The training loop: configuration, schedules, checkpoints, resume and events; and scoring.
//!
//! A run is a pure function of (configuration, data, seed): every random stream is derived from
//! the seed and what it is for, batches are a function of the step, and nothing is drawn from the
//! tensor backend. So a resumed run equals an uninterrupted one.

mod checkpoint;
mod config;
mod data;
mod difference;
mod error;
mod events;
mod finish;
mod gradients;
mod lock;
mod metrics_file;
mod occlusion;
mod optimizer;
mod run;
mod run_files;
mod schedule;
mod scoring;
mod step;
mod trainer;
mod validation;

pub use config::{BatchNormMode, ConfigFileError, ExperimentConfig, Metric, TrainConfig};
pub use data::{DataCheck, data_cards};
pub use error::TrainError;
pub use events::{Event, Observer, Quiet, Times};
pub use occlusion::{Occlusion, OcclusionCurves};
pub use optimizer::{OptimizerConfig, OptimizerKind};
pub use run_files::RunFiles;
pub use schedule::{ScheduleConfig, ScheduleKind};
pub use scoring::{Scored, explain_samples, score_samples};
pub use step::Learner;
pub use trainer::{Outcome, TrainOptions, train};
pub use validation::{Validation, dev_threshold};
