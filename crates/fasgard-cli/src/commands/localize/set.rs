//! The pictures that are measured, with their masks.

use std::collections::{BTreeMap, HashMap};

use fasgard_data::truth::{Region, TruthMap, truths};
use fasgard_data::{Dataset, LoadError, Sample};
use fasgard_image::Preprocess;
use fasgard_metrics::{Species, Split};

use super::evidence::Evidence;
use crate::failure::misuse;

/// Samples that take part.
pub(super) struct Set {
    pub(super) samples: Vec<Sample>,
    /// One a sample, each a map a scale.
    pub(super) truths: Vec<Vec<TruthMap>>,
    /// The number of each sample's person; its video or itself where no person is known.
    pub(super) clusters: Vec<u32>,
    /// The scales, largest first.
    pub(super) sides: Vec<usize>,
    /// How many samples have no part in it, by reason.
    pub(super) left_out: BTreeMap<&'static str, u64>,
}

impl Set {
    /// Samples whose masks have not been read.
    pub(super) fn new(samples: Vec<Sample>) -> Self {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let clusters = samples.iter().map(|s| {
            let key = match &s.row.subject {
                Some(subject) => format!("{}/subject/{subject}", s.row.dataset),
                None => s.row.video_key(),
            };
            let next = numbers.len() as u32;
            *numbers.entry(key).or_insert(next)
        });
        Self {
            clusters: clusters.collect(),
            samples,
            truths: Vec::new(),
            sides: Vec::new(),
            left_out: BTreeMap::new(),
        }
    }
}

/// The attacks of a split that have a mask, of the species asked for (none: all).
pub(super) fn masked(dataset: &Dataset, split: Split, species: &[Species]) -> Vec<Sample> {
    let mut samples = dataset.rows(split);
    samples.retain(|s| {
        let own = s.row.species.as_ref();
        s.row.mask.is_some() && own.is_some_and(|own| species.is_empty() || species.contains(own))
    });
    samples
}

/// Reads the masks of a set and keeps the samples that have both a map and a mask.
pub(super) fn join(
    set: Set,
    evidence: Evidence,
    preprocess: &Preprocess,
    region: Region,
) -> anyhow::Result<(Set, Evidence)> {
    let found = truths(set.samples.clone(), preprocess, &evidence.sides, region);
    let found = found.map_err(misuse)?;
    let mut kept = Set {
        samples: Vec::new(),
        truths: Vec::new(),
        clusters: Vec::new(),
        sides: evidence.sides.clone(),
        left_out: BTreeMap::new(),
    };
    let mut maps = Vec::new();
    let all = set.samples.into_iter().zip(set.clusters).zip(found);
    for (((sample, cluster), truth), map) in all.zip(evidence.maps) {
        let why = match (truth, map) {
            (Ok(truth), Some(map)) => {
                kept.samples.push(sample);
                kept.clusters.push(cluster);
                kept.truths.push(truth);
                maps.push(Some(map));
                continue;
            }
            (Err(LoadError::NoDepth { .. }), _) => "no depth map",
            (Err(LoadError::Map { .. }), _) => "mask or depth map unreadable",
            _ => "picture unreadable",
        };
        *kept.left_out.entry(why).or_default() += 1;
    }
    let evidence = Evidence { maps, ..evidence };
    Ok((kept, evidence))
}
