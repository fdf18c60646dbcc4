//! Frames that belong together: a person's, a recording's, a folder's.

use std::{collections::BTreeMap, fmt};

use fasgard_metrics::resample::{Bootstrap, Interval, rate_interval};
use serde::Serialize;

/// What the frames of a cluster share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterUnit {
    /// Who is shown.
    Subject,
    /// The recording.
    Video,
    /// The folder that their files lie in: a person's, or a session's.
    Folder,
}

impl ClusterUnit {
    /// The name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Video => "video",
            Self::Folder => "folder",
        }
    }
}

impl fmt::Display for ClusterUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which frames belong together: a number for every score, in the same order. The same number of a
/// live and an attack frame means nothing: the classes are drawn apart.
#[derive(Clone, Copy, Debug)]
pub struct CameraClusters<'a> {
    /// What they share.
    pub unit: ClusterUnit,
    /// Of the live frames.
    pub live: &'a [u32],
    /// Of the attack frames.
    pub attack: &'a [u32],
}

/// The rates of a calibration where frames of a cluster are not taken as independent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clustered {
    /// What the frames of a cluster share.
    pub unit: ClusterUnit,
    /// Clusters with live frames.
    pub live: u64,
    /// Clusters with attack frames.
    pub attack: u64,
    /// 95 % interval of the new threshold's BPCER over frames, by [`rate_interval`].
    pub bpcer: Option<Interval>,
    /// Of the threshold before; null if there was none.
    pub bpcer_before: Option<Interval>,
    /// Of the new threshold's APCER; null without attack frames.
    pub apcer: Option<Interval>,
    /// Of the threshold before.
    pub apcer_before: Option<Interval>,
}

/// The frames of one class: scores, each with its cluster if that is known.
pub(super) struct Class(Vec<(f64, Option<u32>)>);

impl Class {
    /// Frames with a finite score; `clusters` are as many as `scores`, or none at all.
    pub(super) fn new(scores: &[f64], clusters: Option<&[u32]>) -> Self {
        let cluster = |i: usize| clusters.and_then(|c| c.get(i)).copied();
        let frames = scores.iter().enumerate().map(|(i, s)| (*s, cluster(i)));
        Self(frames.filter(|(score, _)| score.is_finite()).collect())
    }

    /// How many clusters there are.
    pub(super) fn count(&self) -> u64 {
        let mut ids: Vec<_> = self.0.iter().filter_map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len() as u64
    }

    /// The interval of the share of frames that `is_error` holds of.
    pub(super) fn interval(&self, is_error: impl Fn(f64) -> bool) -> Option<Interval> {
        let mut cells: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for (score, id) in &self.0 {
            let cell = cells.entry((*id)?).or_default();
            cell.0 += u64::from(is_error(*score));
            cell.1 += 1;
        }
        let cells: Vec<_> = cells.into_values().collect();
        rate_interval(&cells, Bootstrap::default())
    }
}
