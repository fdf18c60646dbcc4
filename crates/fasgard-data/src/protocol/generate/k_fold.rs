//! k-fold by subject: subjects are shared out into k parts of like sizes; in fold i part i is test,
//! part i + 1 dev, the others train.

use std::collections::{BTreeMap, HashMap, HashSet};

use fasgard_image::random::stream;
use fasgard_metrics::Split;
use rand::Rng;

use super::{Assigned, Generate, Rows, taken, unit};

pub(super) fn names(generate: &Generate) -> Vec<String> {
    let folds = generate.folds.unwrap_or_default();
    (1..=folds).map(|i| i.to_string()).collect()
}

pub(super) fn assign(generate: &Generate, rows: &Rows<'_>, part: usize, parts: usize) -> Assigned {
    let of = shares(generate, rows, parts);
    let split = |row: &&crate::ManifestRow| {
        let own = *of.get(&unit(row))?;
        let split = if own == part {
            Split::Test
        } else if own == (part + 1) % parts {
            Split::Dev
        } else {
            Split::Train
        };
        taken(generate, rows, row).then_some(split)
    };
    let note = format!(
        "{} subjects (videos where subjects are not known) were shared out into {parts} parts by seed {}: part {} is test, part {} dev",
        of.len(),
        generate.seed,
        part + 1,
        (part + 1) % parts + 1
    );
    Assigned {
        splits: rows.rows.iter().map(split).collect(),
        cut_dev: false,
        notes: vec![note],
    }
}

/// The part of every unit. The largest units come first, equal ones in drawn order; each goes to the
/// part where the sum of squared shares of live and of every species grows least.
fn shares(generate: &Generate, rows: &Rows<'_>, parts: usize) -> HashMap<String, usize> {
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut units: BTreeMap<String, HashMap<&str, f64>> = BTreeMap::new();
    let mut seen = HashSet::new();
    for row in rows.rows.iter().filter(|row| taken(generate, rows, row)) {
        if !seen.insert(row.video_key()) {
            continue;
        }
        *classes.entry(row.class_name()).or_default() += 1;
        *units
            .entry(unit(row))
            .or_default()
            .entry(row.class_name())
            .or_default() += 1.0;
    }
    let mut order: Vec<_> = units
        .into_iter()
        .map(|(name, counts)| {
            // In the order of names: a sum of counts is exact in any order.
            let size = counts.values().sum::<f64>() as u64;
            let hash = stream(generate.seed, "k-fold", 0, &name).random::<u64>();
            (std::cmp::Reverse(size), hash, name, counts)
        })
        .collect();
    order.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
    let mut loads: Vec<HashMap<&str, f64>> = vec![HashMap::new(); parts];
    let mut of = HashMap::new();
    for (_, _, name, counts) in order {
        let grows = |load: &HashMap<&str, f64>| -> f64 {
            // In the order of the classes, so that the sum has one value.
            let terms = classes.iter().map(|(class, total)| {
                let add = counts.get(class).copied().unwrap_or_default();
                let has = load.get(class).copied().unwrap_or_default();
                let total = *total as f64;
                ((has + add).powi(2) - has.powi(2)) / (total * total)
            });
            terms.sum()
        };
        let mut best = (f64::INFINITY, 0);
        for (i, load) in loads.iter().enumerate() {
            let growth = grows(load);
            if growth < best.0 {
                best = (growth, i);
            }
        }
        for (class, add) in counts {
            *loads[best.1].entry(class).or_default() += add;
        }
        of.insert(name, best.1);
    }
    of
}
