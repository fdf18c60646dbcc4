//! What is to be prepared, and preparing it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::emptied::emptied;
use super::journal::{self, Journal};
use super::medium::Work;
use super::names::Jobs;
use super::output::Output;
use super::{
    DEPTH_ATTRIBUTE, DepthPolicy, Faces, PrepareError, PrepareOptions, PrepareSummary, Progress,
    face, select,
};
use crate::info::{Counter, DatasetInfo};
use crate::layout::{Layout, Place, Scan, is_video};
use crate::manifest::{Rows, write_cells, write_hashes};
use crate::video::Tools;

/// An input whose names are listed: what [`prepare`](super::prepare()) would do. Counts come first
/// and cost little; [`Plan::run`] then needs no second look at the names.
pub struct Plan<'a> {
    layout: &'a dyn Layout,
    input: &'a Path,
    options: &'a PrepareOptions,
    scan: Scan,
    info: DatasetInfo,
}

impl std::fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("name", &self.info.name)
            .field("media", &self.scan.rows.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Plan<'a> {
    /// Lists `input` by its layout; no medium is opened and nothing is written.
    ///
    /// # Errors
    /// [`PrepareError`]: an option is out of range, the input is not of the layout, or nothing of
    /// it is chosen.
    pub fn new(
        layout: &'a dyn Layout,
        input: &'a Path,
        options: &'a PrepareOptions,
    ) -> Result<Self, PrepareError> {
        options.validate()?;
        let mut scan = layout.scan(input)?;
        let name = options.dataset_name(layout, input)?;
        scan.rows.name_dataset(&name);
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
        Ok(Self {
            layout,
            input,
            options,
            scan,
            info,
        })
    }

    /// What the input lists, with nothing stored: the outcome of a dry run.
    pub fn summary(&self) -> PrepareSummary {
        let mut info = self.info.clone();
        let mut counter = Counter::default();
        self.scan
            .rows
            .iter()
            .for_each(|row| counter.expect(&row, 1));
        info.counts = counter.finish();
        let summary = PrepareSummary {
            listed: self.scan.rows.len() as u64,
            dry_run: true,
            ..PrepareSummary::default()
        };
        summary.described(info)
    }

    /// Prepares what is listed: see [`prepare`](super::prepare()).
    ///
    /// # Errors
    /// As [`prepare`](super::prepare()).
    pub fn run(
        self,
        output: &Path,
        faces: Option<&Faces>,
        progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
    ) -> Result<PrepareSummary, PrepareError> {
        let Self {
            layout,
            input,
            options,
            scan,
            mut info,
        } = self;
        let mut summary = PrepareSummary {
            listed: scan.rows.len() as u64,
            ..PrepareSummary::default()
        };
        let work = Work {
            layout,
            root: &scan.root,
            output,
            options,
            faces,
            tools: tools(&scan, input)?,
        };
        weights(&work, &scan.rows)?;
        let jobs = Jobs::new(&scan.rows);
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
        let journal = match out.resumed() {
            true => Journal::resume(output, jobs.len())?,
            false => Journal::start(output, &key, jobs.len())?,
        };
        summary.resumed = journal.done() as u64;
        out.folders(&jobs)?;
        let mut failed = 0;
        journal.entries(&mut |_, entry| failed += entry.failures.len() as u64)?;
        let state = Mutex::new((
            journal,
            Progress {
                done: summary.resumed,
                total: summary.listed,
                failed,
            },
        ));
        let locked = || state.lock().unwrap_or_else(PoisonError::into_inner);
        // One after the other, so that the journal's lines are nearly in the order of the jobs.
        let left = (0..jobs.len()).filter(|&index| !locked().0.has(index));
        let left = left.filter_map(|index| Some((index, jobs.get(index)?)));
        left.par_bridge().try_for_each(|(index, job)| {
            let entry = work.store(&job)?;
            let now = {
                let mut state = locked();
                state.0.add(index, &entry)?;
                state.1.done += 1;
                state.1.failed += entry.failures.len() as u64;
                state.1
            };
            match progress(now) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(PrepareError::Stopped {
                    path: output.to_owned(),
                    resumes: true,
                }),
            }
        })?;
        let (journal, _) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut counter = Counter::default();
        let mut depths = DepthSources::default();
        let mut maps = false;
        journal.entries(&mut |index, entry| {
            if let Some(row) = scan.rows.get(index) {
                counter.expect(&row, entry.planned);
            }
            for row in &entry.rows {
                counter.find(row);
                maps |= row.mask.is_some() || row.depth.is_some();
                if let Some(source) = row.attributes.get(DEPTH_ATTRIBUTE) {
                    *depths.entry(source.to_owned()).or_default() += 1;
                }
            }
            summary.stored += entry.rows.len() as u64;
            summary.failures.extend(entry.failures);
        })?;
        out.write_failures(&summary.failures)?;
        info.counts = counter.finish();
        emptied(output, &info.counts, &summary.failures)?;
        info.notes.extend(depth_note(&depths));
        info.write(output)?;
        if maps {
            write_hashes(output, |add| journal.maps(add))?;
        }
        write_cells(output.join("manifest.csv"), |add| journal.rows(add))?;
        journal.finish(output)?;
        Ok(summary.described(info))
    }
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
fn weights(work: &Work<'_>, rows: &Rows) -> Result<(), PrepareError> {
    let (crop, depth) = (work.options.crop, work.options.depth);
    let Some(first) = rows.get(0).filter(|_| work.faces.is_none()) else {
        return Ok(());
    };
    let given = match work.layout.annotations(work.root, &first) {
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

/// Samples by where their depth map comes from, or why they have none.
type DepthSources = BTreeMap<String, u64>;

/// Where the depth maps come from, if some were made.
fn depth_note(sources: &DepthSources) -> Option<String> {
    let list: Vec<_> = sources.iter().map(|(s, n)| format!("{s}: {n}")).collect();
    (!list.is_empty()).then(|| {
        format!(
            "depth maps by source, or the reason why a sample has none: {}; `eyes` is one canonical face fitted to the eyes, not the person's own shape",
            list.join(", ")
        )
    })
}

/// Notes on splits that have only one class, or none at all.
fn absent_classes(rows: &Rows) -> Vec<String> {
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
