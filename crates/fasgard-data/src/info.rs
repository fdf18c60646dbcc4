//! `dataset.toml`: where a prepared dataset comes from and what was counted on the way.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use fasgard_image::{WriteError, write_atomic};
use fasgard_metrics::{Label, Species, Split};
use serde::{Deserialize, Serialize};

use crate::manifest::ManifestRow;

/// The version of the format that this crate reads and writes.
pub const SCHEMA: u32 = 1;

/// The content of `dataset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetInfo {
    /// Version of the format: 1.
    pub schema: u32,
    /// Name of the dataset.
    pub name: String,
    /// The layout that was read, or `synthetic`.
    pub layout: String,
    /// The input as it was given; empty for a dataset that was made, not read.
    #[serde(default)]
    pub source: String,
    /// Program and version that wrote the dataset.
    pub tool: String,
    /// What a reader must know: how splits were made, what was left out.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Every parameter of the preparation.
    #[serde(default)]
    pub parameters: BTreeMap<String, toml::Value>,
    /// Published sizes beside what the input holds, for layouts that have published sizes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub official: Vec<OfficialCount>,
    /// Files that the layout expects and the input does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Media in the input that the layout does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surplus: Vec<String>,
    /// Samples of each split, label and species.
    #[serde(default)]
    pub counts: Vec<Count>,
}

/// Samples of one split, label and species.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The split; absent for samples without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// The label.
    pub label: Label,
    /// The species of attacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub species: Option<Species>,
    /// Samples that the input lists.
    pub expected: u64,
    /// Samples that were stored.
    pub found: u64,
}

/// A published size and what the input holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficialCount {
    /// The part, such as `train live`.
    pub part: String,
    /// The published number of samples.
    pub expected: u64,
    /// The number of samples in the input.
    pub found: u64,
}

/// A `dataset.toml` that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InfoError {
    /// The file could not be read.
    #[error("{}: cannot read: {source}; expected the folder of a prepared dataset (see `fasgard prepare --help`)", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file has the wrong content.
    #[error("{}: expected a dataset description, found: {detail}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The parser's complaint, with line and key.
        detail: String,
    },
    /// The file is of another version.
    #[error("{}: key `schema`: expected {SCHEMA}, found {found}; prepare the dataset again", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The description cannot be expressed as TOML.
    #[error("{}: cannot write the description: {detail}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The writer's complaint.
        detail: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A number as `dataset.toml` states it, to three decimals.
pub(crate) fn decimal(value: f32) -> toml::Value {
    ((f64::from(value) * 1000.0).round() / 1000.0).into()
}

impl DatasetInfo {
    /// A description without parameters, notes and counts, written by this version.
    pub fn new(name: impl Into<String>, layout: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            name: name.into(),
            layout: layout.into(),
            source: String::new(),
            tool: concat!("fasgard ", env!("CARGO_PKG_VERSION")).to_owned(),
            notes: Vec::new(),
            parameters: BTreeMap::new(),
            official: Vec::new(),
            missing: Vec::new(),
            surplus: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Side of the stored crops as a multiple of the face box's longer side; `None`: the images are
    /// whole.
    pub fn wide_scale(&self) -> Option<f64> {
        self.parameters.get("wide_scale")?.as_float()
    }

    /// Reads `dataset.toml` in `dir`.
    ///
    /// # Errors
    /// [`InfoError`] if it is missing, has unknown keys or is of another version.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self, InfoError> {
        let path = dir.as_ref().join("dataset.toml");
        let mut text = String::new();
        let read = std::fs::File::open(&path)
            // Notes and counts need kilobytes.
            .and_then(|file| file.take(16 << 20).read_to_string(&mut text));
        if let Err(source) = read {
            return Err(InfoError::Read { path, source });
        }
        let parse = |e: toml::de::Error| InfoError::Parse {
            path: path.clone(),
            detail: e.to_string(),
        };
        // The version comes first: a later version may have keys that this one does not know.
        let table: toml::Table = text.parse().map_err(parse)?;
        let schema = table.get("schema").and_then(toml::Value::as_integer);
        if let Some(found) = schema.and_then(|s| u32::try_from(s).ok())
            && found != SCHEMA
        {
            return Err(InfoError::Schema { path, found });
        }
        toml::from_str(&text).map_err(parse)
    }

    /// Writes `dataset.toml` in `dir`, whole or not at all.
    ///
    /// # Errors
    /// [`InfoError::Write`] if the folder is not writable or the disk is full.
    pub fn write(&self, dir: impl AsRef<Path>) -> Result<(), InfoError> {
        let path = dir.as_ref().join("dataset.toml");
        let text = toml::to_string(self).map_err(|e| InfoError::Format {
            path: path.clone(),
            detail: e.to_string(),
        })?;
        Ok(write_atomic(&path, text.as_bytes())?)
    }
}

/// Counts of what was listed and what was stored, sorted by split, label and species.
pub(crate) fn counts<'a>(
    expected: impl IntoIterator<Item = &'a ManifestRow>,
    found: impl IntoIterator<Item = &'a ManifestRow>,
) -> Vec<Count> {
    let mut counter = Counter::default();
    expected.into_iter().for_each(|row| counter.expect(row, 1));
    found.into_iter().for_each(|row| counter.find(row));
    counter.finish()
}

type CountKey = (Option<Split>, bool, Option<Species>);

/// Counts rows that come one by one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    cells: BTreeMap<CountKey, (u64, u64)>,
}

impl Counter {
    /// A listed row that stands for a number of samples.
    pub(crate) fn expect(&mut self, row: &ManifestRow, samples: u64) {
        self.cell(row).0 += samples;
    }

    /// A stored row.
    pub(crate) fn find(&mut self, row: &ManifestRow) {
        self.cell(row).1 += 1;
    }

    fn cell(&mut self, row: &ManifestRow) -> &mut (u64, u64) {
        let key = (row.split, row.label == Label::Attack, row.species.clone());
        self.cells.entry(key).or_default()
    }

    /// The counts, sorted by split, label and species.
    pub(crate) fn finish(self) -> Vec<Count> {
        let count = |((split, attack, species), (expected, found))| Count {
            split,
            label: if attack { Label::Attack } else { Label::Live },
            species,
            expected,
            found,
        };
        self.cells.into_iter().map(count).collect()
    }
}
