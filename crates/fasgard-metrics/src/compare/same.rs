//! Whether two score files are of the same samples.

use std::collections::HashMap;

use crate::score::ScoreTable;

/// Two score files that are not of the same samples.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "score files {a} and {b} are not of the same samples: {what}; score both systems on the same data"
)]
pub struct DifferentSamples {
    /// The first file.
    pub a: String,
    /// The second file.
    pub b: String,
    /// Which rows, and how they differ.
    pub what: String,
}

/// Refuses files whose keys differ, or whose rows of one key differ in split, subject, video, frame,
/// label or species. A subject, frame or split that only one of them knows is no difference.
pub(super) fn check(a: &ScoreTable, b: &ScoreTable) -> Result<(), DifferentSamples> {
    let error = |what: String| {
        Err(DifferentSamples {
            a: a.path.display().to_string(),
            b: b.path.display().to_string(),
            what,
        })
    };
    let key = |t: &ScoreTable, i: usize| (t.dataset_of(i).to_owned(), t.sample(i).into_owned());
    let in_order = a.len() == b.len()
        && (0..a.len()).all(|i| (a.dataset_of(i), a.sample(i)) == (b.dataset_of(i), b.sample(i)));
    let mut only_a: Vec<usize> = Vec::new();
    let pairs: Vec<(usize, usize)> = match in_order {
        true => (0..a.len()).map(|i| (i, i)).collect(),
        false => {
            let mut of_b: HashMap<_, usize> = (0..b.len()).map(|j| (key(b, j), j)).collect();
            let mut pairs = Vec::with_capacity(a.len());
            for i in 0..a.len() {
                match of_b.remove(&key(a, i)) {
                    Some(j) => pairs.push((i, j)),
                    None => only_a.push(i),
                }
            }
            let mut only_b: Vec<usize> = of_b.into_values().collect();
            only_b.sort_unstable();
            let missing = [(a, &only_a, "second"), (b, &only_b, "first")]
                .into_iter()
                .filter(|(_, rows, _)| !rows.is_empty())
                .map(|(of, rows, other)| {
                    let first: Vec<String> = rows.iter().take(3).map(|&i| named(of, i)).collect();
                    let n = rows.len();
                    let more = if n > 3 { ", ..." } else { "" };
                    let path = of.path.display();
                    format!(
                        "{n} of {path} ({}{more}) {} not in the {other}",
                        first.join(", "),
                        if n == 1 { "is" } else { "are" }
                    )
                })
                .collect::<Vec<_>>();
            if !missing.is_empty() {
                return error(missing.join("; "));
            }
            pairs
        }
    };
    let mut count = 0;
    let mut first = None;
    for (i, j) in pairs {
        if let Some((column, of_a, of_b)) = difference(a, i, b, j) {
            count += 1;
            first.get_or_insert((i, j, column, of_a, of_b));
        }
    }
    match first {
        None => Ok(()),
        Some((i, j, column, of_a, of_b)) => error(format!(
            "{count} row{} in more than the score, the first: {} of the first has {column} `{of_a}`, line {} of the second `{of_b}`",
            if count == 1 { " differs" } else { "s differ" },
            named(a, i),
            b.lines.of(j)
        )),
    }
}

fn named(table: &ScoreTable, i: usize) -> String {
    let short: String = table.sample(i).chars().take(60).collect();
    format!("line {}: sample `{short}`", table.lines.of(i))
}

/// The first column in which two rows contradict each other, and what they say.
fn difference(
    a: &ScoreTable,
    i: usize,
    b: &ScoreTable,
    j: usize,
) -> Option<(&'static str, String, String)> {
    let text = |t: &ScoreTable, i: usize| t.videos.get(t.video.get(i)).to_owned();
    if a.label(i) != b.label(j) {
        return Some(("label", a.label(i).to_string(), b.label(j).to_string()));
    }
    if a.species_of(i) != b.species_of(j) {
        let species = |s: Option<&crate::Species>| s.map_or(String::new(), |s| s.to_string());
        return Some((
            "species",
            species(a.species_of(i)),
            species(b.species_of(j)),
        ));
    }
    if text(a, i) != text(b, j) {
        return Some(("video", text(a, i), text(b, j)));
    }
    let subject = |t: &ScoreTable, i: usize| t.subjects.get(t.subject.get(i)).to_owned();
    let (of_a, of_b) = (subject(a, i), subject(b, j));
    if !of_a.is_empty() && !of_b.is_empty() && of_a != of_b {
        return Some(("subject", of_a, of_b));
    }
    if let (Some(x), Some(y)) = (a.frame.get(i), b.frame.get(j))
        && x != y
    {
        return Some(("frame", x.to_string(), y.to_string()));
    }
    if let (Some(x), Some(y)) = (a.split.get(i), b.split.get(j))
        && x != y
    {
        return Some(("split", x.to_string(), y.to_string()));
    }
    None
}
