//! Splits for data that has none.

use std::collections::BTreeMap;

use fasgard_image::random::stream;
use fasgard_metrics::Split;
use rand::Rng;

use crate::manifest::Rows;

/// What is kept in one piece.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Subject,
    Video,
    File,
}

/// A row among those that are shared out. The order is that of the draws within each group; rows of one unit
/// have one draw, since it is drawn by the unit's name (and no two names draw the same 64 bits).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    group: u32,
    draw: u64,
    row: u32,
}

/// Gives every row a split, 60 / 20 / 20 percent to train, dev and test, by a hash of names: the
/// same for the same names, whatever the order. Subjects stay in one piece if all rows have one;
/// else videos and single files do, shared out within each class (live and every species) by itself.
///
/// Returns a note for the reader.
pub(super) fn splits(rows: &mut Rows) -> String {
    let unit = if rows.iter().all(|r| r.subject.is_some()) {
        Unit::Subject
    } else if rows.iter().any(|r| r.video.is_some()) {
        Unit::Video
    } else {
        Unit::File
    };
    let mut groups: BTreeMap<String, u32> = BTreeMap::new();
    let mut members = Vec::with_capacity(rows.len());
    for (row, found) in rows.iter().enumerate() {
        let (group, name) = match (unit, &found.subject) {
            (Unit::Subject, Some(subject)) => ("", subject.clone()),
            _ => (found.class_name(), found.video_key()),
        };
        let next = groups.len() as u32;
        members.push(Member {
            group: *groups.entry(group.to_owned()).or_insert(next),
            draw: stream(0, "split", 0, &name).random(),
            row: row as u32,
        });
    }
    members.sort_unstable();
    for group in members.chunk_by(|a, b| a.group == b.group) {
        let units = || group.chunk_by(|a, b| a.draw == b.draw);
        let count = units().count();
        for (position, unit) in units().enumerate() {
            let split = split_at(position, count);
            (unit.iter()).for_each(|member| rows.set_split(member.row as usize, split));
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
