//! Why the service does not start.

use std::path::PathBuf;

use fasgard_model::ModelError;

use crate::ConfigError;

/// The service cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The model cannot be used.
    #[error(
        "{0}; give a model that loads, or let the service wait for it with --allow-missing-model"
    )]
    Model(#[from] ModelError),
    /// A file to be served cannot be used.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what was expected.
        reason: String,
    },
    /// The address cannot be listened on.
    #[error("listen = \"{address}\": {source}; choose another address or port")]
    Listen {
        /// The address.
        address: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The system refuses what every server needs: threads, signals, random bytes.
    #[error("{what}: {source}")]
    System {
        /// What was asked for.
        what: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}
