//! Pictures that are in two splits.

use std::collections::HashMap;

use fasgard_metrics::Split;

use super::{Leak, LeakKind, NAMED, PAIRS};
use crate::Sample;
use crate::features::SampleFeatures;

/// Two pictures are near duplicates if their perceptual hashes differ in at most so many of their 63
/// bits.
pub const NEAR_BITS: u32 = 3;

/// Parts of a hash. Hashes that differ in at most [`NEAR_BITS`] bits agree in one of the parts.
const PARTS: u32 = NEAR_BITS + 1;

fn leak(
    kind: LeakKind,
    (first, second): (Split, Split),
    found: &[(&Sample, &Sample)],
    of: usize,
) -> Option<Leak> {
    let example = |(a, b): &(&Sample, &Sample)| format!("{} = {}", b.row.key(), a.row.key());
    (!found.is_empty()).then(|| Leak {
        kind,
        splits: [first, second],
        count: found.len() as u64,
        of: of as u64,
        examples: found.iter().take(NAMED).map(example).collect(),
        declared: None,
    })
}

/// Samples whose file is also in an earlier split.
pub(super) fn exact(samples: &[Sample]) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for (first, second) in PAIRS {
        let of = |split| samples.iter().filter(move |s| s.row.split == Some(split));
        let hashes: HashMap<&str, &Sample> = of(first)
            .filter_map(|s| Some((s.row.sha256.as_deref()?, s)))
            .collect();
        let same = |s| Some((*hashes.get(Sample::sha256(s)?)?, s));
        let found: Vec<_> = of(second).filter_map(same).collect();
        let all = of(second).count();
        leaks.extend(leak(LeakKind::ExactDuplicate, (first, second), &found, all));
    }
    leaks
}

impl Sample {
    fn sha256(&self) -> Option<&str> {
        self.row.sha256.as_deref()
    }
}

/// Samples that look like one of an earlier split.
pub(super) fn near(samples: &[Sample], features: &[Option<SampleFeatures>]) -> Vec<Leak> {
    let hashed: Vec<(&Sample, u64)> = samples
        .iter()
        .zip(features)
        .filter_map(|(s, f)| Some((s, f.as_ref()?.hash)))
        .collect();
    let part = |hash: u64, i: u32| (i, (hash >> (i * 64 / PARTS)) & ((1 << (64 / PARTS)) - 1));
    let mut leaks = Vec::new();
    for (first, second) in PAIRS {
        let of = |split| {
            hashed
                .iter()
                .filter(move |(s, _)| s.row.split == Some(split))
        };
        let mut index: HashMap<(u32, u64), Vec<(&Sample, u64)>> = HashMap::new();
        for (sample, hash) in of(first) {
            for i in 0..PARTS {
                index
                    .entry(part(*hash, i))
                    .or_default()
                    .push((sample, *hash));
            }
        }
        let (mut same, mut alike) = (Vec::new(), Vec::new());
        for (sample, hash) in of(second) {
            let candidates = (0..PARTS)
                .filter_map(|i| index.get(&part(*hash, i)))
                .flatten();
            let mut other = None;
            let mut own = None;
            for (candidate, its) in candidates {
                if (hash ^ its).count_ones() > NEAR_BITS || sample.sha256_is(candidate) {
                    continue;
                }
                if different_people(sample, candidate) {
                    other = other.or(Some(*candidate));
                } else {
                    own = Some(*candidate);
                    break;
                }
            }
            match (own, other) {
                (Some(candidate), _) => same.push((candidate, *sample)),
                (None, Some(candidate)) => alike.push((candidate, *sample)),
                (None, None) => {}
            }
        }
        let all = of(second).count();
        leaks.extend(leak(LeakKind::NearDuplicate, (first, second), &same, all));
        leaks.extend(leak(LeakKind::LookAlike, (first, second), &alike, all));
    }
    leaks
}

impl Sample {
    /// Whether both are the same file, which is an exact duplicate.
    fn sha256_is(&self, other: &Self) -> bool {
        self.sha256().is_some() && self.sha256() == other.sha256()
    }
}

fn different_people(a: &Sample, b: &Sample) -> bool {
    match (&a.row.subject, &b.row.subject) {
        (Some(x), Some(y)) => (x, &a.row.dataset) != (y, &b.row.dataset),
        _ => false,
    }
}
