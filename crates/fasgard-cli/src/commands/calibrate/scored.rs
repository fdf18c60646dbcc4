//! The camera's frames with their scores.

use std::path::{Path, PathBuf};

use fasgard_metrics::{Label, Origin, ScoreFile, ScoreRow, Split};
use fasgard_model::{ClusterUnit, ModelCard};

use super::{
    super::predict::{Task, inputs},
    cluster::{self, Choice, Numbers},
};
use crate::{failure::misuse, progress::say};

/// All that a calibration is made of.
pub(super) struct Camera {
    pub(super) live: Scored,
    pub(super) attack: Scored,
    /// What the clusters are; none = not known.
    pub(super) unit: Option<ClusterUnit>,
    /// Where the live frames are from.
    pub(super) from: String,
    /// Of the score file.
    pub(super) sha256: Option<String>,
}

/// The frames of one class.
pub(super) struct Scored {
    pub(super) scores: Vec<f64>,
    /// A number for every score; of no meaning without a unit.
    pub(super) clusters: Vec<u32>,
    /// Files, or rows of a score file.
    items: usize,
    /// Of them without anything to score.
    lost: usize,
    /// Whether they are rows.
    rows: bool,
}

impl Camera {
    /// Photos and videos, scored with the model.
    pub(super) fn of_media(
        task: &Task<'_>,
        live: &[PathBuf],
        attack: &[PathBuf],
        choice: Choice,
    ) -> anyhow::Result<Self> {
        let named: Vec<String> = live.iter().map(|p| p.display().to_string()).collect();
        let (live, attack) = (inputs::collect(live)?, inputs::collect(attack)?);
        let unit = cluster::of_media(choice, live.iter().chain(&attack))?;
        Ok(Self {
            live: Scored::of_media(task, "live", &live, unit)?,
            attack: Scored::of_media(task, "attack", &attack, unit)?,
            unit,
            from: named.join(", "),
            sha256: None,
        })
    }

    /// Rows of a score file that this model made.
    pub(super) fn of_score_file(
        path: &Path,
        card: &ModelCard,
        choice: Choice,
    ) -> anyhow::Result<Self> {
        let file = ScoreFile::read(path).map_err(misuse)?;
        check_origin(path, &file, card)?;
        let trained_on = |row: &&ScoreRow| row.split == Some(Split::Train);
        let seen = file.rows.iter().filter(trained_on).count();
        if seen > 0 {
            say(&format!(
                "warning: {}: {seen} rows are of split train, which the model has seen: a threshold chosen on them flatters",
                path.display()
            ));
        }
        let rows: Vec<&ScoreRow> = file.rows.iter().filter(|r| r.score.is_some()).collect();
        let unit = cluster::of_rows(choice, &rows, &path.display().to_string())?;
        let mut numbers = Numbers::new();
        let mut class = |label: Label| {
            let all = file.rows.iter().filter(|r| r.label == label);
            let mut scored = Scored::none(all.count(), true);
            for row in rows.iter().filter(|r| r.label == label) {
                scored.scores.extend(row.score);
                let number = unit.map(|unit| numbers.of(cluster::key_of_row(row, unit)));
                scored.clusters.push(number.unwrap_or_default());
            }
            scored.lost = scored.items - scored.scores.len();
            scored
        };
        Ok(Self {
            live: class(Label::Live),
            attack: class(Label::Attack),
            unit,
            from: path.display().to_string(),
            sha256: Some(file.sha256.clone()),
        })
    }
}

/// Refuses scores of other weights; says where it is not known whose they are.
fn check_origin(path: &Path, file: &ScoreFile, card: &ModelCard) -> anyhow::Result<()> {
    let name = path.display();
    match Origin::beside(path).map_err(misuse)? {
        Some(origin) if origin.scores_sha256 != file.sha256 => say(&format!(
            "warning: {name} was changed after it was made ({} says so)",
            Origin::path_of(path).display()
        )),
        Some(origin) if origin.weights_sha256 != card.weights_sha256 => {
            return Err(misuse(format!(
                "{name}: expected scores of this model (weights {}), found those of `{}` (weights {}); score the camera's frames with this model",
                card.weights_sha256, origin.model, origin.weights_sha256
            )));
        }
        Some(_) => {}
        None => say(&format!(
            "note: {name} has no note of the model that made it; it is taken to be this one"
        )),
    }
    Ok(())
}

impl Scored {
    fn none(items: usize, rows: bool) -> Self {
        Self {
            scores: Vec::new(),
            clusters: Vec::new(),
            items,
            lost: 0,
            rows,
        }
    }

    fn of_media(
        task: &Task<'_>,
        label: &str,
        inputs: &[inputs::Input],
        unit: Option<ClusterUnit>,
    ) -> anyhow::Result<Self> {
        let answers = task.judge_all(label, inputs)?;
        let mut numbers = Numbers::new();
        let mut scored = Self::none(answers.len(), false);
        for (input, answer) in inputs.iter().zip(&answers) {
            let number = unit.map(|unit| numbers.of(cluster::key_of_file(input, unit)));
            scored.scores.extend(answer.frame_scores());
            scored
                .clusters
                .resize(scored.scores.len(), number.unwrap_or_default());
            scored.lost += usize::from(answer.is_unreadable());
        }
        Ok(scored)
    }

    /// For programs.
    pub(super) fn counts(&self) -> serde_json::Value {
        let [items, lost] = match self.rows {
            true => ["rows", "without_score"],
            false => ["files", "unreadable"],
        };
        serde_json::json!({
            items: self.items, lost: self.lost, "frames_with_score": self.scores.len(),
        })
    }

    /// For people.
    pub(super) fn line(&self, label: &str) -> String {
        let [items, lost] = match self.rows {
            true => ["rows", "without one"],
            false => ["files", "unreadable"],
        };
        format!(
            "{label:8}{} frames with a score, of {} {items} ({} {lost})\n",
            self.scores.len(),
            self.items,
            self.lost
        )
    }
}
