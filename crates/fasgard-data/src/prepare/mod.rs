//! Raw recordings to a prepared dataset.

mod crop;
mod depth;
mod error;
mod face;
mod hash;
mod journal;
mod medium;
mod names;
mod options;
mod output;
mod select;
mod store;
mod verify;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use rayon::prelude::*;

pub use depth::DEPTH_ATTRIBUTE;
pub use error::PrepareError;
pub use face::Faces;
pub use options::{AttackDepth, CropPolicy, DepthPolicy, PrepareOptions, StoredFormat};
pub use verify::{CheckError, CheckReport, Damaged, check};

pub(crate) use hash::sha256_hex;
pub(crate) use output::{Output, write_folder_file};

use crate::info::{Count, DatasetInfo, OfficialCount, planned_counts};
use crate::layout::{Layout, Place, Scan, is_video};
use crate::manifest::{ManifestRow, write_manifest};
use crate::video::Tools;

use journal::{Entry, Journal};
use medium::Work;

/// Side of stored masks and depth maps in pixels.
pub const MAP_SIDE: u32 = 128;

/// Side of the stored crop as a multiple of the face box's longer side: room for every crop scale
/// and jitter in use.
pub const WIDE_SCALE: f32 = 1.6;

/// How far long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Files done.
    pub done: u64,
    /// Files in all.
    pub total: u64,
    /// Failures so far.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrepareSummary {
    /// Name of the dataset.
    pub name: String,
    /// Samples per split, label and species: listed by the input, and stored. After a dry run
    /// nothing is stored.
    pub counts: Vec<Count>,
    /// Published sizes beside what the input lists.
    pub official: Vec<OfficialCount>,
    /// Files that the layout expects and the input does not have.
    pub missing: Vec<String>,
    /// Media in the input that the layout does not know.
    pub surplus: Vec<String>,
    /// What a reader must know: how splits were made, what was left out, classes that are absent.
    pub notes: Vec<String>,
    /// What was left out, in the order of the input; also in `failures.csv`.
    pub failures: Vec<Failure>,
    /// Media, images and videos, that the input lists.
    pub listed: u64,
    /// Media that an earlier, interrupted run had done.
    pub resumed: u64,
    /// Samples that were stored.
    pub stored: u64,
    /// Whether nothing was written on purpose.
    pub dry_run: bool,
}

/// Reads `input` by its layout and writes a prepared dataset to the folder `output`.
///
/// Images and the chosen frames of videos are decoded, their faces found if
/// [`PrepareOptions::crop`] or [`PrepareOptions::depth`] asks for it (with `faces`), cut and stored
/// in `faces/`, their maps in `masks/` and `depth/`; then come `failures.csv`, `dataset.toml` and,
/// last, `manifest.csv`: without a manifest a folder is no dataset. Everything that is written is
/// the same for any number of threads. `progress` is called after every file, from many threads;
/// its [`ControlFlow::Break`] stops the work.
///
/// An interrupted preparation goes on where it stopped if the same work is asked for again: nothing
/// that is done is done again.
///
/// A sample that cannot be stored becomes a line of `failures.csv` and the work goes on.
///
/// # Errors
/// [`PrepareError`]: the input is not of the layout, the output is not empty (see
/// [`PrepareOptions::overwrite`]) or not writable, ffmpeg or the face weights are needed and
/// missing, the work was stopped, or failures left nothing, or nothing of a class of a split. The
/// folder then holds no manifest.
pub fn prepare(
    layout: &dyn Layout,
    input: &Path,
    output: &Path,
    options: &PrepareOptions,
    faces: Option<&Faces>,
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
    let chosen = select::select(&mut scan.rows, options);
    if scan.rows.is_empty() {
        return Err(PrepareError::Nothing {
            input: input.to_owned(),
            pattern: options.only.clone().unwrap_or_default(),
        });
    }
    let mut info = DatasetInfo::new(&name, layout.name());
    info.source = input.display().to_string();
    info.parameters = options.parameters();
    info.official = std::mem::take(&mut scan.official);
    info.notes = std::mem::take(&mut scan.notes);
    info.missing = bounded(
        std::mem::take(&mut scan.missing),
        "missing",
        &mut info.notes,
    );
    info.surplus = bounded(
        std::mem::take(&mut scan.surplus),
        "surplus",
        &mut info.notes,
    );
    info.notes.extend(chosen);
    info.notes.extend(absent_classes(&scan.rows));
    let mut summary = PrepareSummary {
        listed: scan.rows.len() as u64,
        dry_run: options.dry_run,
        ..PrepareSummary::default()
    };
    if options.dry_run {
        info.counts = planned_counts(scan.rows.iter().map(|row| (row, 1)), []);
        return Ok(summary.described(info));
    }
    let work = Work {
        layout,
        root: &scan.root,
        output,
        options,
        faces,
        tools: tools(&scan, input)?,
    };
    weights(&work, &scan.rows)?;
    let jobs = names::jobs(&scan.rows);
    let parameters = toml::to_string(&info.parameters).unwrap_or_default();
    let with_faces = if faces.is_some() { "faces" } else { "" };
    let source = scan
        .root
        .canonicalize()
        .unwrap_or_else(|_| scan.root.clone());
    let key = journal::work(
        &[
            &info.tool,
            layout.name(),
            &source.to_string_lossy(),
            &parameters,
            with_faces,
        ],
        &scan.rows,
    );
    let out = Output::create(output, options.overwrite, Some(&key))?;
    let (journal, done) = match out.resumed() {
        true => Journal::resume(output, jobs.len())?,
        false => (Journal::start(output, &key)?, Default::default()),
    };
    summary.resumed = done.len() as u64;
    out.folders(&jobs)?;
    let state = Mutex::new((
        journal,
        Progress {
            done: summary.resumed,
            total: summary.listed,
            failed: done.values().map(|e| e.failures.len() as u64).sum(),
        },
    ));
    let made: Vec<(usize, Entry)> = jobs
        .par_iter()
        .enumerate()
        .filter(|(index, _)| !done.contains_key(index))
        .map(|(index, job)| {
            let entry = work.store(job)?;
            let now = {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.0.add(index, &entry)?;
                state.1.done += 1;
                state.1.failed += entry.failures.len() as u64;
                state.1
            };
            match progress(now) {
                ControlFlow::Continue(()) => Ok((index, entry)),
                ControlFlow::Break(()) => Err(PrepareError::Stopped {
                    path: output.to_owned(),
                }),
            }
        })
        .collect::<Result<_, PrepareError>>()?;
    let mut entries = done;
    entries.extend(made);
    let (mut rows, mut planned) = (Vec::new(), Vec::new());
    for (index, entry) in entries {
        planned.push((jobs[index].row, entry.planned));
        rows.extend(entry.rows);
        summary.failures.extend(entry.failures);
    }
    out.write_failures(&summary.failures)?;
    info.counts = planned_counts(planned, &rows);
    emptied(output, &info.counts, &summary.failures)?;
    info.notes.extend(depth_note(&rows));
    info.write(output)?;
    write_manifest(output.join("manifest.csv"), &rows)?;
    let (journal, _) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    journal.finish(output)?;
    summary.stored = rows.len() as u64;
    Ok(summary.described(info))
}

