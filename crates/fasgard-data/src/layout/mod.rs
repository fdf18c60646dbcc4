//! How raw datasets lie on disk.
//!
//! A layout reads names and lists, never pixels: it turns an input folder or file into rows whose paths
//! are relative to [`Scan::root`]. Adding a layout means adding a file here and a line in
//! [`LAYOUTS`].

mod annotations;
mod assign;
mod casia_mfsd;
mod celeba_spoof;
mod csv;
mod dataset;
mod dev;
mod error;
mod folder;
mod guess;
mod msu_mfsd;
mod names;
mod nuaa;
mod oulu_npu;
mod replay_attack;
mod siw_m;
mod walk;

use std::path::{Path, PathBuf};

use crate::info::OfficialCount;
use crate::manifest::{ManifestRow, Rows};

pub use annotations::{Annotations, NEAREST, Place, Turn, box_of_eyes};
pub use casia_mfsd::CasiaMfsd;
pub use celeba_spoof::CelebaSpoof;
pub use csv::Csv;
pub(crate) use dev::choose_subjects;
pub use error::LayoutError;
pub use folder::Folder;
pub use msu_mfsd::MsuMfsd;
pub use nuaa::Nuaa;
pub use oulu_npu::OuluNpu;
pub use replay_attack::ReplayAttack;
pub use siw_m::SiwM;

pub use names::{is_image, is_video};

pub(crate) use names::{stem, trailing_number};

/// What a layout found.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The folder that the rows' paths are relative to.
    pub root: PathBuf,
    /// One row an image or a video, in a fixed order whatever the file system's. `image` is the raw
    /// medium; the row of a video has `video` set to its sample and no `frame`.
    pub rows: Rows,
    /// Published sizes beside what the input lists.
    pub official: Vec<OfficialCount>,
    /// What a reader must know: how splits were made, what was left out.
    pub notes: Vec<String>,
    /// Files that the dataset has and the input has not, relative to `root`.
    pub missing: Vec<String>,
    /// Images and videos of the input that the layout does not know, relative to `root`; names that
    /// are not UTF-8 with replacement characters.
    pub surplus: Vec<String>,
}

/// A way for a raw dataset to lie on disk.
pub trait Layout: Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// One line of help: what the input must hold.
    fn summary(&self) -> &'static str;

    /// Lists the input's images and videos. Only names and lists are read, no medium is opened.
    ///
    /// # Errors
    /// [`LayoutError`] if the input is not of this layout or cannot be read.
    fn scan(&self, input: &Path) -> Result<Scan, LayoutError>;

    /// Reads the dataset's own annotation of the medium of `row`, a row of a [`Scan`] with this
    /// `root`; empty if the dataset has none for it.
    ///
    /// # Errors
    /// [`LayoutError::Line`] at the line that is wrong, others if the file cannot be read or is
    /// too large.
    fn annotations(&self, _root: &Path, _row: &ManifestRow) -> Result<Annotations, LayoutError> {
        Ok(Annotations::none())
    }

    /// How the medium of `row` is turned on disk, beyond what its container says.
    fn turn(&self, _row: &ManifestRow) -> Turn {
        Turn::None
    }
}

/// Every layout.
pub const LAYOUTS: &[&dyn Layout] = &[
    &Folder,
    &Csv,
    &Nuaa,
    &OuluNpu,
    &SiwM,
    &CasiaMfsd,
    &ReplayAttack,
    &MsuMfsd,
    &CelebaSpoof,
];

/// Images and videos below a folder of any layout, with `/` between the parts of their names,
/// sorted, and notes on what was left out (names that are not UTF-8, circles of links). No file is
/// opened.
///
/// # Errors
/// [`LayoutError`] if `root` is no folder that can be read, or has too many files.
pub fn media_below(root: &Path) -> Result<(Vec<String>, Vec<String>), LayoutError> {
    let tree = walk::Tree::read(root)?;
    let unnamed = tree.unnamed.iter().map(|name| {
        format!("{name}: left out, its name is not UTF-8 or cannot be stored; rename it")
    });
    let notes = tree.notes.iter().cloned().chain(unnamed).collect();
    Ok((tree.media.iter().map(str::to_owned).collect(), notes))
}

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
