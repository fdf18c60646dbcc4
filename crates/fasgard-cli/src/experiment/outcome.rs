//! What came of an experiment's cells.

use std::path::PathBuf;

use fasgard_metrics::{Convention, Evaluation};
use serde::Serialize;

/// The cells of an experiment.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) cells: Vec<CellReport>,
    /// Somebody stopped it; the same command goes on.
    pub(crate) stopped: bool,
    /// Every other model against the first.
    pub(crate) comparisons: Vec<Comparison>,
}

/// One cell.
#[derive(Debug, Serialize)]
pub(crate) struct CellReport {
    pub(crate) fold: String,
    pub(crate) model: String,
    /// None for a baseline, which draws nothing.
    pub(crate) seed: Option<u64>,
    /// What a baseline decided by, such as the feature that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    pub(crate) folder: PathBuf,
    #[serde(flatten)]
    pub(crate) state: State,
    /// Of the test split; none unless done.
    pub(crate) figures: Option<Figures>,
}

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "reason")]
pub(crate) enum State {
    /// Trained, scored and evaluated now.
    Done,
    /// Nothing changed since it was done.
    Unchanged,
    /// It failed, and why.
    Failed(String),
    /// It was interrupted; its checkpoints are there.
    Stopped,
}

/// Figures of a test split as fractions; undefined ones are none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Figures {
    pub(crate) apcer: Option<f64>,
    pub(crate) bpcer: Option<f64>,
    pub(crate) acer: Option<f64>,
    pub(crate) hter: Option<f64>,
    pub(crate) eer: Option<f64>,
    pub(crate) auc: Option<f64>,
    /// AUC among samples that are alike in the best single feature; none without baselines.
    pub(crate) matched_auc: Option<f64>,
    /// The threshold used.
    #[serde(skip)]
    pub(crate) threshold: f64,
}

/// A model against the first one, on the same presentations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Comparison {
    pub(crate) model: String,
    /// None: all folds together.
    pub(crate) fold: Option<String>,
    /// By figure (`acer`, `hter`, `eer`): the difference and its two-sided p-value.
    pub(crate) figures: Vec<(String, f64, f64)>,
    /// By figure: the p-value corrected by Holm's method for all comparisons of that figure in the
    /// experiment.
    pub(crate) holm: Vec<(String, f64)>,
}

impl CellReport {
    /// `fold / model / seed`.
    pub(crate) fn name(&self) -> String {
        match self.seed {
            Some(seed) => format!("{} / {} / seed {seed}", self.fold, self.model),
            None => format!("{} / {}", self.fold, self.model),
        }
    }
}

impl Figures {
    /// The figures of an evaluation by one convention.
    pub(crate) fn of(evaluation: &Evaluation, convention: Convention) -> Option<Self> {
        let outcome = evaluation.outcome(convention)?;
        let test = &outcome.test;
        Some(Self {
            apcer: test.apcer.value,
            bpcer: test.bpcer.value,
            acer: test.acer.value,
            hter: test.hter.value,
            eer: test.eer.value,
            auc: test.auc.value,
            matched_auc: None,
            threshold: outcome.threshold.value,
        })
    }

    /// A figure by its name in tables' keys.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        match name {
            "apcer" => self.apcer,
            "bpcer" => self.bpcer,
            "acer" => self.acer,
            "hter" => self.hter,
            "eer" => self.eer,
            "auc" => self.auc,
            "matched_auc" => self.matched_auc,
            _ => None,
        }
    }
}
