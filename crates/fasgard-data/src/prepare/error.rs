//! Why a dataset was not prepared.

use std::path::PathBuf;

use fasgard_image::WriteError;

use super::{CropPolicy, DepthPolicy};
use crate::info::InfoError;
use crate::layout::LayoutError;
use crate::manifest::ManifestError;
use crate::video::VideoError;

/// A dataset that was not prepared; the output folder holds no manifest then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The input is not of the layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// An option is out of range.
    #[error("option `{key}`: expected {expected}, found {found}")]
    Option {
        /// The option.
        key: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The output is in use.
    #[error("{}: expected an empty or new folder, found {found}; choose another folder{}", path.display(), if *overwritable { " or pass --overwrite to prepare it again" } else { "" })]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// What is in it.
        found: String,
        /// Whether `overwrite` would replace it.
        overwritable: bool,
    },
    /// The output cannot be made or written.
    #[error("{}: cannot write: {source}; check the folder's permissions and the disk's free space, or choose another folder", path.display())]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The manifest could not be written.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The description could not be written.
    #[error(transparent)]
    Info(#[from] InfoError),
    /// The caller stopped the work.
    #[error("stopped before the dataset in {} was complete; {}", path.display(), if *resumes { "run the same command again to go on" } else { "run the same command with --overwrite to make it anew" })]
    Stopped {
        /// The folder.
        path: PathBuf,
        /// Whether the same work goes on from where it stopped.
        resumes: bool,
    },
    /// The choice of media left none.
    #[error("{}: expected media that match `{pattern}`, found none; check --only", input.display())]
    Nothing {
        /// The input.
        input: PathBuf,
        /// The pattern.
        pattern: String,
    },
    /// Videos cannot be read.
    #[error("the input has videos, such as {}: {source}", example.display())]
    Video {
        /// A video.
        example: PathBuf,
        /// What is missing.
        source: VideoError,
    },
    /// The crop or the depth needs the face weights.
    #[error(
        "crop `{crop}` with depth `{depth}` needs the face weights: the input says nothing of the face in `{example}`; run `fasgard models install`, bring boxes or eyes, or choose --crop center or none and --depth auto or none"
    )]
    Weights {
        /// A medium without annotation.
        example: String,
        /// The crop policy.
        crop: CropPolicy,
        /// The depth policy.
        depth: DepthPolicy,
    },
    /// Failures left nothing of a class of a split.
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
}
