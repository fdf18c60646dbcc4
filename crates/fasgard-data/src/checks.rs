//! What must hold before a dataset is trained or scored on.

use std::collections::{BTreeMap, HashMap};

use fasgard_metrics::{Label, Split};

use crate::{Dataset, Sample};

/// A dataset that is not fit for its use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A split has no samples.
    #[error(
        "split `{split}` of {datasets}: expected samples, found none; the manifest has {found}"
    )]
    EmptySplit {
        /// The split.
        split: Split,
        /// The datasets' names.
        datasets: String,
        /// What there is instead.
        found: String,
    },
    /// A split has only one class.
    #[error(
        "split `{split}` of {datasets}: expected live and attack samples, found {found} samples that are all {only} (such as `{example}`)"
    )]
    OneClass {
        /// The split.
        split: Split,
        /// The datasets' names.
        datasets: String,
        /// Number of samples.
        found: usize,
        /// The class there is.
        only: Label,
        /// A sample.
        example: String,
    },
}

/// Something suspicious that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataWarning {
    /// The same image file is in two splits.
    SharedImage {
        /// A sample and its split.
        first: (String, Split),
        /// The other sample and its split.
        second: (String, Split),
        /// How many images are in more than one split, this one included.
        images: usize,
    },
    /// The same person is in two splits.
    SharedSubject {
        /// The dataset.
        dataset: String,
        /// The person.
        subject: String,
        /// The splits.
        splits: Vec<Split>,
        /// How many persons are in more than one split, this one included.
        subjects: usize,
    },
}

impl std::fmt::Display for DataWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SharedImage {
                first,
                second,
                images,
            } => write!(
                f,
                "{images} image(s) are in more than one split, such as `{}` ({}) and `{}` ({}): results on the later split are optimistic",
                first.0, first.1, second.0, second.1
            ),
            Self::SharedSubject {
                dataset,
                subject,
                splits,
                subjects,
            } => {
                let splits: Vec<_> = splits.iter().map(Split::to_string).collect();
                write!(
                    f,
                    "{subjects} subject(s) are in more than one split, such as `{subject}` of {dataset} ({}): the test does not show how strangers are judged",
                    splits.join(", ")
                )
            }
        }
    }
}

/// The samples of a split, which must have both classes.
///
/// # Errors
/// [`DataError`] if the split is empty or has one class.
pub fn both_classes(dataset: &Dataset, split: Split) -> Result<Vec<Sample>, DataError> {
    let rows = any_class(dataset, split)?;
    let first = rows.first().map(|s| (s.row.label, s.row.sample.clone()));
    if let Some((only, example)) = first
        && rows.iter().all(|s| s.row.label == only)
    {
        return Err(DataError::OneClass {
            split,
            datasets: names(dataset),
            found: rows.len(),
            only,
            example,
        });
    }
    Ok(rows)
}

/// The samples of a split, of which there must be some.
///
/// # Errors
/// [`DataError::EmptySplit`].
pub fn any_class(dataset: &Dataset, split: Split) -> Result<Vec<Sample>, DataError> {
    let rows = dataset.rows(split);
    if !rows.is_empty() {
        return Ok(rows);
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for sample in dataset.samples() {
        let split = sample
            .row
            .split
            .map_or("no split".to_owned(), |s| s.to_string());
        *counts.entry(split).or_default() += 1;
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(split, n)| format!("{n} in {split}"))
        .collect();
    Err(DataError::EmptySplit {
        split,
        datasets: names(dataset),
        found: if counts.is_empty() {
            "no rows".to_owned()
        } else {
            counts.join(", ")
        },
    })
}

fn names(dataset: &Dataset) -> String {
    let names: Vec<_> = dataset
        .infos()
        .iter()
        .map(|i| format!("`{}`", i.name))
        .collect();
    names.join(", ")
}

/// Images and subjects that are in more than one split.
pub fn leaks(dataset: &Dataset) -> Vec<DataWarning> {
    let mut warnings = Vec::new();
    let mut images: HashMap<&str, (&Sample, Split)> = HashMap::new();
    let mut shared = BTreeMap::new();
    let mut subjects: BTreeMap<(&str, &str), Vec<Split>> = BTreeMap::new();
    for sample in dataset.samples() {
        let Some(split) = sample.row.split else {
            continue;
        };
        if let Some(hash) = &sample.row.sha256 {
            let (first, first_split) = *images.entry(hash).or_insert((sample, split));
            if first_split != split {
                shared.entry(hash.as_str()).or_insert_with(|| {
                    (
                        (first.row.sample.clone(), first_split),
                        (sample.row.sample.clone(), split),
                    )
                });
            }
        }
        if let Some(subject) = &sample.row.subject {
            let splits = subjects.entry((&sample.row.dataset, subject)).or_default();
            if !splits.contains(&split) {
                splits.push(split);
            }
        }
    }
    let images = shared.len();
    if let Some((first, second)) = shared.into_values().next() {
        warnings.push(DataWarning::SharedImage {
            first,
            second,
            images,
        });
    }
    let several: Vec<_> = subjects.into_iter().filter(|(_, s)| s.len() > 1).collect();
    let count = several.len();
    if let Some(((dataset, subject), mut splits)) = several.into_iter().next() {
        splits.sort();
        warnings.push(DataWarning::SharedSubject {
            dataset: dataset.to_owned(),
            subject: subject.to_owned(),
            splits,
            subjects: count,
        });
    }
    warnings
}
