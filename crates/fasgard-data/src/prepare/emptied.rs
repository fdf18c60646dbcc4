//! Failures that left nothing of a class.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Failure, PrepareError};
use crate::info::Count;

/// Refuses a dataset of which failures left nothing, or nothing of a class of a split.
pub(crate) fn emptied(
    output: &Path,
    counts: &[Count],
    failures: &[Failure],
) -> Result<(), PrepareError> {
    let Some(first) = failures.first() else {
        return Ok(());
    };
    let cells: BTreeSet<_> = counts.iter().map(|c| (c.split, c.label)).collect();
    let mut empty = Vec::new();
    for (split, label) in cells {
        let of_cell = || {
            counts
                .iter()
                .filter(move |c| (c.split, c.label) == (split, label))
        };
        if of_cell().all(|c| c.found == 0) {
            let listed: u64 = of_cell().map(|c| c.expected).sum();
            let split = split.map_or("(no split)".to_owned(), |s| s.to_string());
            empty.push(format!("{split} {label} (0 of {listed})"));
        }
    }
    if empty.is_empty() {
        return Ok(());
    }
    Err(PrepareError::Emptied {
        path: output.join("failures.csv"),
        empty: empty.join(", "),
        failures: failures.len(),
        first: format!("{}: {}", first.sample, first.reason),
    })
}
