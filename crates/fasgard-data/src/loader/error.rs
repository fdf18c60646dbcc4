//! What can go wrong while samples become batches.

use std::path::PathBuf;

use fasgard_image::{AugmentError, DecodeError, PreprocessError};
use fasgard_synth::RecaptureError;

/// A sample that could not be loaded; messages name the sample, the file and the reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Its image could not be decoded.
    #[error("sample `{sample}`: {source}")]
    Image {
        /// The sample.
        sample: String,
        /// The file and the reason.
        source: DecodeError,
    },
    /// Its image, mask or depth map is not the one that was prepared.
    #[error("sample `{sample}`: {}: expected SHA-256 {expected} as in the manifest, found {found}: the file was changed after preparation; prepare it again", path.display())]
    Changed {
        /// The sample.
        sample: String,
        /// The file.
        path: PathBuf,
        /// In the manifest, or beside it in `maps.sha256`.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// Its mask or depth map could not be decoded.
    #[error("sample `{sample}`: its {kind} map: {source}")]
    Map {
        /// The sample.
        sample: String,
        /// `mask` or `depth`.
        kind: &'static str,
        /// The file and the reason.
        source: DecodeError,
    },
    /// Depth targets were asked for and a live sample has no depth map.
    #[error("sample `{sample}` ({}): expected a depth map, since the target is depth and the sample is live, found none in the manifest; prepare the dataset with depth maps or train with `target = \"mask\"`", path.display())]
    NoDepth {
        /// The sample.
        sample: String,
        /// Its image.
        path: PathBuf,
    },
    /// It cannot be photographed again for `[augment.simulate]`.
    #[error("sample `{sample}`: {source}; or train without `augment.simulate`")]
    Simulate {
        /// The sample.
        sample: String,
        /// What is wrong with its face box or eyes.
        source: RecaptureError,
    },
}

impl LoadError {
    /// The sample's name.
    pub fn sample(&self) -> &str {
        match self {
            Self::Image { sample, .. }
            | Self::Changed { sample, .. }
            | Self::Map { sample, .. }
            | Self::NoDepth { sample, .. }
            | Self::Simulate { sample, .. } => sample,
        }
    }

    /// A short stable word for the kind of failure, as in a score file's status `error:KIND`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Image { source, .. } => source.kind(),
            Self::Changed { .. } => "changed",
            Self::Map { .. } => "map",
            Self::NoDepth { .. } => "no-depth",
            Self::Simulate { .. } => "simulate",
        }
    }
}

/// Settings and samples that make no loader.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoaderError {
    /// A preprocessing value is out of range.
    #[error(transparent)]
    Preprocess(#[from] PreprocessError),
    /// An augmentation value is out of range.
    #[error(transparent)]
    Augment(#[from] AugmentError),
    /// There is no sample.
    #[error("expected samples, found none; check the split's name and the dataset's manifest")]
    Empty,
    /// There are fewer samples than one batch takes.
    #[error(
        "key `batch_size`: expected at most the {found} {unit} of the training split, found {batch_size}; lower it or bring more data"
    )]
    FewerThanBatch {
        /// What an epoch counts: `frames` or `videos`.
        unit: &'static str,
        /// How many there are.
        found: usize,
        /// The batch size.
        batch_size: usize,
    },
    /// A size out of its range.
    #[error("key `{key}`: expected {expected}, found {found}")]
    Size {
        /// The key.
        key: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was found.
        found: usize,
    },
    /// Balanced sampling needs both classes.
    #[error(
        "key `balance`: expected live and attack samples to balance, found no {missing} sample among {found}"
    )]
    OneClass {
        /// The class that is absent.
        missing: &'static str,
        /// Number of samples.
        found: usize,
    },
    /// More simulated attacks than balanced sampling has turns for.
    #[error(
        "key `augment.simulate.probability`: expected at most 0.5 where `sampling.balance` keeps half of the samples live, found {found}"
    )]
    TooManySimulated {
        /// The probability.
        found: f64,
    },
    /// No live sample can be photographed again.
    #[error(
        "key `augment.simulate`: expected live samples with a face box whose wide crop has at least 48 pixels, and both eyes for what is worn, found none among {live} live samples for {species}; prepare the data with `--crop box`, or choose other species"
    )]
    NothingToSimulate {
        /// Number of live samples.
        live: usize,
        /// The wanted attacks.
        species: String,
    },
}
