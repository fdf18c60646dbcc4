//! Raw images to a prepared dataset.

mod crop;
mod error;
mod hash;
mod names;
mod options;
mod output;
mod store;
mod verify;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use rayon::prelude::*;

pub use error::PrepareError;
pub use options::{CropPolicy, PrepareOptions, StoredFormat};
pub use verify::{CheckError, CheckReport, Damaged, check};

pub(crate) use hash::sha256_hex;
pub(crate) use output::{Output, write_folder_file};

use crate::info::{Count, DatasetInfo, OfficialCount, counts};
use crate::layout::Layout;
use crate::manifest::{ManifestRow, write_manifest};

/// Side of stored masks and depth maps in pixels.
pub const MAP_SIDE: u32 = 128;

/// Side of the stored crop as a multiple of the face box's longer side: room for every crop scale
/// and jitter in use.
pub const WIDE_SCALE: f32 = 1.6;

/// How far long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Samples done, stored or failed.
    pub done: u64,
    /// Samples in all.
    pub total: u64,
    /// Samples that failed.
    pub failed: u64,
}

/// A sample that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sample.
    pub sample: String,
    /// Its image, below the input.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What [`prepare`] found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrepareSummary {
    /// Name of the dataset.
    pub name: String,
    /// Samples per split, label and species: listed by the input, and stored. After a dry run
    /// nothing is stored.
    pub counts: Vec<Count>,
    /// Published sizes beside what the input lists.
    pub official: Vec<OfficialCount>,
    /// What a reader must know: how splits were made, what was left out, classes that are absent.
    pub notes: Vec<String>,
    /// Samples that were left out, in the order of the input; also in `failures.csv`.
    pub failures: Vec<Failure>,
    /// Samples that the input lists.
    pub listed: u64,
    /// Samples that were stored.
    pub stored: u64,
    /// Whether nothing was written on purpose.
    pub dry_run: bool,
}

/// Reads `input` by its layout and writes a prepared dataset to the folder `output`.
///
/// Images are decoded, cut by [`PrepareOptions::crop`] and stored in `faces/`, their maps in
/// `masks/` and `depth/`; then come `failures.csv`, `dataset.toml` and, last, `manifest.csv`:
/// without a manifest a folder is no dataset. Everything that is written is the same for any number
/// of threads. `progress` is called after every sample, from many threads; its
/// [`ControlFlow::Break`] stops the work.
///
/// A sample that cannot be stored becomes a line of `failures.csv` and the work goes on.
///
/// # Errors
/// [`PrepareError`]: the input is not of the layout, the output is not empty (see
/// [`PrepareOptions::overwrite`]) or not writable, the work was stopped, or failures left nothing,
/// or nothing of a class of a split. The folder then holds no manifest.
pub fn prepare(
    layout: &dyn Layout,
    input: &Path,
    output: &Path,
    options: &PrepareOptions,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<PrepareSummary, PrepareError> {
    options.validate()?;
    let mut scan = layout.scan(input)?;
    let name = options.dataset_name(layout, input)?;
    for row in &mut scan.rows {
        if row.dataset.is_empty() {
            row.dataset.clone_from(&name);
        }
    }
    let mut info = DatasetInfo::new(&name, layout.name());
    info.source = input.display().to_string();
    info.parameters = options.parameters();
    info.official = scan.official;
    info.notes = scan.notes;
    info.notes.extend(absent_classes(&scan.rows));
    let listed = scan.rows.len() as u64;
    let summary = |info: DatasetInfo, stored: u64, failures| PrepareSummary {
        name: info.name,
        counts: info.counts,
        official: info.official,
        notes: info.notes,
        failures,
        listed,
        stored,
        dry_run: options.dry_run,
    };
    if options.dry_run {
        info.counts = counts(&scan.rows, []);
        return Ok(summary(info, 0, Vec::new()));
    }
    let out = Output::create(output, options.overwrite)?;
    let jobs = names::jobs(&scan.rows);
    out.folders(&jobs)?;
    let state = Mutex::new(Progress {
        done: 0,
        total: listed,
        failed: 0,
    });
    let results: Vec<_> = jobs
        .par_iter()
        .map(|job| {
            let result = store::store(job, &scan.root, output, options)?;
            let now = {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.done += 1;
                state.failed += u64::from(result.is_err());
                *state
            };
            match progress(now) {
                ControlFlow::Continue(()) => Ok(result),
                ControlFlow::Break(()) => Err(PrepareError::Stopped {
                    path: output.to_owned(),
                }),
            }
        })
        .collect::<Result<_, PrepareError>>()?;
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(row) => rows.push(row),
            Err(failure) => failures.push(failure),
        }
    }
    out.write_failures(&failures)?;
    info.counts = counts(&scan.rows, &rows);
    emptied(output, &info.counts, &failures)?;
    info.write(output)?;
    write_manifest(output.join("manifest.csv"), &rows)?;
    Ok(summary(info, rows.len() as u64, failures))
}

/// Notes on splits that have only one class, or none at all.
fn absent_classes(rows: &[ManifestRow]) -> Vec<String> {
    let present: BTreeSet<_> = rows.iter().map(|r| (r.split, r.label)).collect();
    let splits: BTreeSet<_> = present.iter().map(|(split, _)| *split).collect();
    let mut notes = Vec::new();
    for split in fasgard_metrics::Split::ALL {
        if !splits.contains(&Some(split)) {
            notes.push(format!("there is no {split} split"));
        }
    }
    for split in splits.into_iter().flatten() {
        for label in [fasgard_metrics::Label::Live, fasgard_metrics::Label::Attack] {
            if !present.contains(&(Some(split), label)) {
                notes.push(format!("the {split} split has no {label} sample"));
            }
        }
    }
    notes
}

/// Refuses a dataset of which failures left nothing, or nothing of a class of a split.
fn emptied(output: &Path, counts: &[Count], failures: &[Failure]) -> Result<(), PrepareError> {
    let Some(first) = failures.first() else {
        return Ok(());
    };
    let cells: BTreeSet<_> = counts.iter().map(|c| (c.split, c.label)).collect();
    let mut empty = Vec::new();
    for (split, label) in cells {
        let of_cell = || {
            counts
                .iter()
                .filter(move |c| (c.split, c.label) == (split, label))
        };
        if of_cell().all(|c| c.found == 0) {
            let listed: u64 = of_cell().map(|c| c.expected).sum();
            let split = split.map_or("(no split)".to_owned(), |s| s.to_string());
            empty.push(format!("{split} {label} (0 of {listed})"));
        }
    }
    if empty.is_empty() {
        return Ok(());
    }
    Err(PrepareError::Emptied {
        path: output.join("failures.csv"),
        empty: empty.join(", "),
        failures: failures.len(),
        first: format!("{}: {}", first.sample, first.reason),
    })
}
