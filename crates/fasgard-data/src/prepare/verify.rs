//! Whether a prepared dataset is still what its manifest says.

use std::path::{Path, PathBuf};

use fasgard_image::{DecodeLimits, read_bounded};
use rayon::prelude::*;

use super::sha256_hex;
use crate::dataset::{Dataset, DatasetError};

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Images whose hash is as in the manifest.
    pub intact: u64,
    /// Rows without a hash; their images can be read.
    pub unhashed: u64,
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

/// Reads every file of a prepared dataset and compares the images with their hashes.
///
/// # Errors
/// [`DatasetError`] if `dataset.toml` or `manifest.csv` is wrong; damaged files are no error but
/// part of the report.
pub fn check(dir: impl AsRef<Path>) -> Result<CheckReport, CheckError> {
    let dataset = Dataset::open(dir)?;
    let limits = DecodeLimits::default();
    let outcomes: Vec<_> = dataset
        .samples()
        .par_iter()
        .map(|sample| {
            let damaged = |path: PathBuf, reason: String| Damaged {
                sample: sample.row.sample.clone(),
                path,
                reason,
            };
            let mut found = Vec::new();
            let path = sample.image_path();
            let mut intact = false;
            match (read_bounded(&path, &limits), &sample.row.sha256) {
                (Err(error), _) => found.push(damaged(path, error.to_string())),
                (Ok(bytes), Some(expected)) => {
                    let hash = sha256_hex(&bytes);
                    intact = hash == *expected;
                    if !intact {
                        let reason = format!("expected SHA-256 {expected}, found {hash}; the file was changed after preparation");
                        found.push(damaged(path, reason));
                    }
                }
                (Ok(_), None) => {}
            }
            for path in [sample.mask_path(), sample.depth_path()].into_iter().flatten() {
                if let Err(error) = fasgard_image::decode_gray(&path, &limits) {
                    found.push(damaged(path, error.to_string()));
                }
            }
            (intact, found)
        })
        .collect();
    let mut report = CheckReport::default();
    for (sample, (intact, damaged)) in dataset.samples().iter().zip(outcomes) {
        report.intact += u64::from(intact);
        let image = sample.image_path();
        if sample.row.sha256.is_none() && !damaged.iter().any(|d| d.path == image) {
            report.unhashed += 1;
        }
        report.damaged.extend(damaged);
    }
    Ok(report)
}
