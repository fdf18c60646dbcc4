//! What may make results on a dataset look better than they are: people and pictures in two splits,
//! and single numbers that tell live from attack without looking at the attack.

mod balance;
mod duplicates;
mod labels;
mod shortcuts;
mod subjects;

use fasgard_image::DecodeError;
use fasgard_metrics::Split;
use serde::{Deserialize, Serialize};

use crate::protocol::Overlap;
use crate::{Dataset, Sample, features};

pub use balance::Balance;
pub use duplicates::NEAR_BITS;
pub use shortcuts::{STRONG, Shortcut, Together};

/// Examples of a finding that are named.
pub(crate) const NAMED: usize = 5;

/// The pairs of splits, the earlier one first.
pub(crate) const PAIRS: [(Split, Split); 3] = [
    (Split::Train, Split::Dev),
    (Split::Train, Split::Test),
    (Split::Dev, Split::Test),
];

/// The audit of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Version of this format: 1.
    pub schema: u32,
    /// The datasets' names.
    pub datasets: Vec<String>,
    /// What each split holds.
    pub balance: Vec<Balance>,
    /// People and pictures that are in two splits.
    pub leaks: Vec<Leak>,
    /// Every single feature as a detector.
    pub shortcuts: Vec<Shortcut>,
    /// All of them together; none if train has one class only.
    pub together: Option<Together>,
    /// What is odd about labels, subjects and species.
    pub labels: Vec<String>,
    /// Images that could not be read, and the first of them.
    pub unreadable: u64,
    /// The first error of an unreadable image.
    pub first_error: Option<String>,
}

/// Something that is in two splits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// What.
    pub kind: LeakKind,
    /// The two splits.
    pub splits: [Split; 2],
    /// How many people, or samples of the second split.
    pub count: u64,
    /// Of how many in the second split.
    pub of: u64,
    /// Some of them.
    pub examples: Vec<String>,
    /// Why it is so, where the protocol declares it.
    pub declared: Option<String>,
}

/// What is in two splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeakKind {
    /// A person.
    Subject,
    /// The same file.
    ExactDuplicate,
    /// Nearly the same picture of the same person, or of one who is not known.
    NearDuplicate,
    /// Nearly the same picture, yet of people who are known to differ: a likeness, no leak.
    LookAlike,
}

impl Leak {
    /// Whether it makes results on the second split optimistic and is not declared.
    pub fn is_undeclared(&self) -> bool {
        self.declared.is_none() && self.kind != LeakKind::LookAlike
    }
}

impl Audit {
    /// Whether anything is in two splits that must not be.
    pub fn leaks_undeclared(&self) -> bool {
        self.leaks.iter().any(Leak::is_undeclared)
    }
}

/// Audits a dataset with the splits that it has; `declared` are the overlaps of its protocol. Every
/// image of a split is read; `tick` is called after each.
pub fn audit(dataset: &Dataset, declared: &[Overlap], tick: &(dyn Fn() + Sync)) -> Audit {
    let samples: Vec<Sample> = dataset
        .samples()
        .iter()
        .filter(|s| s.row.split.is_some())
        .cloned()
        .collect();
    let mut errors: Vec<DecodeError> = Vec::new();
    let mut features = Vec::with_capacity(samples.len());
    for found in features::extract(&samples, tick) {
        features.push(match found {
            Ok(found) => Some(found),
            Err(error) => {
                errors.push(error);
                None
            }
        });
    }
    let mut leaks = subjects::shared(&samples);
    leaks.extend(duplicates::exact(&samples));
    leaks.extend(duplicates::near(&samples, &features));
    for leak in &mut leaks {
        let same = |o: &&Overlap| {
            let [a, b] = leak.splits;
            o.splits == [a, b] || o.splits == [b, a]
        };
        leak.declared = declared.iter().find(same).map(|o| o.why.clone());
    }
    let (shortcuts, together) = shortcuts::measure(&samples, &features);
    Audit {
        schema: 1,
        datasets: dataset.infos().iter().map(|i| i.name.clone()).collect(),
        balance: balance::of(&samples),
        leaks,
        shortcuts,
        together,
        labels: labels::odd(&samples),
        unreadable: errors.len() as u64,
        first_error: errors.first().map(ToString::to_string),
    }
}
