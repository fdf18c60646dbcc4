//! A fold that was assigned.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use fasgard_metrics::{Label, Split};
use serde::Serialize;

use crate::Dataset;

/// The splits before they are checked.
pub(super) struct Assigned {
    /// Of every row, in the order of the rows.
    pub(super) splits: Vec<Option<Split>>,
    /// Whether dev is cut from train.
    pub(super) cut_dev: bool,
    pub(super) notes: Vec<String>,
}

/// The splits of a fold, checked and counted.
#[derive(Clone, Debug)]
pub struct Fold {
    /// Name of the fold.
    pub name: String,
    /// Train, dev and test.
    pub counts: [SplitCounts; 3],
    /// Rows that are in no split.
    pub unassigned: u64,
    /// Counts that are not the published ones.
    pub differences: Vec<Difference>,
    /// Whether published counts were there to compare with.
    pub checked: bool,
    /// What a reader must know: where dev comes from, overlaps that the protocol declares.
    pub notes: Vec<String>,
    /// By `dataset/sample`.
    pub(super) splits: HashMap<String, Split>,
}

/// What a split holds. Presentations are videos or samples, as the protocol's `level` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitCounts {
    /// The split.
    pub split: Split,
    /// Live presentations.
    pub live: u64,
    /// Attack presentations.
    pub attack: u64,
    /// Rows of both.
    pub samples: u64,
    /// Subjects that are known.
    pub subjects: u64,
    /// Attack presentations of each species.
    pub species: BTreeMap<String, u64>,
}

/// A count that is not the published one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The fold.
    pub fold: String,
    /// `train`, `dev`, `test`, `train with dev` or `total`.
    pub part: String,
    /// The class.
    pub label: Label,
    /// The published number.
    pub expected: u64,
    /// The number found.
    pub found: u64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "fold `{}`, {} {}: expected {} as published, found {}",
            self.fold, self.part, self.label, self.expected, self.found
        )
    }
}

impl Fold {
    /// The counts of a split.
    pub fn count(&self, split: Split) -> &SplitCounts {
        &self.counts[split as usize]
    }

    /// The split of `dataset/sample`.
    pub fn split(&self, key: &str) -> Option<Split> {
        self.splits.get(key).copied()
    }

    /// The same samples with this fold's splits; manifests stay as they are.
    #[must_use]
    pub fn apply(&self, dataset: Dataset) -> Dataset {
        dataset.with_splits(|row| self.split(&row.key()))
    }
}
