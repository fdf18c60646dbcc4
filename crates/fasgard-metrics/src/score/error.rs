//! What can be wrong with a score file.

use std::{io, path::PathBuf};

/// A score file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ScoreFileError {
    /// The operating system refused.
    #[error("cannot {action} score file {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Too many bytes.
    #[error(
        "score file {}: more than {limit} bytes; split it by dataset or thin its frames",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// A row that does not end.
    #[error(
        "score file {}: a row of more than {limit} bytes; is a quote left open?",
        path.display()
    )]
    LongRow {
        /// The file.
        path: PathBuf,
        /// The most bytes of a row.
        limit: usize,
    },
    /// The header lacks required columns.
    #[error(
        "score file {}, line 1: missing column{} {}; found columns {found}; expected {expected}",
        path.display(),
        if missing.len() == 1 { "" } else { "s" },
        missing.join(", ")
    )]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// What is missing.
        missing: Vec<&'static str>,
        /// The header found, shortened.
        found: String,
        /// The header expected.
        expected: String,
    },
    /// The header names a column twice.
    #[error("score file {}, line 1: column `{column}` occurs twice; remove one", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A row is bad.
    #[error("score file {}, line {line}: {source}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Line of the file, from 1 (the header); for rows that are to be written, the line they
        /// would get.
        line: u64,
        /// What is wrong with it.
        source: RowError,
    },
    /// The same sample occurs twice.
    #[error(
        "score file {}: {what} occurs in line {first} and again in line {second}; a presentation must be counted once",
        path.display()
    )]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The sample and its dataset.
        what: String,
        /// Line of the first.
        first: u64,
        /// Line of the second.
        second: u64,
    },
    /// The note beside the file is none.
    #[error(
        "{}: expected the note that `fasgard score` writes beside a score file, found something else ({what}); remove it, or score again",
        path.display()
    )]
    Origin {
        /// The note.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is a header and nothing else.
    #[error("score file {}: no rows after the header", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// More or fewer fields than the header.
    #[error("expected {expected} fields as in the header, found {found}")]
    Fields {
        /// Number of columns.
        expected: usize,
        /// Number of fields.
        found: usize,
    },
    /// A field's content is wrong.
    #[error("column `{column}`: expected {expected}, found {found}")]
    Field {
        /// The column.
        column: &'static str,
        /// What should be there.
        expected: String,
        /// What is there, shortened and quoted.
        found: String,
    },
}
