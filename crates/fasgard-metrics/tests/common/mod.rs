//! Small score files, written by hand.
#![allow(dead_code, reason = "every test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use fasgard_metrics::{Attributes, Label, ScoreFile, ScoreRow, Status};

pub(crate) fn row(i: usize, species: &str, score: Option<f64>) -> ScoreRow {
    let live = species == "live";
    ScoreRow {
        sample: format!("s{i}"),
        dataset: "toy".to_owned(),
        split: None,
        subject: String::new(),
        video: String::new(),
        frame: None,
        label: if live { Label::Live } else { Label::Attack },
        species: (!live).then(|| species.parse().unwrap()),
        attributes: Attributes::default(),
        score,
        logit: None,
        status: match score {
            Some(_) => Status::Ok,
            None => Status::NoFace,
        },
    }
}

/// A file named `name` of groups `(species or "live", scores)`.
pub(crate) fn file(name: &str, groups: &[(&str, &[f64])]) -> ScoreFile {
    let rows: Vec<ScoreRow> = groups
        .iter()
        .flat_map(|(species, scores)| scores.iter().map(move |s| (*species, *s)))
        .enumerate()
        .map(|(i, (species, score))| row(i, species, Some(score)))
        .collect();
    of_rows(name, &rows)
}

pub(crate) fn of_rows(name: &str, rows: &[ScoreRow]) -> ScoreFile {
    ScoreFile::parse(name, &ScoreFile::to_csv(rows).unwrap()).unwrap()
}
