//! Whether a prepared dataset is still what its manifest says.

use std::path::{Path, PathBuf};

use fasgard_image::{DecodeLimits, decode_gray_bytes, read_bounded};
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
                        found.push(damaged(path, changed(expected, &hash)));
                    }
                }
                (Ok(_), None) => {}
            }
            let mut maps = [0, 0];
            let row = &sample.row;
            for (path, hash) in [
                (sample.mask_path(), &row.mask_sha256),
                (sample.depth_path(), &row.depth_sha256),
            ] {
                let Some(path) = path else { continue };
                let read = read_bounded(&path, &limits).and_then(|bytes| {
                    decode_gray_bytes(&path, &bytes, &limits).map(|_| sha256_hex(&bytes))
                });
                match (read, hash) {
                    (Err(error), _) => found.push(damaged(path, error.to_string())),
                    (Ok(found_hash), Some(expected)) if found_hash != **expected => {
                        found.push(damaged(path, changed(expected, &found_hash)));
                    }
                    (Ok(_), Some(_)) => maps[0] += 1,
                    (Ok(_), None) => maps[1] += 1,
                }
            }
            (intact, maps, found)
        })
        .collect();
    let mut report = CheckReport::default();
    for (sample, (intact, maps, damaged)) in dataset.samples().iter().zip(outcomes) {
        report.intact += u64::from(intact);
        report.intact_maps += maps[0];
        report.unhashed_maps += maps[1];
        let image = sample.image_path();
        if sample.row.sha256.is_none() && !damaged.iter().any(|d| d.path == image) {
            report.unhashed += 1;
        }
        report.damaged.extend(damaged);
    }
    Ok(report)
}

fn changed(expected: &str, found: &str) -> String {
    format!("expected SHA-256 {expected}, found {found}; the file was changed after preparation")
}
