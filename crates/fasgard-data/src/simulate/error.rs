//! Why attacks were not simulated.

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
    /// An option is out of range, the output is not empty or not writable, or failures left a split
    /// without live samples or without attacks.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// What was written cannot be opened.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}
