//! The test set in parts, one for each value of an attribute.

use std::collections::BTreeMap;

use super::{Counts, figures};
use crate::{
    level::{Fuse, Level},
    presentation::{Presentation, VideoConflict, presentations},
    ranked::{NoResponse, Ranked},
    score::{ScoreFile, ScoreRow},
};

pub(super) const NONE: &str = "(none)";
const SEVERAL: &str = "(several)";

/// The name of a part, its scores and its counts.
pub(super) type Part = (String, (Ranked, Counts));

/// The parts in the order of their names.
pub(super) fn parts(
    file: &ScoreFile,
    level: Level,
    fuse: Fuse,
    policy: NoResponse,
    key: &str,
) -> Result<Vec<Part>, Box<VideoConflict>> {
    let mut parts: BTreeMap<String, (Vec<Presentation<'_>>, usize)> = BTreeMap::new();
    for presentation in presentations(file, level, fuse)? {
        let mut values = presentation.rows.iter().map(|&i| value(&file.rows[i], key));
        let first = values.next().flatten();
        let name = if values.all(|v| v == first) {
            first.unwrap_or_else(|| NONE.to_owned())
        } else {
            SEVERAL.to_owned()
        };
        let part = parts.entry(name).or_default();
        part.1 += presentation.rows.len();
        part.0.push(presentation);
    }
    Ok(parts
        .into_iter()
        .map(|(name, (presentations, rows))| {
            let ranked = Ranked::with(&presentations, policy);
            let counts = figures::counts(rows, &ranked);
            (name, (ranked, counts))
        })
        .collect())
}

fn value(row: &ScoreRow, key: &str) -> Option<String> {
    let text = |s: &str| (!s.is_empty()).then(|| s.to_owned());
    match key {
        "dataset" => text(&row.dataset),
        "subject" => text(&row.subject),
        "split" => row.split.map(|s| s.to_string()),
        "species" => row.species.as_ref().map(|s| s.to_string()),
        "family" => row.species.as_ref().map(|s| s.family().to_owned()),
        _ => row.attributes.get(key).and_then(text),
    }
}
