//! What must hold of rows, whether read or to be written.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    path::Path,
};

use rayon::prelude::*;

use super::{
    MAX_FIELD_BYTES, RowError, ScoreFileError, ScoreRow,
    table::{ScoreTable, hash},
};
use crate::Label;

pub(super) const SCORE: &str = "a finite number";
pub(super) const LOGIT: &str = "a finite number or nothing";

pub(super) fn row_error(path: &Path, line: u64, source: RowError) -> ScoreFileError {
    ScoreFileError::Row {
        path: path.to_owned(),
        line,
        source,
    }
}

/// At most 60 characters, quoted, control characters made visible.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("`{}`", short.escape_debug())
}

pub(super) fn field_error(column: &'static str, expected: &str, found: &str) -> RowError {
    RowError::Field {
        column,
        expected: expected.to_owned(),
        found: shown(found),
    }
}

/// What must hold of every row, read or to be written.
pub(super) fn check(row: &ScoreRow, line: u64, path: &Path) -> Result<(), ScoreFileError> {
    check_row(row).map_err(|source| row_error(path, line, source))
}

pub(super) fn check_row(row: &ScoreRow) -> Result<(), RowError> {
    let texts = [
        ("sample", &row.sample),
        ("dataset", &row.dataset),
        ("subject", &row.subject),
        ("video", &row.video),
    ];
    for (column, text) in texts {
        if text.len() > MAX_FIELD_BYTES {
            let expected = format!("at most {MAX_FIELD_BYTES} bytes");
            return Err(field_error(column, &expected, text));
        }
        if text.contains(char::is_control) {
            return Err(field_error(column, "no control characters", text));
        }
        if text.trim() != text {
            return Err(field_error(column, "no blanks at either end", text));
        }
    }
    let attributes_bytes: usize = row
        .attributes
        .iter()
        .map(|(k, v)| k.len() + v.len() + 2)
        .sum();
    if attributes_bytes > MAX_FIELD_BYTES {
        let expected = format!("at most {MAX_FIELD_BYTES} bytes");
        return Err(field_error(
            "attributes",
            &expected,
            &row.attributes.to_string(),
        ));
    }
    if let Some((k, v)) = row
        .attributes
        .iter()
        .find(|(k, v)| k.contains(char::is_control) || v.contains(char::is_control))
    {
        return Err(field_error(
            "attributes",
            "no control characters",
            &format!("{k}={v}"),
        ));
    }
    if row.sample.is_empty() {
        return Err(field_error("sample", "a key unique within the dataset", ""));
    }
    if let (Label::Live, Some(species)) = (row.label, &row.species) {
        let expected = "nothing, because a live sample has no species";
        return Err(field_error("species", expected, species.as_str()));
    }
    if row.label == Label::Attack && row.species.is_none() {
        return Err(field_error("species", "the PAI species of an attack", ""));
    }
    for (column, expected, value) in [("score", SCORE, row.score), ("logit", LOGIT, row.logit)] {
        if let Some(value) = value.filter(|v| !v.is_finite()) {
            return Err(field_error(column, expected, &value.to_string()));
        }
    }
    match (row.status.is_ok(), row.score) {
        (true, None) => Err(field_error(
            "score",
            "a finite number, because the status is ok",
            "",
        )),
        (false, Some(score)) => Err(field_error(
            "score",
            &format!("nothing, because the status is {}", row.status),
            &score.to_string(),
        )),
        _ => Ok(()),
    }
}

/// Refuses rows to be written of which two have one sample. `line` says on which line the i-th row
/// is.
pub(super) fn refuse_duplicates(
    rows: &[ScoreRow],
    line: impl Fn(usize) -> u64,
    path: &Path,
) -> Result<(), ScoreFileError> {
    let mut samples = HashMap::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        if let Some(first) = samples.insert((&row.dataset, &row.sample), i) {
            let what = format!("sample {}", shown(&row.sample));
            return Err(duplicate(path, what, &row.dataset, line(first), line(i)));
        }
    }
    Ok(())
}

/// Refuses a table with a presentation twice: by sample, or where keys are made of line numbers, by
/// frame of a video.
pub(super) fn refuse_repeated(table: &ScoreTable) -> Result<(), ScoreFileError> {
    let error = |what: String, (first, second): (usize, usize)| {
        let (path, dataset) = (&table.path, table.dataset_of(second));
        let line = |i| table.lines.of(i);
        Err(duplicate(path, what, dataset, line(first), line(second)))
    };
    if table.samples.is_some() {
        let key = |i: usize| Some((table.dataset_of(i), table.sample(i)));
        return match repeated(table.len(), key) {
            Some(pair) => error(format!("sample {}", shown(&table.sample(pair.1))), pair),
            None => Ok(()),
        };
    }
    let key = |i: usize| {
        let (video, frame) = (table.video.get(i), table.frame.get(i)?);
        let named = !table.videos.get(video).is_empty();
        named.then(|| (table.dataset.get(i), table.split.get(i), video, frame))
    };
    match repeated(table.len(), key) {
        Some(pair) => {
            let frame = table.frame.get(pair.1).unwrap_or_default();
            let video = shown(table.videos.get(table.video.get(pair.1)));
            error(format!("frame {frame} of video {video}"), pair)
        }
        None => Ok(()),
    }
}

/// The first row whose key an earlier one has, after that one.
fn repeated<K: Hash + PartialEq>(
    rows: usize,
    key: impl Fn(usize) -> Option<K> + Sync,
) -> Option<(usize, usize)> {
    let mut hashes: Vec<u64> = (0..rows)
        .into_par_iter()
        .filter_map(|i| Some(hash(&key(i)?)))
        .collect();
    hashes.par_sort_unstable();
    let twice: HashSet<u64> = hashes
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
        .collect();
    if twice.is_empty() {
        return None;
    }
    // Equal hashes are not yet equal keys.
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
    for i in 0..rows {
        let Some(this) = key(i) else { continue };
        let hash = hash(&this);
        if !twice.contains(&hash) {
            continue;
        }
        let earlier = seen.entry(hash).or_default();
        if let Some(&first) = earlier.iter().find(|&&j| key(j).as_ref() == Some(&this)) {
            return Some((first, i));
        }
        earlier.push(i);
    }
    None
}

fn duplicate(path: &Path, what: String, dataset: &str, first: u64, second: u64) -> ScoreFileError {
    let dataset = match dataset {
        "" => String::new(),
        name => format!(" of dataset {}", shown(name)),
    };
    ScoreFileError::Duplicate {
        path: path.to_owned(),
        what: what + &dataset,
        first,
        second,
    }
}