impl PrepareSummary {
    fn described(self, info: DatasetInfo) -> Self {
        Self {
            name: info.name,
            counts: info.counts,
            official: info.official,
            missing: info.missing,
            surplus: info.surplus,
            notes: info.notes,
            ..self
        }
    }
}

/// Names of a list that are kept: a nearly empty tree of a large dataset misses hundreds of
/// thousands of files, and `dataset.toml` is to stay readable.
const NAMES: usize = 20_000;

fn bounded(mut names: Vec<String>, what: &str, notes: &mut Vec<String>) -> Vec<String> {
    if names.len() > NAMES {
        notes.push(format!(
            "{} files are {what}; the first {NAMES} are named",
            names.len()
        ));
        names.truncate(NAMES);
    }
    names
}

/// The video tools, if there is a video.
fn tools(scan: &Scan, input: &Path) -> Result<Option<Tools>, PrepareError> {
    let video = scan.rows.iter().find(|row| is_video(row.image.as_str()));
    let tools = video.map(|row| {
        Tools::find().map_err(|source| PrepareError::Video {
            example: input.join(row.image.as_str()),
            source,
        })
    });
    tools.transpose()
}

/// Refuses work that needs face weights which are not there, before anything is written, if the
/// first medium shows that it does.
fn weights(work: &Work<'_>, rows: &[ManifestRow]) -> Result<(), PrepareError> {
    let (crop, depth) = (work.options.crop, work.options.depth);
    let Some(first) = rows.first().filter(|_| work.faces.is_none()) else {
        return Ok(());
    };
    let given = match work.layout.annotations(work.root, first) {
        Ok(annotations) if !annotations.is_empty() => return Ok(()),
        _ => Place {
            face: first.face,
            eyes: first.eyes,
        },
    };
    if depth == DepthPolicy::Mesh || face::wants_detection(crop, Some(given)) {
        return Err(PrepareError::Weights {
            example: first.image.to_string(),
            crop,
            depth,
        });
    }
    Ok(())
}

/// Where the depth maps come from, if some were made.
fn depth_note(rows: &[ManifestRow]) -> Option<String> {
    let mut sources: std::collections::BTreeMap<&str, u64> = Default::default();
    for row in rows {
        if let Some(source) = row.attributes.get(DEPTH_ATTRIBUTE) {
            *sources.entry(source).or_default() += 1;
        }
    }
    let list: Vec<_> = sources.iter().map(|(s, n)| format!("{s}: {n}")).collect();
    (!list.is_empty()).then(|| {
        format!(
            "depth maps by source, or the reason why a sample has none: {}; `eyes` is one canonical face fitted to the eyes, not the person's own shape",
            list.join(", ")
        )
    })
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
