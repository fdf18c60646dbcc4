//! The score file: one row a sample, CSV.
//!
//! `sample,dataset,split,subject,video,frame,label,species,attributes,score,logit,status`
//!
//! | column | content |
//! |---|---|
//! | `sample` | key of the sample, unique within a dataset; optional: `line-N` if the column is missing |
//! | `dataset`, `subject`, `video` | text; empty = not known |
//! | `split` | `train`, `dev`, `test`; empty = not known |
//! | `frame` | whole number from 0; empty = not known |
//! | `label` | `live` or `attack` |
//! | `species` | `family/instance` of an attack; empty for live; an attack without one becomes [`UNKNOWN_SPECIES`] |
//! | `attributes` | `key=value;key=value`; optional |
//! | `score` | finite number, higher = more likely live; empty unless `status` is `ok` |
//! | `logit` | finite number or empty; optional |
//! | `status` | `ok`, `no-face`, `out-of-range`, `error:KIND`; optional, empty = `ok` |
//!
//! Semicolons or tabs may stand for the commas, and a byte order mark may come first.
//! Columns may come in any order; other columns are not read, and [`ScoreFile::ignored_columns`]
//! names them. Fields hold no line breaks or other control characters.

mod check;
mod error;
mod origin;
mod read;
mod status;
pub(crate) mod table;
mod write;

use std::path::{Path, PathBuf};

use crate::{Attributes, Label, Species, Split};

pub use error::{RowError, ScoreFileError};
pub use origin::Origin;
pub use read::{MAX_BYTES, MAX_FIELD_BYTES, MAX_TABLE_BYTES};
pub use status::{ParseStatusError, Status};
pub use table::{ScoreTable, Scores};

/// The columns of a score file, in the order they are written.
pub const COLUMNS: [&str; 12] = [
    "sample",
    "dataset",
    "split",
    "subject",
    "video",
    "frame",
    "label",
    "species",
    "attributes",
    "score",
    "logit",
    "status",
];

/// The columns that a file made by another tool may lack.
pub const OPTIONAL_COLUMNS: [&str; 4] = ["sample", "attributes", "logit", "status"];

/// The species given to an attack whose species the file does not say.
pub const UNKNOWN_SPECIES: &str = "attack/unknown";

/// One scored sample.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// Key, unique within the dataset.
    pub sample: String,
    /// The dataset's name; empty = not known.
    pub dataset: String,
    /// The part of the dataset; none = not known.
    pub split: Option<Split>,
    /// Who is shown; empty = not known.
    pub subject: String,
    /// The recording the sample is a frame of; empty = none.
    pub video: String,
    /// Number of the frame within the recording.
    pub frame: Option<u32>,
    /// Ground truth.
    pub label: Label,
    /// PAI species of an attack; none for live.
    pub species: Option<Species>,
    /// Session, device, light ...
    pub attributes: Attributes,
    /// Higher = more likely live; finite; present exactly if `status` is ok.
    pub score: Option<f64>,
    /// The score before its sigmoid, where there is one; finite.
    pub logit: Option<f64>,
    /// Whether there is a score, and if not, why.
    pub status: Status,
}

/// A score file's rows, and which file they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreFile {
    /// The file, as it was named.
    pub path: PathBuf,
    /// SHA-256 of the file's bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The rows, in the file's order.
    pub rows: Vec<ScoreRow>,
    /// Columns of the file that have no meaning here and were not read.
    pub ignored_columns: Vec<String>,
}

impl ScoreFile {
    /// Reads a score file: at most [`MAX_BYTES`] bytes, fields of at most [`MAX_FIELD_BYTES`].
    ///
    /// # Errors
    /// The file cannot be read, is too large, lacks a column, or has a bad row (named by its line
    /// and column), or a sample twice (both lines are named).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ScoreFileError> {
        read::read(path.as_ref())
    }

    /// Reads a score file that is in memory, with the same rules; `name` stands for the path.
    pub fn parse(name: impl AsRef<Path>, bytes: &[u8]) -> Result<Self, ScoreFileError> {
        read::parse(name.as_ref(), bytes)
    }

    /// Writes rows to `path`, through a temporary file in the same folder: `path` is either left
    /// as it was or complete. Scores and logits are written with the fewest digits that read back
    /// as the same number. Returns the SHA-256 of what was written.
    ///
    /// # Errors
    /// A row that [`ScoreFile::read`] would refuse, or a file that cannot be written.
    pub fn write(path: impl AsRef<Path>, rows: &[ScoreRow]) -> Result<String, ScoreFileError> {
        write::write(path.as_ref(), rows)
    }

    /// The text of a score file of these rows.
    pub fn to_csv(rows: &[ScoreRow]) -> Result<Vec<u8>, ScoreFileError> {
        write::to_csv(Path::new("score file"), rows)
    }

    /// The split that every row has; none if rows differ, do not say, or there are none.
    pub fn split(&self) -> Option<Split> {
        let split = self.rows.first()?.split?;
        self.rows
            .iter()
            .all(|row| row.split == Some(split))
            .then_some(split)
    }
}
