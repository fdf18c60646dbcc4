//! Leave one dataset out: it is test with all its rows, the others are train, and dev is cut of each
//! of them.

use std::collections::BTreeSet;

use fasgard_metrics::Split;

use super::{Assigned, Generate, Rows, taken};

pub(super) fn names(generate: &Generate, rows: &Rows<'_>) -> Vec<String> {
    if !generate.only.is_empty() {
        return generate.only.clone();
    }
    let own = rows.rows.iter().filter(|row| taken(generate, rows, row));
    let names: BTreeSet<&str> = own.map(|row| row.dataset.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

pub(super) fn assign(generate: &Generate, rows: &Rows<'_>, name: &str) -> Assigned {
    let split = |row: &&crate::ManifestRow| {
        let split = match row.dataset == name {
            true => Split::Test,
            false => Split::Train,
        };
        taken(generate, rows, row).then_some(split)
    };
    Assigned {
        splits: rows.rows.iter().map(split).collect(),
        cut_dev: true,
        notes: Vec::new(),
    }
}
