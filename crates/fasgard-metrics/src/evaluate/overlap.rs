//! What dev and test have in common, or should.

use std::collections::{BTreeSet, HashMap, HashSet};

use rayon::prelude::*;

use super::{WarningCode, warnings::short};
use crate::score::{
    ScoreTable,
    table::{Same, hash},
};

/// Samples and subjects of test that are in dev too, species that are not, and models that differ.
pub(super) fn overlap(
    dev: &ScoreTable,
    test: &ScoreTable,
    warn: &mut impl FnMut(WarningCode, String),
) {
    if dev.sha256 == test.sha256 {
        warn(
            WarningCode::DevIsTest,
            "dev and test are the same file: the threshold was chosen on the evaluated scores"
                .to_owned(),
        );
    } else {
        let shared = shared_samples(dev, test);
        if shared > 0 {
            let of = test.len();
            warn(
                WarningCode::DevIsTest,
                format!("{shared} of {of} samples of the test set are in the dev set too"),
            );
        }
        let (of_dev, of_test) = (subjects(dev), subjects(test));
        let shared = of_test.intersection(&of_dev).count();
        if shared > 0 {
            let of = of_test.len();
            warn(
                WarningCode::SharedSubjects,
                format!("{shared} of {of} subjects of the test set are in the dev set too"),
            );
        }
    }
    let species = |table: &ScoreTable| -> BTreeSet<String> {
        let names = table.species_names.values().iter();
        names.map(|s| s.to_string()).collect()
    };
    let new: Vec<String> = species(test).difference(&species(dev)).cloned().collect();
    if !new.is_empty() {
        warn(
            WarningCode::SpeciesNotInDev,
            format!(
                "species of the test set that the dev set lacks: {}; the threshold was chosen without them",
                new.join(", ")
            ),
        );
    }
    if let (Some(a), Some(b)) = (&dev.origin, &test.origin)
        && a.weights_sha256 != b.weights_sha256
    {
        warn(
            WarningCode::OtherModel,
            format!(
                "dev scores are of model {} (weights {}), test scores of model {} (weights {}): the threshold is another model's",
                a.model,
                short(&a.weights_sha256),
                b.model,
                short(&b.weights_sha256)
            ),
        );
    }
}

/// How many samples of test have the dataset and key of one of dev. Keys made of line numbers say
/// nothing about what is in the line.
fn shared_samples(dev: &ScoreTable, test: &ScoreTable) -> usize {
    let (Some(_), Some(_)) = (&dev.samples, &test.samples) else {
        return 0;
    };
    let key = |table: &ScoreTable, i: usize| hash(&(table.dataset_of(i), &*table.sample(i)));
    let keys = |table: &ScoreTable| -> Vec<u64> {
        let mut keys: Vec<u64> = (0..table.len())
            .into_par_iter()
            .map(|i| key(table, i))
            .collect();
        keys.par_sort_unstable();
        keys
    };
    let of_dev = keys(dev);
    let candidates: Vec<usize> = (0..test.len())
        .into_par_iter()
        .filter(|&i| of_dev.binary_search(&key(test, i)).is_ok())
        .collect();
    if candidates.is_empty() {
        return 0;
    }
    // Equal hashes are not yet equal keys.
    let wanted: HashSet<u64, std::hash::BuildHasherDefault<Same>> =
        candidates.iter().map(|&i| key(test, i)).collect();
    let mut rows: HashMap<u64, Vec<usize>> = HashMap::new();
    for i in 0..dev.len() {
        let key = key(dev, i);
        if wanted.contains(&key) {
            rows.entry(key).or_default().push(i);
        }
    }
    let equal = |i: usize, j: usize| {
        (test.dataset_of(i), test.sample(i)) == (dev.dataset_of(j), dev.sample(j))
    };
    let is_shared = |&&i: &&usize| {
        let same = rows.get(&key(test, i));
        same.is_some_and(|rows| rows.iter().any(|&j| equal(i, j)))
    };
    candidates.iter().filter(is_shared).count()
}

fn subjects(table: &ScoreTable) -> HashSet<(String, String)> {
    let mut seen = HashSet::new();
    let mut last = None;
    for key in table.dataset.iter().zip(table.subject.iter()) {
        if last != Some(key) && !table.subjects.get(key.1).is_empty() {
            seen.insert(key);
        }
        last = Some(key);
    }
    seen.into_iter()
        .map(|(dataset, subject)| {
            let dataset = table.datasets.get(dataset).to_owned();
            (dataset, table.subjects.get(subject).to_owned())
        })
        .collect()
}
