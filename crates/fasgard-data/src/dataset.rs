//! Prepared datasets, opened.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fasgard_metrics::Split;

use crate::info::{DatasetInfo, InfoError};
use crate::manifest::{ManifestError, ManifestRow, MapHashes, each_row};

/// A manifest row and the folder that its paths are relative to.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The dataset's folder.
    pub root: Arc<Path>,
    /// The row.
    pub row: ManifestRow,
}

impl Sample {
    /// The image file.
    pub fn image_path(&self) -> PathBuf {
        self.row.image.under(&self.root)
    }

    /// The annotated mask's file, if the row has one.
    pub fn mask_path(&self) -> Option<PathBuf> {
        self.row.mask.as_ref().map(|p| p.under(&self.root))
    }

    /// The depth map's file, if the row has one.
    pub fn depth_path(&self) -> Option<PathBuf> {
        self.row.depth.as_ref().map(|p| p.under(&self.root))
    }
}

/// One prepared dataset or several, as one list of samples in the order of their manifests.
#[derive(Clone, Debug)]
pub struct Dataset {
    infos: Vec<DatasetInfo>,
    samples: Vec<Sample>,
}

/// A prepared dataset that could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// Its `dataset.toml` is wrong.
    #[error(transparent)]
    Info(#[from] InfoError),
    /// Its `manifest.csv` is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Two folders hold a sample of the same dataset and name.
    #[error("{} and {}: expected every sample in one dataset, found `{sample}` in both; give one of the datasets another name or leave one out", first.display(), second.display())]
    Duplicate {
        /// The name, `dataset/sample`.
        sample: String,
        /// The first folder.
        first: PathBuf,
        /// The second folder.
        second: PathBuf,
    },
    /// No folder was given.
    #[error("expected at least one folder of a prepared dataset, found none")]
    NoFolder,
}

impl Dataset {
    /// Opens one prepared dataset: `dataset.toml`, `manifest.csv` and, if it is there, `maps.sha256` in `dir`.
    ///
    /// # Errors
    /// [`DatasetError`], with file and line.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let dir = dir.as_ref();
        let info = DatasetInfo::read(dir)?;
        let root: Arc<Path> = dir.into();
        let mut maps = MapHashes::open(dir)?;
        let mut samples = Vec::new();
        each_row(&dir.join("manifest.csv"), &mut |mut row| {
            maps.fill(&mut row)?;
            samples.push(Sample {
                root: Arc::clone(&root),
                row,
            });
            Ok::<_, ManifestError>(())
        })?;
        maps.finish()?;
        Ok(Self {
            infos: vec![info],
            samples,
        })
    }

    /// Opens several prepared datasets as one.
    ///
    /// # Errors
    /// [`DatasetError`]; also if a sample of the same dataset and name is in two folders.
    pub fn open_all<P: AsRef<Path>>(
        dirs: impl IntoIterator<Item = P>,
    ) -> Result<Self, DatasetError> {
        let mut all: Option<Self> = None;
        for dir in dirs {
            let next = Self::open(dir)?;
            all = Some(match all {
                None => next,
                Some(all) => all.merged(next)?,
            });
        }
        all.ok_or(DatasetError::NoFolder)
    }

    fn merged(mut self, other: Self) -> Result<Self, DatasetError> {
        let known: HashMap<_, _> = self
            .samples
            .iter()
            .map(|s| (s.row.key(), &s.root))
            .collect();
        for sample in &other.samples {
            if let Some(first) = known.get(&sample.row.key()) {
                return Err(DatasetError::Duplicate {
                    sample: sample.row.key(),
                    first: first.to_path_buf(),
                    second: sample.root.to_path_buf(),
                });
            }
        }
        self.infos.extend(other.infos);
        self.samples.extend(other.samples);
        Ok(self)
    }

    /// What `dataset.toml` says, one a folder.
    pub fn infos(&self) -> &[DatasetInfo] {
        &self.infos
    }

    /// Every sample.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The samples of a split, in the order of the manifests.
    pub fn rows(&self, split: Split) -> Vec<Sample> {
        let of_split = |s: &&Sample| s.row.split == Some(split);
        self.samples.iter().filter(of_split).cloned().collect()
    }

    /// The same samples with the splits that `assign` gives them: how a protocol's fold is applied.
    /// Manifests stay as they are.
    #[must_use]
    pub fn with_splits(mut self, assign: impl Fn(&ManifestRow) -> Option<Split>) -> Self {
        for sample in &mut self.samples {
            sample.row.split = assign(&sample.row);
        }
        self
    }
}
