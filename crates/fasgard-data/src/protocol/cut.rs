//! A dev split for folds that have none.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use fasgard_image::random::stream;
use fasgard_metrics::{Level, Split};
use rand::Rng;

use crate::layout::choose_subjects;
use crate::manifest::ManifestRow;

/// With more subjects than this they are drawn by a hash of their names, not chosen by their counts.
const CHOSEN: usize = 20;

/// Moves about a fifth of train to dev, each dataset by itself, and returns notes for the reader.
///
/// Whole subjects are moved: of up to 20 those whose presentations are nearest to a fifth of the
/// live and of the attack ones, of more a fifth drawn by `seed` and a hash of their names. Where a
/// row of train has no subject, videos are drawn instead, a fifth of each class.
pub(super) fn dev(
    rows: &[&ManifestRow],
    splits: &mut [Option<Split>],
    level: Level,
    seed: u64,
) -> Vec<String> {
    let mut datasets: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        if splits[i] == Some(Split::Train) {
            datasets.entry(&row.dataset).or_default().push(i);
        }
    }
    let mut notes = Vec::new();
    for (dataset, own) in datasets {
        let known = own.iter().all(|&i| rows[i].subject.is_some());
        let key = |i: usize| match (known, &rows[i].subject) {
            (true, Some(subject)) => subject.clone(),
            _ => rows[i].video_key(),
        };
        let chosen = match known {
            true => by_subject(rows, &own, level, seed),
            false => by_video(rows, &own, seed),
        };
        let units: HashSet<String> = own.iter().map(|&i| key(i)).collect();
        let what = if known { "subjects" } else { "videos" };
        let Some(chosen) = chosen else {
            notes.push(format!(
                "no dev split was cut from train of {dataset}: it has too few {what} ({})",
                units.len()
            ));
            continue;
        };
        for i in own {
            if chosen.contains(&key(i)) {
                splits[i] = Some(Split::Dev);
            }
        }
        let how = match (known, units.len() > CHOSEN) {
            (true, false) => {
                let names: Vec<_> = chosen.iter().map(String::as_str).collect();
                format!(
                    "the subjects {}, nearest to a fifth of train",
                    names.join(", ")
                )
            }
            (true, true) => format!(
                "{} of {} subjects, drawn by seed {seed}",
                chosen.len(),
                units.len()
            ),
            (false, _) => format!(
                "{} of {} videos, a fifth of each class, drawn by seed {seed} (subjects are not known)",
                chosen.len(),
                units.len()
            ),
        };
        notes.push(format!("dev is cut from train of {dataset}: {how}"));
    }
    notes
}

fn by_subject(
    rows: &[&ManifestRow],
    own: &[usize],
    level: Level,
    seed: u64,
) -> Option<BTreeSet<String>> {
    let mut subjects: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut seen = HashSet::new();
    for row in own.iter().map(|&i| rows[i]) {
        if level == Level::Video && !seen.insert(row.video_key()) {
            continue;
        }
        let subject = row.subject.clone().unwrap_or_default();
        subjects.entry(subject).or_default()[usize::from(row.label.class())] += 1;
    }
    choose_subjects(&subjects, CHOSEN, subjects.len().div_ceil(5).min(4), seed)
}

fn by_video(rows: &[&ManifestRow], own: &[usize], seed: u64) -> Option<BTreeSet<String>> {
    let mut classes: HashMap<&str, BTreeSet<String>> = HashMap::new();
    for row in own.iter().map(|&i| rows[i]) {
        classes
            .entry(row.class_name())
            .or_default()
            .insert(row.video_key());
    }
    let mut chosen = BTreeSet::new();
    for videos in classes.into_values() {
        let fifth = (videos.len() as f64 / 5.0).round() as usize;
        chosen.extend(drawn(videos, seed, "dev", fifth));
    }
    (!chosen.is_empty()).then_some(chosen)
}

/// `count` of the names: those whose hashes come first.
pub(super) fn drawn(
    names: impl IntoIterator<Item = String>,
    seed: u64,
    purpose: &str,
    count: usize,
) -> impl Iterator<Item = String> {
    let mut order: Vec<_> = names
        .into_iter()
        .map(|name| (stream(seed, purpose, 0, &name).random::<u64>(), name))
        .collect();
    order.sort();
    order.into_iter().take(count).map(|(_, name)| name)
}
