//! What must hold of rows, whether read or to be written.

use std::{collections::HashMap, path::Path};

use super::{MAX_FIELD_BYTES, RowError, ScoreFileError, ScoreRow};
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

fn check_row(row: &ScoreRow) -> Result<(), RowError> {
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

/// Refuses presentations that occur twice: by sample, and with `by_frame` (the samples' keys are
/// made up) by frame of a video. `line` says on which line the i-th row is.
pub(super) fn refuse_duplicates(
    rows: &[ScoreRow],
    by_frame: bool,
    line: impl Fn(usize) -> u64,
    path: &Path,
) -> Result<(), ScoreFileError> {
    let duplicate = |what: String, first: usize, second: usize| {
        let dataset = match rows[second].dataset.as_str() {
            "" => String::new(),
            name => format!(" of dataset {}", shown(name)),
        };
        Err(ScoreFileError::Duplicate {
            path: path.to_owned(),
            what: what + &dataset,
            first: line(first),
            second: line(second),
        })
    };
    let mut samples = HashMap::with_capacity(rows.len());
    let mut frames = HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        if let Some(first) = samples.insert((&row.dataset, &row.sample), i) {
            return duplicate(format!("sample {}", shown(&row.sample)), first, i);
        }
        let Some(frame) = row.frame.filter(|_| by_frame && !row.video.is_empty()) else {
            continue;
        };
        if let Some(first) = frames.insert((&row.dataset, row.split, &row.video, frame), i) {
            let what = format!("frame {frame} of video {}", shown(&row.video));
            return duplicate(what, first, i);
        }
    }
    Ok(())
}
