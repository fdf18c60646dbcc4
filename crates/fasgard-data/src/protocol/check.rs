//! What must hold of a fold before anything is trained on it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fasgard_metrics::{Label, Level, Split};

use super::fold::{Assigned, Difference, Fold, SplitCounts};
use super::{Counts, Protocol, ProtocolError, Rows, cut};
use crate::manifest::ManifestRow;

/// Subjects that a message names.
const NAMED: usize = 5;

/// Cuts a dev split if there is none, checks the splits and counts them.
pub(super) fn fold(
    protocol: &Protocol,
    name: &str,
    rows: &Rows<'_>,
    assigned: Assigned,
) -> Result<Fold, ProtocolError> {
    let Assigned {
        mut splits,
        cut_dev,
        mut notes,
    } = assigned;
    if cut_dev {
        let level = protocol.file.level;
        notes.extend(cut::dev(
            &rows.rows,
            &mut splits,
            level,
            protocol.file.dev_seed,
        ));
    }
    let counts = Split::ALL.map(|split| count(&rows.rows, &splits, split, protocol.file.level));
    for (split, counts) in Split::ALL.into_iter().zip(&counts) {
        let (path, fold) = (protocol.path.clone(), name.to_owned());
        let found = counts.samples as usize;
        match (counts.live, counts.attack) {
            (0, 0) => {
                let hint = match (split, cut_dev) {
                    (Split::Dev, true) => {
                        "; train has too few subjects to cut dev from: give the fold `dev` rules"
                    }
                    (_, true) | (_, false) => {
                        "; see the protocol's rules, and whether --data names every dataset it needs"
                    }
                };
                return Err(ProtocolError::EmptySplit {
                    path,
                    fold,
                    split,
                    rows: rows.rows.len(),
                    datasets: rows.names(),
                    hint: hint.to_owned(),
                });
            }
            (live, 0) | (0, live) => {
                let only = if counts.live == live {
                    Label::Live
                } else {
                    Label::Attack
                };
                return Err(ProtocolError::OneClass {
                    path,
                    fold,
                    split,
                    found,
                    only,
                });
            }
            _ => {}
        }
    }
    notes.extend(subjects(protocol, name, rows, &splits)?);
    let differences = differences(protocol, name, &counts, cut_dev);
    let applies = |fold: &String| fold == "*" || fold == name;
    let assigned = rows.rows.iter().zip(&splits);
    let splits: std::collections::HashMap<_, _> = assigned
        .filter_map(|(row, split)| Some((row.key(), (*split)?)))
        .collect();
    Ok(Fold {
        name: name.to_owned(),
        unassigned: (rows.rows.len() - splits.len()) as u64,
        counts,
        differences,
        checked: protocol.file.expected.iter().any(|e| applies(&e.fold)),
        notes,
        splits,
    })
}

fn count(
    rows: &[&ManifestRow],
    splits: &[Option<Split>],
    split: Split,
    level: Level,
) -> SplitCounts {
    let mut counts = SplitCounts {
        split,
        live: 0,
        attack: 0,
        samples: 0,
        subjects: 0,
        species: BTreeMap::new(),
    };
    let (mut seen, mut subjects) = (HashSet::new(), HashSet::new());
    for (row, _) in rows.iter().zip(splits).filter(|(_, s)| **s == Some(split)) {
        counts.samples += 1;
        if let Some(subject) = &row.subject {
            subjects.insert((&row.dataset, subject));
        }
        if level == Level::Video && !seen.insert(row.video_key()) {
            continue;
        }
        match &row.species {
            None => counts.live += 1,
            Some(species) => {
                counts.attack += 1;
                *counts.species.entry(species.to_string()).or_default() += 1;
            }
        }
    }
    counts.subjects = subjects.len() as u64;
    counts
}

/// Notes about subjects that are in two splits on purpose, and about rows without one.
fn subjects(
    protocol: &Protocol,
    name: &str,
    rows: &Rows<'_>,
    splits: &[Option<Split>],
) -> Result<Vec<String>, ProtocolError> {
    let mut of: [BTreeSet<(&str, &str)>; 3] = Default::default();
    let mut unknown: BTreeMap<&str, u64> = BTreeMap::new();
    for (row, split) in rows.rows.iter().zip(splits) {
        match (split, &row.subject) {
            (Some(split), Some(subject)) => {
                of[*split as usize].insert((&row.dataset, subject));
            }
            (Some(_), None) => *unknown.entry(&row.dataset).or_default() += 1,
            (None, _) => {}
        }
    }
    let mut notes = Vec::new();
    for (first, second) in [
        (Split::Train, Split::Dev),
        (Split::Train, Split::Test),
        (Split::Dev, Split::Test),
    ] {
        let shared: Vec<_> = of[first as usize]
            .intersection(&of[second as usize])
            .collect();
        if shared.is_empty() {
            continue;
        }
        let named: Vec<_> = shared
            .iter()
            .take(NAMED)
            .map(|(dataset, subject)| format!("`{subject}` of {dataset}"))
            .collect();
        let examples = named.join(", ");
        let declared = protocol
            .file
            .overlap
            .iter()
            .find(|o| o.splits == [first, second] || o.splits == [second, first]);
        match declared {
            Some(overlap) => notes.push(format!(
                "declared: {} subjects are in {first} and in {second}, such as {examples}: {}",
                shared.len(),
                overlap.why
            )),
            None => {
                return Err(ProtocolError::SharedSubjects {
                    path: protocol.path.clone(),
                    fold: name.to_owned(),
                    first,
                    second,
                    count: shared.len(),
                    examples,
                });
            }
        }
    }
    for (dataset, count) in unknown {
        notes.push(format!(
            "{count} rows of {dataset} have no subject: whether a person is in two splits is not known"
        ));
    }
    Ok(notes)
}

fn differences(
    protocol: &Protocol,
    name: &str,
    counts: &[SplitCounts; 3],
    cut_dev: bool,
) -> Vec<Difference> {
    let [train, dev, test] = counts.each_ref().map(|c| [c.live, c.attack]);
    let sum = |a: [u64; 2], b: [u64; 2]| [a[0] + b[0], a[1] + b[1]];
    let (of_train, part) = match cut_dev {
        true => (sum(train, dev), "train with dev"),
        false => (train, "train"),
    };
    let mut differences = Vec::new();
    for expected in &protocol.file.expected {
        if expected.fold != "*" && expected.fold != name {
            continue;
        }
        for (part, wanted, found) in [
            (part, expected.train, of_train),
            ("dev", expected.dev, dev),
            ("test", expected.test, test),
            ("total", expected.total, sum(sum(train, dev), test)),
        ] {
            let Counts { live, attack } = wanted;
            for (label, expected, found) in [
                (Label::Live, live, found[0]),
                (Label::Attack, attack, found[1]),
            ] {
                if let Some(expected) = expected.filter(|e| *e != found) {
                    differences.push(Difference {
                        fold: name.to_owned(),
                        part: part.to_owned(),
                        label,
                        expected,
                        found,
                    });
                }
            }
        }
    }
    differences
}
