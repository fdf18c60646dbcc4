//! Whether a prepared dataset is still what its manifest says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fasgard_image::{DecodeLimits, decode_gray_bytes, read_bounded};
use rayon::prelude::*;

use super::sha256_hex;
use crate::dataset::{DatasetError, Sample};
use crate::info::DatasetInfo;
use crate::manifest::{ManifestError, MapHashes, each_row};

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Images whose hash is as in the manifest.
    pub intact: u64,
    /// Rows without a hash; their images can be read.
    pub unhashed: u64,
    /// Masks and depth maps whose hash is as in `maps.sha256`.
    pub intact_maps: u64,
    /// Masks and depth maps without a hash that can be read: of a dataset that an earlier version prepared.
    pub unhashed_maps: u64,
    /// Files that are missing, unreadable or changed.
    pub damaged: Vec<Damaged>,
}

/// A file that is not as the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The sample.
    pub sample: String,
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}

/// A dataset that could not be checked.
pub type CheckError = DatasetError;

/// Reads every file of a prepared dataset and compares it with its hash.
///
/// # Errors
/// [`DatasetError`] if `dataset.toml` or `manifest.csv` is wrong; damaged files are no error but
/// part of the report.
pub fn check(dir: impl AsRef<Path>) -> Result<CheckReport, CheckError> {
    let dir = dir.as_ref();
    DatasetInfo::read(dir)?;
    let root: Arc<Path> = dir.into();
    let mut maps = MapHashes::open(dir)?;
    let mut report = CheckReport::default();
    let mut samples = Vec::with_capacity(TOGETHER);
    each_row(&dir.join("manifest.csv"), &mut |mut row| {
        maps.fill(&mut row)?;
        samples.push(Sample {
            root: Arc::clone(&root),
            row,
        });
        if samples.len() == TOGETHER {
            report.add(&samples);
            samples.clear();
        }
        Ok::<_, ManifestError>(())
    })?;
    report.add(&samples);
    maps.finish()?;
    Ok(report)
}

/// So many samples are read at a time: enough for all threads, and few to keep.
const TOGETHER: usize = 1024;

impl CheckReport {
    /// Checks the files of samples, and counts them in.
    fn add(&mut self, samples: &[Sample]) {
        let found: Vec<Self> = samples.par_iter().map(of_sample).collect();
        for sample in found {
            self.intact += sample.intact;
            self.unhashed += sample.unhashed;
            self.intact_maps += sample.intact_maps;
            self.unhashed_maps += sample.unhashed_maps;
            self.damaged.extend(sample.damaged);
        }
    }
}

/// Reads the files of one sample.
fn of_sample(sample: &Sample) -> CheckReport {
    let limits = DecodeLimits::default();
    let row = &sample.row;
    let mut report = CheckReport::default();
    let damaged = |path: PathBuf, reason: String| Damaged {
        sample: row.sample.clone(),
        path,
        reason,
    };
    let path = sample.image_path();
    match (read_bounded(&path, &limits), &row.sha256) {
        (Err(error), _) => report.damaged.push(damaged(path, error.to_string())),
        (Ok(_), None) => report.unhashed += 1,
        (Ok(bytes), Some(expected)) => match sha256_hex(&bytes) {
            hash if hash == *expected => report.intact += 1,
            hash => report.damaged.push(damaged(path, changed(expected, &hash))),
        },
    }
    for (path, hash) in [
        (sample.mask_path(), &row.mask_sha256),
        (sample.depth_path(), &row.depth_sha256),
    ] {
        let Some(path) = path else { continue };
        let read = read_bounded(&path, &limits).and_then(|bytes| {
            decode_gray_bytes(&path, &bytes, &limits).map(|_| sha256_hex(&bytes))
        });
        match (read, hash) {
            (Err(error), _) => report.damaged.push(damaged(path, error.to_string())),
            (Ok(found), Some(expected)) if found != **expected => {
                report
                    .damaged
                    .push(damaged(path, changed(expected, &found)));
            }
            (Ok(_), Some(_)) => report.intact_maps += 1,
            (Ok(_), None) => report.unhashed_maps += 1,
        }
    }
    report
}

fn changed(expected: &str, found: &str) -> String {
    format!("expected SHA-256 {expected}, found {found}; the file was changed after preparation")
}
