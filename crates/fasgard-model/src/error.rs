//! Model files that cannot be used.

use std::path::{Path, PathBuf};

/// A model file that cannot be read, written or used; messages name the file and the reason.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct ModelError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong and what was expected.
    pub reason: String,
}

impl ModelError {
    pub(crate) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}
