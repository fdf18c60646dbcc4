//! How raw datasets lie on disk.
//!
//! A layout reads names only, never pixels: it turns an input folder or file into rows whose paths
//! are relative to [`Scan::root`]. Adding a layout means adding a file here and a line in
//! [`LAYOUTS`].

mod assign;
mod csv;
mod folder;
mod nuaa;

use std::path::{Path, PathBuf};

use crate::info::OfficialCount;
use crate::manifest::{ManifestError, ManifestRow};

pub use csv::Csv;
pub use folder::Folder;
pub use nuaa::Nuaa;

/// What a layout found.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The folder that the rows' paths are relative to.
    pub root: PathBuf,
    /// One row an image, in a fixed order whatever the file system's.
    pub rows: Vec<ManifestRow>,
    /// Published sizes beside what the input lists.
    pub official: Vec<OfficialCount>,
    /// What a reader must know: how splits were made, what was left out.
    pub notes: Vec<String>,
}

/// A way for a raw dataset to lie on disk.
pub trait Layout: Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// One line of help: what the input must hold.
    fn summary(&self) -> &'static str;

    /// Lists the input's images.
    ///
    /// # Errors
    /// [`LayoutError`] if the input is not of this layout or cannot be read.
    fn scan(&self, input: &Path) -> Result<Scan, LayoutError>;
}

/// Every layout.
pub const LAYOUTS: &[&dyn Layout] = &[&Folder, &Csv, &Nuaa];

/// The layout of a name.
///
/// # Errors
/// [`LayoutError::Unknown`] with all names.
pub fn by_name(name: &str) -> Result<&'static dyn Layout, LayoutError> {
    let found = LAYOUTS.iter().find(|l| l.name() == name).copied();
    found.ok_or_else(|| LayoutError::Unknown {
        found: name.to_owned(),
        names: LAYOUTS
            .iter()
            .map(|l| l.name())
            .collect::<Vec<_>>()
            .join(", "),
    })
}

/// An input that is not as its layout has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// No layout has this name.
    #[error("layout: expected one of {names}, found `{found}`")]
    Unknown {
        /// The name.
        found: String,
        /// The names there are.
        names: String,
    },
    /// A file or folder could not be read.
    #[error("{}: cannot read: {source}; expected {expected}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The input holds something else than the layout asks for.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Structure {
        /// The file or folder.
        path: PathBuf,
        /// What the layout asks for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A line of a list is wrong.
    #[error("{}: line {line}: expected {expected}, found `{found}`", path.display())]
    Line {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What a line holds.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// A table is wrong.
    #[error(transparent)]
    Table(#[from] ManifestError),
    /// There is no image.
    #[error("{}: expected images (.jpg, .jpeg, .png, .webp or .bmp), found none", path.display())]
    NoImages {
        /// The input.
        path: PathBuf,
    },
}

/// Whether the name ends as an image's does, in any case.
pub(crate) fn is_image(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    matches!(
        extension.as_deref(),
        Some("jpg" | "jpeg" | "png" | "webp" | "bmp")
    )
}

/// The path without its extension.
pub(crate) fn stem(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') && !stem.is_empty() => stem,
        _ => path,
    }
}

/// The number that a file's stem ends with.
pub(crate) fn trailing_number(stem: &str) -> Option<u64> {
    let digits = stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    stem[digits..].parse().ok()
}
