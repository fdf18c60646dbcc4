//! Protocols: which rows of a manifest are train, dev and test, fold by fold, as data.
//!
//! A protocol is a TOML file (`protocols/*.toml`, described in docs/protocols.md) with rules over
//! manifest rows, or a way of making folds (leave one species out, leave one dataset out, k-fold by
//! subject). Applying a fold assigns splits in memory; manifests are never rewritten.
//!
//! ```no_run
//! use fasgard_data::{Dataset, protocol::Protocol};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let protocol = Protocol::read("protocols/oulu-npu-3.toml")?;
//! let dataset = Dataset::open("prepared/oulu-npu")?;
//! let fold = protocol.fold(&dataset, "2")?;
//! for difference in &fold.differences {
//!     println!("{difference}"); // from the published counts
//! }
//! let dataset = fold.apply(dataset);
//! # Ok(())
//! # }
//! ```

mod assign;
mod check;
mod cut;
mod error;
mod file;
mod fold;
mod generate;
mod rule;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::manifest::ManifestRow;
use crate::prepare::sha256_hex;
use crate::{Dataset, Sample};

pub use error::ProtocolError;
pub use file::{
    Counts, Expected, FoldRules, Generate, GenerateKind, Grouping, Overlap, ProtocolFile,
    TableKind, TestRows,
};
pub use fold::{Difference, Fold, SplitCounts};
pub use rule::Rule;

/// Largest protocol file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Most folds of a protocol.
pub(crate) const MAX_FOLDS: usize = 1000;

/// A protocol file that was read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    path: PathBuf,
    sha256: String,
    file: ProtocolFile,
}

/// Manifest rows and the layout of each dataset in them: what a protocol is applied to.
#[derive(Clone, Debug, Default)]
pub struct Rows<'a> {
    rows: Vec<&'a ManifestRow>,
    layouts: BTreeMap<&'a str, &'a str>,
}

impl<'a> Rows<'a> {
    /// Rows, and (dataset, layout) pairs; a dataset that is not among them has no layout.
    pub fn new(
        rows: impl IntoIterator<Item = &'a ManifestRow>,
        layouts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            layouts: layouts.into_iter().collect(),
        }
    }

    /// The rows of an opened dataset.
    pub fn of(dataset: &'a Dataset) -> Self {
        let row = |s: &'a Sample| &s.row;
        let infos = dataset.infos().iter();
        Self::new(
            dataset.samples().iter().map(row),
            infos.map(|i| (i.name.as_str(), i.layout.as_str())),
        )
    }

    /// The layout of a row's dataset; empty where none is known.
    pub(crate) fn layout(&self, row: &ManifestRow) -> &str {
        let name = row.dataset.as_str();
        self.layouts.get(name).copied().unwrap_or_default()
    }

    /// The datasets' names, for error messages.
    pub(crate) fn names(&self) -> String {
        let mut names: Vec<_> = self.rows.iter().map(|r| r.dataset.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let names: Vec<_> = names.into_iter().map(|n| format!("`{n}`")).collect();
        match names.is_empty() {
            true => "no rows".to_owned(),
            false => names.join(", "),
        }
    }
}

impl Protocol {
    /// Reads a protocol file.
    ///
    /// # Errors
    /// [`ProtocolError`] with the line of an unknown key, or the key of a wrong value.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ProtocolError> {
        let path = path.as_ref();
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|source| ProtocolError::Read {
                path: path.to_owned(),
                source,
            })?;
        Self::parse(path, &bytes)
    }

    /// Parses a protocol that is in memory; `path` stands for it in messages.
    ///
    /// # Errors
    /// As [`Protocol::read`].
    pub fn parse(path: impl Into<PathBuf>, bytes: &[u8]) -> Result<Self, ProtocolError> {
        let path = path.into();
        if bytes.len() as u64 > MAX_BYTES {
            let reason = format!("expected at most {MAX_BYTES} bytes, found more");
            return Err(ProtocolError::Parse { path, reason });
        }
        let file = std::str::from_utf8(bytes)
            .map_err(|e| e.to_string())
            .and_then(ProtocolFile::parse)
            .map_err(|reason| ProtocolError::Parse {
                path: path.clone(),
                reason,
            })?;
        Ok(Self {
            sha256: sha256_hex(bytes),
            path,
            file,
        })
    }

    /// The file that was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the file's bytes, 64 lower-case hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What the file says.
    pub fn file(&self) -> &ProtocolFile {
        &self.file
    }

    /// The names of the folds that `dataset` has under this protocol, in the order of tables.
    ///
    /// # Errors
    /// [`ProtocolError::NoFolds`] if folds are made of the data and the data gives none.
    pub fn folds(&self, dataset: &Dataset) -> Result<Vec<String>, ProtocolError> {
        self.folds_of(&Rows::of(dataset))
    }

    /// As [`Protocol::folds`], of bare rows.
    ///
    /// # Errors
    /// The same.
    pub fn folds_of(&self, rows: &Rows<'_>) -> Result<Vec<String>, ProtocolError> {
        match &self.file.generate {
            None => Ok(self.file.fold.iter().map(|f| f.name.clone()).collect()),
            Some(generate) => generate::names(self, generate, rows),
        }
    }

    /// Assigns the splits of a fold and checks them.
    ///
    /// # Errors
    /// [`ProtocolError`]: no such fold, a row in two splits, an empty split or one with one class,
    /// a subject in two splits that the protocol does not declare. Counts that differ from the
    /// published ones are no error: see [`Fold::differences`].
    pub fn fold(&self, dataset: &Dataset, name: &str) -> Result<Fold, ProtocolError> {
        self.fold_of(&Rows::of(dataset), name)
    }

    /// As [`Protocol::fold`], of bare rows.
    ///
    /// # Errors
    /// The same.
    pub fn fold_of(&self, rows: &Rows<'_>, name: &str) -> Result<Fold, ProtocolError> {
        let unknown = |names: Vec<String>| ProtocolError::UnknownFold {
            path: self.path.clone(),
            fold: name.to_owned(),
            names: names.join(", "),
        };
        let assigned = match &self.file.generate {
            None => {
                let folds = &self.file.fold;
                let rules = folds.iter().find(|f| f.name == name);
                let rules =
                    rules.ok_or_else(|| unknown(folds.iter().map(|f| f.name.clone()).collect()))?;
                assign::by_rules(self, rules, rows)?
            }
            Some(generate) => {
                let names = generate::names(self, generate, rows)?;
                if !names.iter().any(|n| n == name) {
                    return Err(unknown(names));
                }
                generate::assign(generate, rows, name, &names)
            }
        };
        check::fold(self, name, rows, assigned)
    }
}
