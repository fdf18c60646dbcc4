//! What can be wrong with an input.

use std::path::PathBuf;

use crate::manifest::ManifestError;

/// An input that is not as its layout has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// No layout has this name.
    #[error("layout: expected one of {names}, found `{found}`")]
    Unknown {
        /// The name.
        found: String,
        /// The names there are.
        names: String,
    },
    /// A file or folder could not be read.
    #[error("{}: cannot read: {source}; expected {expected}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The input holds something else than the layout asks for.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Structure {
        /// The file or folder.
        path: PathBuf,
        /// What the layout asks for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A line of a list or of an annotation file is wrong.
    #[error("{}: line {line}: expected {expected}, found `{found}`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What a line holds.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// A table is wrong.
    #[error(transparent)]
    Table(#[from] ManifestError),
    /// There is nothing to prepare.
    #[error("{}: expected images (.jpg, .jpeg, .png, .webp or .bmp) or videos (.avi, .mp4, .mov, .mkv, .webm or .m4v), found none", path.display())]
    NoImages {
        /// The input.
        path: PathBuf,
    },
}
