//! Why attacks were not simulated.

use std::path::PathBuf;

use crate::dataset::DatasetError;
use crate::prepare::PrepareError;

/// A simulated dataset that was not made; the output folder holds no manifest then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The source has nothing to re-capture.
    #[error(
        "dataset `{dataset}`: expected live samples to make attacks of, found none among {found} samples; prepare a dataset with live faces"
    )]
    NoLive {
        /// Names of the source datasets.
        dataset: String,
        /// Number of its samples.
        found: usize,
    },
    /// Failures left a split without live samples or without attacks.
    #[error("after {failures} failures nothing is left of: {empty}; the first failure was {first}; all are in {}", path.display())]
    Emptied {
        /// `failures.csv`.
        path: PathBuf,
        /// The splits and classes.
        empty: String,
        /// Number of failures.
        failures: usize,
        /// The first failure.
        first: String,
    },
    /// An option is out of range, or the output is not empty or not writable.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// What was written cannot be opened.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}
