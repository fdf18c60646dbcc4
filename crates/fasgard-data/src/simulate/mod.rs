//! Real live faces re-captured as presentation attacks.

mod error;
mod job;
mod options;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use fasgard_image::random::stream;
use fasgard_metrics::Split;
use rand::Rng;

pub use error::SimulateError;
pub use options::{Artefact, SimulateOptions};

use job::Job;

use crate::dataset::{Dataset, Sample};
use crate::info::{DatasetInfo, counts};
use crate::prepare::{Progress, emptied};
use crate::writing::write_dataset;

/// Re-captures every live sample of a prepared dataset as its live twin and as presentation
/// attacks, writes them as a prepared dataset into the folder `output` and opens it: a pure function
/// of source and options, the same files for any number of threads.
///
/// Split, subject and attributes are the live sample's, so no one changes sides; what was drawn is
/// in attributes that begin with `sim_`. Twin and attacks of a sample end in the same simulated
/// camera. Partial attacks have exact masks. Where the live sample has a depth map, the twin carries
/// it over and partial attacks keep it where the person is seen; whole-image attacks need no file,
/// since their mask and depth are zero (but see [`SimulateOptions::attack_depth`]). The source's
/// attacks are not used.
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
    let wide_scale = options.wide_scale(source.infos());
    let jobs = jobs(source, options);
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
        &|job: &Job<'_>| job.write(output, &name, options, wide_scale),
        |made| {
            let mut expected = Vec::new();
            for job in &jobs {
                expected.push(job.row(&name, None)?);
                for attack in job.attacks(options) {
                    expected.push(job.row(&name, Some(attack))?);
                }
            }
            let counts = counts(&expected, &made.rows);
            emptied(output, &counts, &made.failures)?;
            let mut info = DatasetInfo::new(&name, "simulated");
            info.source = names.join("+");
            info.parameters = options.parameters(wide_scale);
            info.notes.push(
                "attacks are simulated from pictures of live faces: results say nothing of real attacks".to_owned(),
            );
            info.notes.push(
                "live samples are photographed again by the same simulated camera as the attacks"
                    .to_owned(),
            );
            info.counts = counts;
            Ok::<_, SimulateError>(info)
        },
        progress,
        &parts.into_iter().collect::<Vec<_>>(),
    )?;
    Ok(Dataset::open(output)?)
}

/// The live samples, with names that are unique over all source datasets.
fn jobs<'a>(source: &'a Dataset, options: &SimulateOptions) -> Vec<Job<'a>> {
    let several = source.infos().len() > 1;
    let live: Vec<&Sample> = (source.samples().iter())
        .filter(|s| s.row.label.is_live())
        .collect();
    let mut people: BTreeMap<_, Vec<&Sample>> = BTreeMap::new();
    if options.artefact == Artefact::Other {
        for sample in &live {
            people.entry(person(sample)).or_default().push(sample);
        }
    }
    let jobs = live.iter().enumerate().map(|(number, live)| Job {
        live,
        number,
        name: if several {
            live.row.key()
        } else {
            live.row.sample.clone()
        },
        shown: (live.row.subject.as_ref())
            .and_then(|_| people.get(&person(live)))
            .and_then(|same| other(live, same, options.seed)),
    });
    jobs.collect()
}

/// Who is seen, within a split: subjects of different datasets are different people.
fn person(sample: &Sample) -> (&str, Option<Split>, Option<&str>) {
    let row = &sample.row;
    (&row.dataset, row.split, row.subject.as_deref())
}

/// Another sample of the same person, of another recording if there is one.
fn other<'a>(live: &Sample, same: &[&'a Sample], seed: u64) -> Option<&'a Sample> {
    let recording = live.row.video_key();
    let mut others: Vec<&&Sample> = same
        .iter()
        .filter(|s| s.row.video_key() != recording)
        .collect();
    if others.is_empty() {
        others = same
            .iter()
            .filter(|s| s.row.sample != live.row.sample)
            .collect();
    }
    if others.is_empty() {
        return None;
    }
    let mut rng = stream(seed, "simulate-artefact", 0, &live.row.key());
    Some(others[rng.random_range(0..others.len())])
}
