//! Folds that are made of the data.

mod datasets;
mod k_fold;
mod species;

use super::fold::Assigned;
use super::{Generate, GenerateKind, MAX_FOLDS, Protocol, ProtocolError, Rows};
use crate::manifest::ManifestRow;

/// The folds' names, in the order of tables.
pub(super) fn names(
    protocol: &Protocol,
    generate: &Generate,
    rows: &Rows<'_>,
) -> Result<Vec<String>, ProtocolError> {
    let (names, least, expected) = match generate.kind {
        GenerateKind::LeaveOneSpeciesOut => (
            species::names(generate, rows),
            2,
            "at least two species of attacks",
        ),
        GenerateKind::LeaveOneDatasetOut => {
            (datasets::names(generate, rows), 2, "at least two datasets")
        }
        GenerateKind::KFold => (k_fold::names(generate), 1, "a number of folds"),
    };
    if names.len() < least && generate.only.is_empty() || names.len() > MAX_FOLDS {
        return Err(ProtocolError::NoFolds {
            path: protocol.path.clone(),
            expected,
            found: match names.is_empty() {
                true => "none".to_owned(),
                false if names.len() > MAX_FOLDS => format!("{} of them", names.len()),
                false => names.join(", "),
            },
            datasets: rows.names(),
        });
    }
    Ok(names)
}

/// The splits of the fold `name`, one of `names`.
pub(super) fn assign(
    generate: &Generate,
    rows: &Rows<'_>,
    name: &str,
    names: &[String],
) -> Assigned {
    match generate.kind {
        GenerateKind::LeaveOneSpeciesOut => species::assign(generate, rows, name),
        GenerateKind::LeaveOneDatasetOut => datasets::assign(generate, rows, name),
        GenerateKind::KFold => {
            let part = names.iter().position(|n| n == name).unwrap_or_default();
            k_fold::assign(generate, rows, part, names.len())
        }
    }
}

/// Whether a row takes part.
fn taken(generate: &Generate, rows: &Rows<'_>, row: &ManifestRow) -> bool {
    let rules = &generate.rows;
    rules.is_empty() || rules.iter().any(|rule| rule.matches(row, rows))
}

/// What is kept in one piece: the subject, or the video where no subject is known.
fn unit(row: &ManifestRow) -> String {
    match &row.subject {
        Some(subject) => format!("{}/subject/{subject}", row.dataset),
        None => row.video_key(),
    }
}
