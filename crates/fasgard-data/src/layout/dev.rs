//! A dev split for datasets that have none.

use std::collections::{BTreeMap, BTreeSet};

use fasgard_image::random::stream;
use fasgard_metrics::Split;
use rand::Rng;

use crate::manifest::Rows;

/// What a dataset is called in the note, what a row of it is, and the most subjects to move.
pub(super) struct Cut {
    pub(super) dataset: &'static str,
    pub(super) medium: &'static str,
    pub(super) most: usize,
}

/// With more subjects than this they are drawn, not chosen.
const CHOSEN: usize = 60;

impl Cut {
    /// Moves whole subjects from train to dev: of all choices of up to `most` subjects the one
    /// whose shares of train's live and of its attack rows are nearest to a fifth each. Of more
    /// than 60 subjects a fifth is drawn by a hash of their names.
    ///
    /// Returns a note for the reader.
    pub(super) fn apply(&self, rows: &mut Rows) -> String {
        let mut subjects: BTreeMap<String, [u64; 2]> = BTreeMap::new();
        let mut totals = [0_u64; 2];
        for row in rows.iter().filter(|r| r.split == Some(Split::Train)) {
            let class = usize::from(row.label.class());
            totals[class] += 1;
            let subject = row.subject.unwrap_or_default();
            subjects.entry(subject).or_default()[class] += 1;
        }
        let Some(chosen) = choose_subjects(&subjects, CHOSEN, self.most, 0) else {
            return format!(
                "no dev split was cut: train has too few subjects with both live and attack {}",
                self.medium
            );
        };
        let mut moved = [0_u64; 2];
        for index in 0..rows.len() {
            let row = (rows.get(index)).filter(|row| row.split == Some(Split::Train));
            if let Some(row) = row
                && row.subject.is_some_and(|s| chosen.contains(&s))
            {
                rows.set_split(index, Split::Dev);
                moved[usize::from(row.label.class())] += 1;
            }
        }
        let names = if subjects.len() > CHOSEN {
            format!(
                "{} of {} subjects, drawn by a hash of their names,",
                chosen.len(),
                subjects.len()
            )
        } else {
            let names: Vec<_> = chosen.iter().map(String::as_str).collect();
            format!("the subjects {}", names.join(", "))
        };
        format!(
            "{} has no dev split: {names} were moved from train to dev with all their {} ({} of {} live, {} of {} attack); the test split is the official one",
            self.dataset, self.medium, moved[1], totals[1], moved[0], totals[0],
        )
    }
}

/// A fifth of the subjects, given their attack and live counts: of all choices of up to `most` the
/// one whose shares of attack and live are nearest to a fifth each; of more than `limit` subjects
/// a fifth drawn by `seed`. `None` if a class would be missing on either side.
pub(crate) fn choose_subjects(
    subjects: &BTreeMap<String, [u64; 2]>,
    limit: usize,
    most: usize,
    seed: u64,
) -> Option<BTreeSet<String>> {
    match subjects.len() > limit {
        true => drawn(subjects, seed),
        false => nearest(subjects, most),
    }
}

fn nearest(subjects: &BTreeMap<String, [u64; 2]>, most: usize) -> Option<BTreeSet<String>> {
    let counts: Vec<_> = subjects.iter().collect();
    let totals = [0, 1].map(|c| counts.iter().map(|(_, n)| n[c]).sum::<u64>());
    let mut best: Option<(f64, Vec<usize>)> = None;
    for choice in choices(counts.len(), most) {
        let part = [0, 1].map(|c| choice.iter().map(|&i| counts[i].1[c]).sum::<u64>());
        // Dev needs both classes, and so does what stays.
        if (0..2).any(|c| part[c] == 0 || part[c] == totals[c]) {
            continue;
        }
        let distance = |c: usize| (part[c] as f64 / totals[c] as f64 - 0.2).abs();
        let distance = distance(0) + distance(1);
        if best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, choice));
        }
    }
    best.map(|(_, choice)| choice.iter().map(|&i| counts[i].0.clone()).collect())
}

/// A fifth of the subjects, those whose hashes come first; `None` if a class would be missing.
fn drawn(subjects: &BTreeMap<String, [u64; 2]>, seed: u64) -> Option<BTreeSet<String>> {
    let mut order: Vec<_> = subjects
        .iter()
        .map(|(name, counts)| (stream(seed, "dev", 0, name).random::<u64>(), name, counts))
        .collect();
    order.sort();
    let (dev, train) = order.split_at((order.len() as f64 / 5.0).round() as usize);
    let both = |part: &[(u64, &String, &[u64; 2])]| {
        (0..2).all(|c| part.iter().any(|(_, _, counts)| counts[c] > 0))
    };
    (both(dev) && both(train)).then(|| dev.iter().map(|(_, name, _)| (*name).clone()).collect())
}

/// Every choice of one to `most` of `count` things, in lexical order.
fn choices(count: usize, most: usize) -> Vec<Vec<usize>> {
    fn extend(
        choice: &mut Vec<usize>,
        from: usize,
        count: usize,
        most: usize,
        all: &mut Vec<Vec<usize>>,
    ) {
        for next in from..count {
            choice.push(next);
            all.push(choice.clone());
            if choice.len() < most {
                extend(choice, next + 1, count, most, all);
            }
            choice.pop();
        }
    }
    let mut all = Vec::new();
    extend(&mut Vec::new(), 0, count, most, &mut all);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_in_order() {
        let expected: Vec<Vec<usize>> = vec![
            vec![0],
            vec![0, 1],
            vec![0, 2],
            vec![1],
            vec![1, 2],
            vec![2],
        ];
        assert_eq!(choices(3, 2), expected);
        assert_eq!(choices(20, 4).len(), 20 + 190 + 1140 + 4845);
    }
}
