//! Leave one species out: it is in test only, beside live people of test.

use std::collections::BTreeSet;

use fasgard_metrics::{Species, Split};

use super::{Assigned, Generate, Rows, taken, unit};
use crate::ManifestRow;
use crate::protocol::cut::drawn;
use crate::protocol::{Grouping, TestRows};

fn group(generate: &Generate, species: &Species) -> String {
    match generate.by {
        Grouping::Species => species.to_string(),
        Grouping::Family => species.family().to_owned(),
    }
}

pub(super) fn names(generate: &Generate, rows: &Rows<'_>) -> Vec<String> {
    if !generate.only.is_empty() {
        return generate.only.clone();
    }
    let own = rows.rows.iter().filter(|row| taken(generate, rows, row));
    let species = own.filter_map(|row| row.species.as_ref());
    let names: BTreeSet<_> = species.map(|s| group(generate, s)).collect();
    names.into_iter().collect()
}

pub(super) fn assign(generate: &Generate, rows: &Rows<'_>, name: &str) -> Assigned {
    let mut notes = Vec::new();
    let base: Vec<Option<Split>> = match generate.test_rows {
        TestRows::Official => rows.rows.iter().map(|row| row.split).collect(),
        TestRows::Drawn => draw(generate, rows, &mut notes),
    };
    let split = |(row, base): (&&ManifestRow, Option<Split>)| {
        if !taken(generate, rows, row) {
            return None;
        }
        let held = row.species.as_ref().map(|s| group(generate, s) == name);
        match (held, base) {
            // Live people stay where they are.
            (None, split) => split,
            // Attacks that no split is known of are told apart by their species alone.
            (Some(true), None | Some(Split::Test)) => Some(Split::Test),
            (Some(false), None) => Some(Split::Train),
            (Some(false), Some(Split::Train | Split::Dev)) => base,
            // The species that is left out is seen in test only, and test sees no other.
            (Some(true), Some(Split::Train | Split::Dev)) | (Some(false), Some(Split::Test)) => {
                None
            }
        }
    };
    let splits: Vec<_> = rows.rows.iter().zip(base).map(split).collect();
    // Dev needs both classes: live people of dev alone are no dev split.
    let in_dev = |attack: bool| {
        let mut own = rows.rows.iter().zip(&splits);
        own.any(|(row, s)| *s == Some(Split::Dev) && row.species.is_some() == attack)
    };
    let cut_dev = !(in_dev(false) && in_dev(true));
    let back = |s: Option<Split>| match (cut_dev, s) {
        (true, Some(Split::Dev)) => Some(Split::Train),
        _ => s,
    };
    Assigned {
        splits: splits.into_iter().map(back).collect(),
        cut_dev,
        notes,
    }
}

/// A fifth of the subjects are people of test, the others of train. Where no subject is known, live
/// videos are drawn and attacks have no split.
fn draw(generate: &Generate, rows: &Rows<'_>, notes: &mut Vec<String>) -> Vec<Option<Split>> {
    let takes_part = |row: &&&ManifestRow| {
        taken(generate, rows, row) && (row.subject.is_some() || row.species.is_none())
    };
    let units: BTreeSet<String> = rows
        .rows
        .iter()
        .filter(takes_part)
        .map(|r| unit(r))
        .collect();
    let (all, fifth) = (units.len(), (units.len() as f64 / 5.0).round() as usize);
    let test: BTreeSet<String> = drawn(units, generate.seed, "test", fifth).collect();
    notes.push(format!(
        "test people: {fifth} of {all} subjects (live videos where subjects are not known), drawn by seed {}",
        generate.seed
    ));
    let split = |row: &&ManifestRow| {
        if row.subject.is_none() && row.species.is_some() {
            return None;
        }
        Some(match test.contains(&unit(row)) {
            true => Split::Test,
            false => Split::Train,
        })
    };
    rows.rows.iter().map(split).collect()
}
