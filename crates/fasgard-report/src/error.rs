//! What can keep a report from being made.

use std::{io, path::PathBuf};

use fasgard_data::DatasetError;
use fasgard_metrics::ScoreFileError;

use crate::maps::MapError;

/// A report that could not be made. No output is written then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// No model was named.
    #[error(
        "a report needs at least one run folder, found none: name the folders that `fasgard train` and `fasgard score` wrote"
    )]
    NoModel,
    /// Two models share a name, so that tables and legends could not tell them apart.
    #[error("two models are called `{name}` ({} and {}): give one another name", first.display(), second.display())]
    DuplicateName {
        /// The name.
        name: String,
        /// The first run.
        first: PathBuf,
        /// The second run.
        second: PathBuf,
    },
    /// A run folder does not exist or holds none of the files that a report is made from.
    #[error("run {}: expected a folder with scores-test.csv, evaluation.json or metrics.csv, found {found}", run.display())]
    NoContent {
        /// The folder.
        run: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// The models were tested on different samples, so that their figures cannot stand side by side.
    #[error(
        "{} and {} hold different test samples ({what}): score both models on the same data, make one report each, or allow it explicitly",
        first.display(), second.display()
    )]
    DifferentTestSets {
        /// The first score file.
        first: PathBuf,
        /// The other score file.
        second: PathBuf,
        /// How they differ.
        what: String,
    },
    /// The file system failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what its name says.
    #[error("{}: {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The place, what was expected and what was found.
        what: String,
    },
    /// A score file is wrong.
    #[error(transparent)]
    Scores(#[from] ScoreFileError),
    /// A maps file is wrong.
    #[error(transparent)]
    Maps(#[from] MapError),
    /// A prepared dataset is wrong.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The document came out larger than allowed.
    #[error(
        "the report would have {bytes} bytes, above the limit of {limit}: show fewer samples a species, or fewer models"
    )]
    TooLarge {
        /// Size it would have.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl ReportError {
    pub(crate) fn format(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Format {
            path: path.into(),
            what: what.into(),
        }
    }
}
