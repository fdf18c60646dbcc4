//! Real live faces re-captured as presentation attacks.

mod error;
mod job;
mod options;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

pub use error::SimulateError;
pub use options::SimulateOptions;

use job::Job;

use crate::dataset::Dataset;
use crate::info::{DatasetInfo, counts};
use crate::manifest::ManifestRow;
use crate::prepare::Progress;
use crate::writing::{Made, part, write_dataset};

/// Re-captures every live sample of a prepared dataset as its live twin and as presentation
/// attacks, writes them as a prepared dataset into the folder `output` and opens it: a pure function
/// of source and options, the same files for any number of threads.
///
/// Split, subject and attributes are the live sample's, so no one changes sides; what was drawn is
/// in attributes that begin with `sim_`. Twin and attacks of a sample end in the same simulated
/// camera. Partial attacks have exact masks. Where the live sample has a depth map, the twin carries
/// it over and partial attacks keep it where the person is seen; whole-image attacks need no file,
/// since their mask and depth are zero. The source's attacks are not used.
///
/// A sample that cannot be re-captured becomes a line of `failures.csv`. `progress` is called after
/// every live sample, from many threads; its [`ControlFlow::Break`] stops.
///
/// # Errors
/// [`SimulateError`]: no live samples, an option out of range, an output that is not empty or not
/// writable, failures that left a split without a class, or the work was stopped.
pub fn simulate(
    source: &Dataset,
    output: &Path,
    options: &SimulateOptions,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<Dataset, SimulateError> {
    options.validate()?;
    let names: Vec<_> = source.infos().iter().map(|i| i.name.as_str()).collect();
    let jobs = jobs(source);
    if jobs.is_empty() {
        return Err(SimulateError::NoLive {
            dataset: names.join("+"),
            found: source.samples().len(),
        });
    }
    let name = match &options.name {
        Some(name) => name.clone(),
        None => format!("{}-simulated", names.join("+")),
    };
    let parts: BTreeSet<_> = jobs.iter().map(|job| job.live.row.split).collect();
    write_dataset(
        (output, options.overwrite),
        &jobs,
        &|job: &Job<'_>| job.write(output, &name, options),
        |made| {
            let mut expected = Vec::new();
            for job in &jobs {
                expected.push(job.row(&name, None)?);
                for attack in job.attacks(options) {
                    expected.push(job.row(&name, Some(attack))?);
                }
            }
            emptied(output, &expected, made)?;
            let mut info = DatasetInfo::new(&name, "simulated");
            info.source = names.join("+");
            info.parameters = options.parameters();
            info.notes.push(
                "attacks are simulated from pictures of live faces: results say nothing of real attacks".to_owned(),
            );
            info.notes.push(
                "live samples are photographed again by the same simulated camera as the attacks"
                    .to_owned(),
            );
            info.counts = counts(&expected, &made.rows);
            Ok::<_, SimulateError>(info)
        },
        progress,
        &parts.into_iter().collect::<Vec<_>>(),
    )?;
    Ok(Dataset::open(output)?)
}

/// The live samples, with names that are unique over all source datasets.
fn jobs(source: &Dataset) -> Vec<Job<'_>> {
    let several = source.infos().len() > 1;
    source
        .samples()
        .iter()
        .filter(|s| s.row.label.is_live())
        .enumerate()
        .map(|(number, live)| Job {
            live,
            number,
            name: if several {
                live.row.key()
            } else {
                live.row.sample.clone()
            },
        })
        .collect()
}

/// Refuses a dataset of which failures left nothing of a class of a split.
fn emptied(output: &Path, expected: &[ManifestRow], made: &Made) -> Result<(), SimulateError> {
    let cells =
        |rows: &[ManifestRow]| -> BTreeSet<_> { rows.iter().map(|r| (r.split, r.label)).collect() };
    let found = cells(&made.rows);
    let empty: Vec<_> = cells(expected)
        .into_iter()
        .filter(|cell| !found.contains(cell))
        .map(|(split, label)| format!("{} {label}", part(split)))
        .collect();
    match made.failures.first() {
        Some(first) if !empty.is_empty() => Err(SimulateError::Emptied {
            path: output.join("failures.csv"),
            empty: empty.join(", "),
            failures: made.failures.len(),
            first: format!("{}: {}", first.sample, first.reason),
        }),
        _ => Ok(()),
    }
}
