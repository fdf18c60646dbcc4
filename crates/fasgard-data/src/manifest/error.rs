//! What can be wrong with a manifest.

use std::path::PathBuf;

use fasgard_image::WriteError;

/// A manifest that could not be read or written; messages name file, line and column.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file could not be opened.
    #[error("{}: cannot read the manifest: {source}; is this the folder of a prepared dataset?", path.display())]
    Open {
        /// The manifest.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file is larger than any manifest.
    #[error("{}: expected a manifest of at most {limit} bytes, found {found}", path.display())]
    TooLarge {
        /// The manifest.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
        /// Its size in bytes.
        found: u64,
    },
    /// The file is no CSV.
    #[error("{}: line {line}: expected rows of comma-separated values, found: {detail}", path.display())]
    Csv {
        /// The manifest.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The parser's complaint.
        detail: String,
    },
    /// The first line has the wrong columns.
    #[error("{}: line 1: expected {expected}, found {found}", path.display())]
    Header {
        /// The manifest.
        path: PathBuf,
        /// What the first line must hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// A cell holds what its column cannot.
    #[error("{}: line {line}, column `{column}`: expected {expected}, found `{found}`", path.display())]
    Cell {
        /// The manifest.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// What the column holds.
        expected: String,
        /// What was found, shortened.
        found: String,
    },
    /// Two rows of one dataset have the same name.
    #[error("{}: lines {first} and {second}: expected every sample once, found `{sample}` twice; remove one or rename it", path.display())]
    Duplicate {
        /// The manifest.
        path: PathBuf,
        /// The name, `dataset/sample`.
        sample: String,
        /// The first line, from 1.
        first: u64,
        /// The second line, from 1.
        second: u64,
    },
    /// The manifest could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
