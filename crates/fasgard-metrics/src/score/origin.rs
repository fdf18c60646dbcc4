//! The note beside a score file: which model made it.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{ScoreFileError, write};

/// The version of the note written here.
const SCHEMA: u32 = 1;
/// Notes above this many bytes are refused.
const MAX_BYTES: u64 = 1 << 20;

/// Which model and software made a score file: the JSON file `SCORES.csv.json` beside it. The score
/// file itself is plain CSV and knows nothing of it; a file without a note is as good as any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Version of this format.
    pub schema: u32,
    /// SHA-256 of the score file that the note is about.
    pub scores_sha256: String,
    /// Name of the model.
    pub model: String,
    /// Hash of the model's weights, as its file carries it.
    pub weights_sha256: String,
    /// Program and version that scored, such as `fasgard 0.1.0`.
    pub software: String,
}

impl Origin {
    /// The note of a score file with this SHA-256.
    pub fn new(
        scores_sha256: impl Into<String>,
        model: impl Into<String>,
        weights_sha256: impl Into<String>,
        software: impl Into<String>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            scores_sha256: scores_sha256.into(),
            model: model.into(),
            weights_sha256: weights_sha256.into(),
            software: software.into(),
        }
    }

    /// Where the note of a score file is: its name with `.json` at the end.
    pub fn path_of(scores: impl AsRef<Path>) -> PathBuf {
        let mut name = scores.as_ref().as_os_str().to_owned();
        name.push(".json");
        name.into()
    }

    /// Writes the note of `scores` beside it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_beside(&self, scores: impl AsRef<Path>) -> Result<(), ScoreFileError> {
        let path = Self::path_of(scores);
        let written = serde_json::to_vec_pretty(self)
            .map_err(io::Error::from)
            .and_then(|mut json| {
                json.push(b'\n');
                write::replace(&path, &json)
            });
        written.map_err(|source| ScoreFileError::Io {
            action: "write",
            path,
            source,
        })
    }

    /// The note beside `scores`; none if there is none.
    ///
    /// # Errors
    /// There is one that cannot be read or is no such note.
    pub fn beside(scores: impl AsRef<Path>) -> Result<Option<Self>, ScoreFileError> {
        let path = Self::path_of(scores);
        let io_error = |source| ScoreFileError::Io {
            action: "read",
            path: path.clone(),
            source,
        };
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // Beside a pipe or a device there is no folder to look into.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
            other => other.map_err(io_error)?,
        };
        let mut text = String::new();
        file.take(MAX_BYTES)
            .read_to_string(&mut text)
            .map_err(io_error)?;
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| ScoreFileError::Origin {
                path: path.clone(),
                what: error.to_string(),
            })
    }
}
