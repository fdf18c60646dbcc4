//! What can be wrong with a protocol, or with data under it.

use std::path::PathBuf;

use fasgard_metrics::{Label, Split};

/// A protocol that cannot be read or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The file could not be read.
    #[error("{}: cannot read: {source}; expected a protocol file (see docs/protocols.md)", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file has the wrong content.
    #[error("{}: {reason}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line or key, what was expected and found.
        reason: String,
    },
    /// The protocol has no fold of this name.
    #[error("{}: expected one of the folds {names}, found `{fold}`", path.display())]
    UnknownFold {
        /// The protocol.
        path: PathBuf,
        /// The name.
        fold: String,
        /// The folds there are.
        names: String,
    },
    /// Folds are made of the data, and the data gives none.
    #[error("{}: expected {expected} to make folds of, found {found} in {datasets}", path.display())]
    NoFolds {
        /// The protocol.
        path: PathBuf,
        /// What a fold is made of.
        expected: &'static str,
        /// What there is.
        found: String,
        /// The datasets.
        datasets: String,
    },
    /// Two rules put one row into two splits.
    #[error("{}: fold `{fold}`: expected every row in one split, found sample `{sample}` in {first} and {second}; make the rules of one of them narrower", path.display())]
    TwoSplits {
        /// The protocol.
        path: PathBuf,
        /// The fold.
        fold: String,
        /// The row, `dataset/sample`.
        sample: String,
        /// A split.
        first: Split,
        /// The other one.
        second: Split,
    },
    /// A split has no rows.
    #[error("{}: fold `{fold}`: expected rows in split `{split}`, found none among {rows} rows of {datasets}{hint}", path.display())]
    EmptySplit {
        /// The protocol.
        path: PathBuf,
        /// The fold.
        fold: String,
        /// The split.
        split: Split,
        /// Rows of the data.
        rows: usize,
        /// The datasets.
        datasets: String,
        /// What to do, from `;` on; may be empty.
        hint: String,
    },
    /// A split has only one class.
    #[error("{}: fold `{fold}`: expected live and attack rows in split `{split}`, found {found} rows that are all {only}", path.display())]
    OneClass {
        /// The protocol.
        path: PathBuf,
        /// The fold.
        fold: String,
        /// The split.
        split: Split,
        /// Number of rows.
        found: usize,
        /// The class there is.
        only: Label,
    },
    /// Someone is in two splits, and the protocol does not say so.
    #[error("{}: fold `{fold}`: expected no subject in two splits, found {count} in {first} and {second}, such as {examples}; if this is the dataset's own protocol, declare it with [[overlap]]", path.display())]
    SharedSubjects {
        /// The protocol.
        path: PathBuf,
        /// The fold.
        fold: String,
        /// A split.
        first: Split,
        /// The other one.
        second: Split,
        /// Number of subjects.
        count: usize,
        /// Some of them.
        examples: String,
    },
}
