//! Splits for data that has none.

use std::collections::BTreeMap;

use fasgard_image::random::stream;
use fasgard_metrics::Split;
use rand::Rng;

use crate::manifest::ManifestRow;

/// What is kept in one piece.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Subject,
    Video,
    File,
}

/// Gives every row a split, 60 / 20 / 20 percent to train, dev and test, by a hash of names: the
/// same for the same names, whatever the order. Subjects stay in one piece if all rows have one;
/// else videos and single files do, shared out within each class (live and every species) by itself.
///
/// Returns a note for the reader.
pub(super) fn splits(rows: &mut [ManifestRow]) -> String {
    let unit = if rows.iter().all(|r| r.subject.is_some()) {
        Unit::Subject
    } else if rows.iter().any(|r| r.video.is_some()) {
        Unit::Video
    } else {
        Unit::File
    };
    // Group -> unit -> rows.
    let mut groups: BTreeMap<String, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let (group, name) = match (unit, &row.subject) {
            (Unit::Subject, Some(subject)) => (String::new(), subject.clone()),
            _ => (row.class_name().to_owned(), row.video_key()),
        };
        let units = groups.entry(group).or_default();
        units.entry(name).or_default().push(index);
    }
    for units in groups.into_values() {
        let mut order: Vec<_> = units
            .into_iter()
            .map(|(name, rows)| (stream(0, "split", 0, &name).random::<u64>(), name, rows))
            .collect();
        order.sort();
        for (position, (_, _, members)) in order.iter().enumerate() {
            let split = split_at(position, order.len());
            for &member in members {
                rows[member].split = Some(split);
            }
        }
    }
    let (what, caution) = match unit {
        Unit::Subject => ("subjects", ""),
        Unit::Video => (
            "recordings",
            "; a person may be in several splits, so results on this test split are optimistic",
        ),
        Unit::File => (
            "single files",
            "; a person or a recording may be in several splits, so results on this test split are optimistic",
        ),
    };
    format!(
        "the input has no splits: {what} were assigned 60 % train, 20 % dev, 20 % test by a hash of their names{caution}"
    )
}

/// The split of place `position` among `count` units: rounded shares, but with three units or more
/// none is empty.
fn split_at(position: usize, count: usize) -> Split {
    let fifth = (count as f64 / 5.0).round() as usize;
    let fifth = if count >= 3 { fifth.max(1) } else { fifth };
    if position < fifth {
        Split::Dev
    } else if position < 2 * fifth {
        Split::Test
    } else {
        Split::Train
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        for (count, expected) in [
            (1, [1, 0, 0]),
            (3, [1, 1, 1]),
            (10, [6, 2, 2]),
            (100, [60, 20, 20]),
        ] {
            let splits: Vec<_> = (0..count).map(|p| split_at(p, count)).collect();
            let of = |s| splits.iter().filter(|&&t| t == s).count();
            assert_eq!(Split::ALL.map(of), expected, "{count}");
        }
    }
}
