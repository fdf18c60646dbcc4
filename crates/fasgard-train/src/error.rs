//! Why a training run stopped.

use std::path::{Path, PathBuf};

use fasgard_data::{LoadError, LoaderError, checks::DataError};
use fasgard_metrics::{ScoreFileError, ThresholdError};
use fasgard_model::ModelError;

use crate::ConfigFileError;

/// A training run that cannot start or go on; messages say what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigFileError),
    /// A value of the model does not fit.
    #[error(transparent)]
    Model(#[from] fasgard_nn::ConfigError),
    /// The samples make no loader.
    #[error(transparent)]
    Loader(#[from] LoaderError),
    /// A sample cannot be loaded.
    #[error(
        "training stopped: {0}; repair it and go on with --resume, or remove the sample and start anew in another --output"
    )]
    Load(#[from] LoadError),
    /// A split is empty or has one class.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The loss is NaN or infinite.
    #[error(
        "step {step}: loss term `{term}` is {value}; the batch's samples: {samples}. Lower optimizer.lr, set train.clip_norm, or look at these samples"
    )]
    NotFinite {
        /// The step.
        step: u64,
        /// The first term that is not finite, or `total`.
        term: String,
        /// Its value.
        value: f32,
        /// The batch's samples, comma separated.
        samples: String,
    },
    /// The run's folder holds a run already.
    #[error("{}: holds a run already; go on with --resume, or choose another --output", .0.display())]
    Exists(PathBuf),
    /// Nothing to resume.
    #[error("{}: expected a checkpoint to resume from, found none; start without --resume", .0.display())]
    NothingToResume(PathBuf),
    /// The checkpoint is of another run.
    #[error("{}: {what} differs from the checkpoint's: {difference}; resume with the same version, configuration and data, or choose another --output", path.display())]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// The keys or samples that differ where they are known, else the hashes.
        difference: String,
    },
    /// Another process works in the run's folder.
    #[error("{}: expected nobody else in the run's folder, found {holder}; wait for it to end or stop it, or choose another --output", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
        /// Who holds it: process and machine.
        holder: String,
    },
    /// Samples whose image file is not there.
    #[error("{count} image(s) are missing; the first: sample `{sample}`: expected {}; prepare the dataset again or remove the rows from its manifest", path.display())]
    MissingImages {
        /// How many.
        count: usize,
        /// The first sample.
        sample: String,
        /// Its file.
        path: PathBuf,
    },
    /// A file of the run cannot be read or written.
    #[error("{}: cannot {action}: {source}{}", path.display(), hint(source))]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file of the run has wrong content.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A model file cannot be read, written or used.
    #[error(transparent)]
    ModelFile(#[from] ModelError),
    /// The dev scores cannot be written.
    #[error(transparent)]
    Scores(#[from] ScoreFileError),
    /// No threshold can be chosen on dev.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
}

impl TrainError {
    pub(crate) fn file(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            path,
            action,
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// True if the user's arguments or configuration are at fault rather than the run.
    pub fn is_misuse(&self) -> bool {
        matches!(
            self,
            Self::Config(_)
                | Self::Model(_)
                | Self::Loader(_)
                | Self::Exists(_)
                | Self::NothingToResume(_)
                | Self::Load(LoadError::NoDepth { .. })
                | Self::OtherRun { .. }
                | Self::Busy { .. }
                | Self::Data(_)
        )
    }
}

/// What to do about a full disk.
fn hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            "; free some space and go on with --resume (without a checkpoint: start again)"
        }
        _ => "",
    }
}

impl From<fasgard_image::WriteError> for TrainError {
    fn from(error: fasgard_image::WriteError) -> Self {
        Self::File {
            path: error.path,
            action: error.action,
            source: error.source,
        }
    }
}
