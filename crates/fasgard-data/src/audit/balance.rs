//! What each split holds.

use std::collections::{BTreeMap, BTreeSet};

use fasgard_metrics::Split;
use serde::{Deserialize, Serialize};

use crate::Sample;

/// What a split holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The split.
    pub split: Split,
    /// Live samples.
    pub live: u64,
    /// Attack samples.
    pub attack: u64,
    /// Recordings; a sample without a video is one.
    pub videos: u64,
    /// People that are known.
    pub subjects: u64,
    /// Attack samples of each species.
    pub species: BTreeMap<String, u64>,
}

pub(super) fn of(samples: &[Sample]) -> Vec<Balance> {
    let split = |split| {
        let own = || samples.iter().filter(move |s| s.row.split == Some(split));
        let mut species = BTreeMap::new();
        for name in own().filter_map(|s| s.row.species.as_ref()) {
            *species.entry(name.to_string()).or_default() += 1;
        }
        let live = own().filter(|s| s.row.label.is_live()).count() as u64;
        let subjects: BTreeSet<_> = own()
            .filter_map(|s| Some((&s.row.dataset, s.row.subject.as_ref()?)))
            .collect();
        let videos: BTreeSet<_> = own().map(|s| s.row.video_key()).collect();
        Balance {
            split,
            live,
            attack: own().count() as u64 - live,
            videos: videos.len() as u64,
            subjects: subjects.len() as u64,
            species,
        }
    };
    Split::ALL.into_iter().map(split).collect()
}
