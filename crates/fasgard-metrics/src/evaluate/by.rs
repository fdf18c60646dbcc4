//! The test set in parts, one for each value of an attribute.

use std::collections::BTreeMap;

use super::{Counts, figures};
use crate::{
    ranked::{NoResponse, Ranked},
    score::{
        ScoreTable,
        table::{Column, Texts},
    },
    set::Set,
};

pub(super) const NONE: &str = "(none)";
const SEVERAL: &str = "(several)";

/// The name of a part, its scores and its counts.
pub(super) type Part = (String, (Ranked, Counts));

/// The parts in the order of their names. Parts by species or family each have all live
/// presentations, which have neither.
pub(super) fn parts(set: &Set<'_>, key: &str, policy: NoResponse) -> Vec<Part> {
    let table = set.table();
    let mut names = Texts::default();
    let values = Values::of(table, key, &mut names);
    let (none, several) = (names.id(NONE), names.id(SEVERAL));
    let live_everywhere = matches!(key, "species" | "family");
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); names.len()];
    let mut live: Vec<u32> = Vec::new();
    for i in 0..set.len() {
        if live_everywhere && set.species(i) == 0 {
            live.push(i as u32);
            continue;
        }
        let mut rows = set.rows(i).map(|row| values.at(row).unwrap_or(none));
        let first = rows.next().unwrap_or(none);
        let name = if rows.all(|v| v == first) {
            first
        } else {
            several
        };
        members[name as usize].push(i as u32);
    }
    if live_everywhere {
        if members.iter().all(Vec::is_empty) {
            members[none as usize] = live;
        } else {
            let parts = members.iter_mut().filter(|m| !m.is_empty());
            parts.for_each(|m| m.extend_from_slice(&live));
        }
    }
    let parts: BTreeMap<String, (Ranked, Counts)> = members
        .into_iter()
        .enumerate()
        .filter(|(_, members)| !members.is_empty())
        .map(|(id, members)| {
            let ranked = set.rank(members.iter().map(|&i| i as usize), policy);
            let rows = members.iter().map(|&i| set.rows(i as usize).count()).sum();
            let counts = figures::counts(rows, &ranked);
            (names.get(id as u32).to_owned(), (ranked, counts))
        })
        .collect();
    parts.into_iter().collect()
}

/// The part's number by the value of a column.
struct Values<'t> {
    column: Ids<'t>,
    names: Vec<Option<u32>>,
}

enum Ids<'t> {
    Column(&'t Column<u32>),
    Split(&'t Column<Option<crate::Split>>),
}

impl<'t> Values<'t> {
    fn of(table: &'t ScoreTable, key: &str, names: &mut Texts) -> Self {
        let mut name = |text: &str| (!text.is_empty()).then(|| names.id(text));
        let texts =
            |column: &'t Column<u32>, texts: &Texts, name: &mut dyn FnMut(&str) -> _| Self {
                column: Ids::Column(column),
                names: texts.iter().map(name).collect(),
            };
        match key {
            "dataset" => texts(&table.dataset, &table.datasets, &mut name),
            "subject" => texts(&table.subject, &table.subjects, &mut name),
            "video" => texts(&table.video, &table.videos, &mut name),
            "split" => Self {
                column: Ids::Split(&table.split),
                names: (crate::Split::ALL.iter())
                    .map(|split| name(&split.to_string()))
                    .collect(),
            },
            "species" | "family" => Self {
                column: Ids::Column(&table.species),
                names: std::iter::once(None)
                    .chain(table.species_names.values().iter().map(|s| match key {
                        "species" => name(s.as_str()),
                        _ => name(s.family()),
                    }))
                    .collect(),
            },
            _ => Self {
                column: Ids::Column(&table.attributes),
                names: (table.attribute_sets.values().iter())
                    .map(|set| set.get(key).and_then(&mut name))
                    .collect(),
            },
        }
    }

    fn at(&self, row: usize) -> Option<u32> {
        let id = match self.column {
            Ids::Column(column) => column.get(row) as usize,
            Ids::Split(column) => {
                let split = column.get(row)?;
                crate::Split::ALL.iter().position(|s| *s == split)?
            }
        };
        self.names.get(id).copied().flatten()
    }
}
