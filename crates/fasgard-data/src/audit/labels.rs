//! What is odd about labels, subjects and species.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use fasgard_metrics::Split;

use super::balance;
use crate::Sample;

/// A class that is so much rarer than the other is said.
const RATIO: u64 = 20;

pub(super) fn odd(samples: &[Sample]) -> Vec<String> {
    let mut odd = Vec::new();
    let mut files: HashMap<&str, &Sample> = HashMap::new();
    let mut videos: HashMap<String, &Sample> = HashMap::new();
    let mut contrary = Vec::new();
    let mut mixed: BTreeSet<String> = BTreeSet::new();
    for sample in samples {
        if let Some(hash) = &sample.row.sha256 {
            let first = *files.entry(hash).or_insert(sample);
            if first.row.label != sample.row.label {
                contrary.push(format!("{} and {}", first.row.key(), sample.row.key()));
            }
        }
        let first = *videos.entry(sample.row.video_key()).or_insert(sample);
        if (first.row.label, &first.row.species) != (sample.row.label, &sample.row.species) {
            mixed.insert(sample.row.video_key());
        }
    }
    if let Some(first) = contrary.first() {
        odd.push(format!(
            "{} files are live and attack at once, such as {first}",
            contrary.len()
        ));
    }
    if let Some(first) = mixed.first() {
        odd.push(format!(
            "{} videos have frames of several labels or species, such as {first}",
            mixed.len()
        ));
    }
    for split in Split::ALL {
        let mut people: BTreeMap<(&str, &str), HashSet<bool>> = BTreeMap::new();
        for s in samples.iter().filter(|s| s.row.split == Some(split)) {
            if let Some(subject) = &s.row.subject {
                let classes = people.entry((&s.row.dataset, subject)).or_default();
                classes.insert(s.row.label.is_live());
            }
        }
        let one = people.values().filter(|c| c.len() == 1).count();
        if one > 0 {
            odd.push(format!(
                "{split}: {one} of {} people are seen in one class only: who it is tells what it is",
                people.len()
            ));
        }
    }
    for balance in balance::of(samples) {
        let (least, most) = (
            balance.live.min(balance.attack),
            balance.live.max(balance.attack),
        );
        if most == 0 {
            odd.push(format!("{}: no samples", balance.split));
        } else if least == 0 {
            odd.push(format!("{}: one class only", balance.split));
        } else if most / least >= RATIO {
            odd.push(format!(
                "{}: {} live and {} attack samples: one class is more than {RATIO} times the other",
                balance.split, balance.live, balance.attack
            ));
        }
    }
    odd
}
