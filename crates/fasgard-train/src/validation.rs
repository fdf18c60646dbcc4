//! Figures on the dev split.

use std::time::Duration;

use burn::tensor::Device;
use fasgard_data::EvalLoader;
use fasgard_metrics::{
    Aggregation, Criterion, Fuse, Level, Provenance, Ranked, ScoreFile, ScoreRow, Source, Status,
    Threshold,
    metrics::{auc::auc, eer::eer_point},
    presentations,
    threshold::choose,
};
use fasgard_nn::{Detector, ModelConfig};
use serde::{Deserialize, Serialize};

use crate::{Metric, TrainError, step::tensors};

/// Figures on the dev split, frame by frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean loss.
    pub loss: f64,
    /// Mean of every loss term.
    pub terms: Vec<f64>,
    /// Area under the ROC curve; NaN if a class has no score.
    pub auc: f64,
    /// Equal error rate, 0 to 1; NaN likewise.
    pub eer: f64,
    /// The threshold of the equal error rate.
    pub threshold: f64,
}

impl Validation {
    /// The metric's value.
    pub fn value(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Auc => self.auc,
            Metric::Eer => self.eer,
            Metric::Loss => self.loss,
        }
    }

    /// Whether this is better than `other`; ties are broken by the loss, and NaN never wins.
    pub fn better_than(&self, other: &Self, metric: Metric) -> bool {
        let (own, than) = (self.value(metric), other.value(metric));
        if than.is_nan() {
            return !own.is_nan();
        }
        if own == than {
            return self.loss < other.loss;
        }
        match metric {
            Metric::Auc => own > than,
            Metric::Eer | Metric::Loss => own < than,
        }
    }
}

/// Runs the detector over the dev split; also returns how long it waited for images.
pub(crate) fn validate(
    detector: &Detector,
    model: &ModelConfig,
    loader: &EvalLoader,
    device: &Device,
) -> Result<(Validation, Duration), TrainError> {
    let detector = detector.prepare();
    let side = model.supervision.target_side();
    let mut rows = Vec::with_capacity(loader.rows().len());
    let mut loss = 0.0;
    let mut terms = vec![0.0; model.supervision.loss_terms().len()];
    let mut count = 0.0;
    let mut batches = loader.prefetch(2);
    for next in batches.by_ref() {
        if let Some(failure) = next.failures.into_iter().next() {
            return Err(failure.error.into());
        }
        let (images, targets) = tensors(&next.batch, model.supervision.target, side, device);
        let prediction = detector.forward(images);
        let batch_loss = detector.loss(&prediction, &targets);
        let weight = next.batch.len() as f64;
        loss += f64::from(batch_loss.total.into_scalar::<f32>()) * weight;
        for (sum, term) in terms.iter_mut().zip(batch_loss.terms) {
            *sum += f64::from(term.value.into_scalar::<f32>()) * weight;
        }
        count += weight;
        let scores = prediction.scores(model);
        for (&row, score) in next.batch.rows.iter().zip(scores.scores) {
            rows.push((row, score));
        }
    }
    let score_rows: Vec<ScoreRow> = rows
        .into_iter()
        .filter(|(_, score)| score.is_finite())
        .map(|(row, score)| {
            let row = &loader.rows()[row].row;
            ScoreRow {
                sample: row.sample.clone(),
                dataset: row.dataset.clone(),
                split: row.split,
                subject: String::new(),
                video: String::new(),
                frame: None,
                label: row.label,
                species: row.species.clone(),
                attributes: Default::default(),
                score: Some(score),
                logit: None,
                status: Status::Ok,
            }
        })
        .collect();
    let mut result = figures(score_rows)?;
    result.loss = loss / count;
    result.terms = terms.into_iter().map(|t| t / count).collect();
    Ok((result, batches.waited()))
}

/// AUC, EER and its threshold of score rows, frame by frame; loss and terms are left NaN and empty.
///
/// # Errors
/// Never for rows of one frame each.
fn figures(rows: Vec<ScoreRow>) -> Result<Validation, TrainError> {
    let ranked = ranked(&memory_file(rows))?;
    let point = eer_point(&ranked);
    Ok(Validation {
        loss: f64::NAN,
        terms: Vec::new(),
        auc: auc(&ranked).value.unwrap_or(f64::NAN),
        eer: point.as_ref().map_or(f64::NAN, |p| p.eer),
        threshold: point.map_or(f64::NAN, |p| p.threshold),
    })
}

fn memory_file(rows: Vec<ScoreRow>) -> ScoreFile {
    ScoreFile {
        path: "dev".into(),
        sha256: String::new(),
        rows,
        ignored_columns: Vec::new(),
    }
}

fn ranked(file: &ScoreFile) -> Result<Ranked, TrainError> {
    let items = presentations(file, Level::Frame, Fuse::default())
        .map_err(|e| TrainError::damaged(&file.path, e.to_string()))?;
    Ok(Ranked::new(&items))
}

/// The threshold at the equal error rate of a written dev score file, with its provenance.
///
/// # Errors
/// A class has no score.
pub fn dev_threshold(file: &ScoreFile) -> Result<Threshold, TrainError> {
    let ranked = ranked(file)?;
    let criterion = Criterion::Eer;
    let name = file
        .path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned());
    Ok(Threshold {
        value: choose(&ranked, criterion, Aggregation::Pooled)?,
        criterion,
        from: Provenance {
            source: Source::Dev,
            file: name,
            sha256: Some(file.sha256.clone()),
            split: file.split(),
            level: Some(Level::Frame),
            fuse: None,
            live: ranked.live().len() as u64,
            attack: ranked.attack().len() as u64,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(auc: f64, eer: f64, loss: f64) -> Validation {
        Validation {
            loss,
            terms: vec![],
            auc,
            eer,
            threshold: 0.5,
        }
    }

    #[test]
    fn better_is_by_metric_then_by_loss_and_never_nan() {
        let (a, b) = (at(0.9, 0.1, 1.0), at(0.8, 0.05, 0.5));
        assert!(a.better_than(&b, Metric::Auc) && !b.better_than(&a, Metric::Auc));
        assert!(b.better_than(&a, Metric::Eer) && b.better_than(&a, Metric::Loss));
        assert!(at(0.9, 0.1, 0.9).better_than(&a, Metric::Auc));
        assert!(!a.better_than(&a, Metric::Auc));
        let nan = at(f64::NAN, f64::NAN, f64::NAN);
        assert!(!nan.better_than(&a, Metric::Auc) && a.better_than(&nan, Metric::Auc));
    }
}
