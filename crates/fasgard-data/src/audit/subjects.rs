//! People who are in two splits.

use std::collections::BTreeSet;

use fasgard_metrics::Split;

use super::{Leak, LeakKind, NAMED, PAIRS};
use crate::Sample;

pub(super) fn shared(samples: &[Sample]) -> Vec<Leak> {
    let of = |split: Split| -> BTreeSet<(&str, &str)> {
        let own = samples.iter().filter(|s| s.row.split == Some(split));
        own.filter_map(|s| Some((s.row.dataset.as_str(), s.row.subject.as_deref()?)))
            .collect()
    };
    let mut leaks = Vec::new();
    for (first, second) in PAIRS {
        let (a, b) = (of(first), of(second));
        let both: Vec<_> = a.intersection(&b).collect();
        if !both.is_empty() {
            leaks.push(Leak {
                kind: LeakKind::Subject,
                splits: [first, second],
                count: both.len() as u64,
                of: b.len() as u64,
                examples: both
                    .iter()
                    .take(NAMED)
                    .map(|(dataset, subject)| format!("{dataset}/{subject}"))
                    .collect(),
                declared: None,
            });
        }
    }
    leaks
}
