//! A prepared dataset written from computed rows.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fasgard_metrics::Split;
use rayon::prelude::*;

use crate::info::DatasetInfo;
use crate::manifest::{ManifestRow, RelativePath, hashes, write_hashes, write_manifest};
use crate::prepare::{Failure, Output, PrepareError, Progress};

/// What one job stored and what it left out.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) rows: Vec<ManifestRow>,
    pub(crate) failures: Vec<Failure>,
}

/// Runs jobs in parallel and writes what surrounds their files: folders by split before, then
/// `failures.csv`, `dataset.toml`, `maps.sha256` and, last, `manifest.csv`. `make` writes a job's own files below
/// `faces/`, `masks/` and `depth/`, each in the folder of its [`part`]; `describe` gets all rows
/// and failures in the order of the jobs and may refuse.
pub(crate) fn write_dataset<J: Sync, E: From<PrepareError>>(
    (output, overwrite): (&Path, bool),
    jobs: &[J],
    make: &(dyn Fn(&J) -> Result<Made, PrepareError> + Sync),
    describe: impl FnOnce(&Made) -> Result<DatasetInfo, E>,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
    parts: &[Option<Split>],
) -> Result<(), E> {
    let out = Output::create(output, overwrite, None)?;
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in ["faces", "depth", "masks"] {
        folders.push(folder.into());
        folders.extend(parts.iter().map(|&p| Path::new(folder).join(part(p))));
    }
    out.make(&folders)?;
    let state = Mutex::new(Progress {
        done: 0,
        total: jobs.len() as u64,
        failed: 0,
    });
    let made: Vec<Made> = jobs
        .par_iter()
        .map(|job| {
            let made = make(job)?;
            let now = {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.done += 1;
                state.failed += u64::from(!made.failures.is_empty());
                *state
            };
            match progress(now) {
                ControlFlow::Continue(()) => Ok(made),
                ControlFlow::Break(()) => Err(PrepareError::Stopped {
                    path: output.to_owned(),
                    resumes: false,
                }),
            }
        })
        .collect::<Result<_, PrepareError>>()?;
    let mut all = Made::default();
    for one in made {
        all.rows.extend(one.rows);
        all.failures.extend(one.failures);
    }
    out.write_failures(&all.failures)?;
    let info = describe(&all)?;
    info.write(output).map_err(PrepareError::from)?;
    let mut maps = all.rows.iter().flat_map(hashes).peekable();
    if maps.peek().is_some() {
        write_hashes(output, |add| maps.try_for_each(add)).map_err(PrepareError::from)?;
    }
    write_manifest(output.join("manifest.csv"), &all.rows).map_err(PrepareError::from)?;
    Ok(())
}

/// The folder of a split's files below `faces/`, `masks/` and `depth/`.
pub(crate) fn part(split: Option<Split>) -> String {
    split.map_or_else(|| "none".to_owned(), |s| s.to_string())
}

/// A path below the output that this program made up.
pub(crate) fn own_path(path: &str) -> Result<RelativePath, PrepareError> {
    RelativePath::new(path).map_err(|expected| PrepareError::Option {
        key: "path",
        expected,
        found: path.to_owned(),
    })
}
