//! The table of a prepared dataset: one row a stored image.

mod cell;
mod error;
mod hashes;
mod pack;
mod path;
mod read;
mod rows;
mod write;

use fasgard_image::{Eyes, FaceBox};
use fasgard_metrics::{Attributes, Label, Species, Split};

pub(crate) use cell::{COLUMNS, RowBuilder};
pub use error::ManifestError;
pub(crate) use hashes::{HASHES, MapHashes, hashes, write_hashes};
pub use path::RelativePath;
pub use read::read_manifest;
pub(crate) use read::{CsvTable, each_row};
pub use rows::Rows;
pub use write::write_manifest;
pub(crate) use write::{cells, write_cells};

/// One stored image and what is known about it. In the file an empty cell means "not known".
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestRow {
    /// Name of the sample, unique within its dataset; the key of scores and maps.
    pub sample: String,
    /// Name of the dataset it comes from.
    pub dataset: String,
    /// The part it belongs to; not known for samples that only a protocol assigns.
    pub split: Option<Split>,
    /// The person shown.
    pub subject: Option<String>,
    /// The recording that the image is a frame of.
    pub video: Option<String>,
    /// Number of the frame within its recording.
    pub frame: Option<u64>,
    /// Bona fide or attack.
    pub label: Label,
    /// The PAI species: of every attack and of no live row.
    pub species: Option<Species>,
    /// Whatever else is known: session, device, support, light.
    pub attributes: Attributes,
    /// The image.
    pub image: RelativePath,
    /// Its depth map: 255 nearest, 0 background, in the frame of the whole image.
    pub depth: Option<RelativePath>,
    /// Its annotated mask: 255 where the picture shows no artefact, 0 where it shows one, in the
    /// frame of the whole image.
    pub mask: Option<RelativePath>,
    /// The face box in pixels of the stored image.
    pub face: Option<FaceBox>,
    /// The eye centres in pixels of the stored image.
    pub eyes: Option<Eyes>,
    /// SHA-256 of the stored image file, 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// The same of the depth map's file: of `maps.sha256` beside the manifest, no column of it.
    pub depth_sha256: Option<Box<str>>,
    /// The same of the mask's file.
    pub mask_sha256: Option<Box<str>>,
}

impl ManifestRow {
    /// A row of which only what every row must have is known.
    pub fn new(
        dataset: impl Into<String>,
        sample: impl Into<String>,
        label: Label,
        species: Option<Species>,
        image: RelativePath,
    ) -> Self {
        Self {
            sample: sample.into(),
            dataset: dataset.into(),
            split: None,
            subject: None,
            video: None,
            frame: None,
            label,
            species,
            attributes: Attributes::default(),
            image,
            depth: None,
            mask: None,
            face: None,
            eyes: None,
            sha256: None,
            depth_sha256: None,
            mask_sha256: None,
        }
    }

    /// `dataset/sample`: unique over several datasets, and the key of the sample's random streams.
    pub fn key(&self) -> String {
        format!("{}/{}", self.dataset, self.sample)
    }

    /// What is sampled as one recording: the video, or the sample itself where no video is known.
    pub fn video_key(&self) -> String {
        match &self.video {
            Some(video) => format!("{}/video/{video}", self.dataset),
            None => format!("{}/sample/{}", self.dataset, self.sample),
        }
    }

    /// `live`, or the species of an attack.
    pub fn class_name(&self) -> &str {
        self.species.as_ref().map_or("live", Species::as_str)
    }
}
