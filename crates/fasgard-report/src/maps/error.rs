//! What can be wrong with a maps file.

use std::{io, path::PathBuf};

/// A maps file that cannot be read, written or built.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The file system failed.
    #[error("maps file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file's header breaks the format or lies about the content.
    #[error("maps file {}: {what}; write it anew with `fasgard score --maps`", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong: the place, what was expected, what was found.
        what: String,
    },
    /// The scales do not make a maps file.
    #[error(
        "scales of a maps file: expected 1 to {} different sides from 1 to {}, found {found:?}",
        super::MAX_SCALES,
        super::MAX_SIDE
    )]
    Scales {
        /// The sides given.
        found: Vec<usize>,
    },
    /// A sample's maps do not fit the file's scales.
    #[error("maps of sample `{sample}` at scale {side}: expected {expected} values, found {found}")]
    Shape {
        /// The sample.
        sample: String,
        /// The scale's side.
        side: usize,
        /// `side * side`, or 0 where the scale is too many.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// A value is no probability and no depth.
    #[error(
        "maps of sample `{sample}` at scale {side}: expected values from 0 to 1, found {found} at position {position}"
    )]
    Value {
        /// The sample.
        sample: String,
        /// The scale's side.
        side: usize,
        /// Index into the map, row by row.
        position: usize,
        /// The value.
        found: f32,
    },
    /// A sample came twice.
    #[error("maps of sample `{sample}` were given twice: sample ids must be unique")]
    Duplicate {
        /// The sample.
        sample: String,
    },
    /// More samples than a maps file may hold.
    #[error(
        "a maps file holds at most {} samples: split the scoring run",
        super::MAX_SAMPLES
    )]
    TooMany,
}
