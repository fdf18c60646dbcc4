//! Experiments: a protocol's folds x configurations x seeds. Every cell is trained, scored and
//! evaluated in a folder of its own, and tables are made of the cells.
//!
//! ```text
//! OUTPUT/cells/FOLD/MODEL/seed-N/   a run: config.toml, checkpoints/, model.safetensors,
//!                                   scores-dev.csv, scores-test.csv, evaluation.json, cell.json
//! OUTPUT/table.{txt,md,tex,csv}, OUTPUT/results.json
//! ```
//!
//! `cell.json` holds a hash of configuration, seed, fold, protocol file and data. A cell whose hash
//! is the same and whose score files are what was written is not redone; one that was interrupted
//! goes on from its checkpoints; one that fails is listed and stops no other.

mod baseline;
mod cell;
mod compare;
mod matched;
mod outcome;
mod plan;
mod published;
pub(crate) mod table;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use burn::tensor::Device;
use fasgard_data::Dataset;
use fasgard_data::protocol::{Fold, Protocol};
use fasgard_metrics::{Convention, Criterion};
use fasgard_train::{ExperimentConfig, Observer};

use plan::FoldData;

pub(crate) use outcome::{CellReport, Figures, Outcome, State};
pub(crate) use plan::{describe, distinct};
pub(crate) use published::{Published, read as read_published};

/// Everything that an experiment needs.
pub(crate) struct Experiment {
    pub(crate) protocol: Protocol,
    pub(crate) dataset: Dataset,
    /// The folds that are done, assigned and checked.
    pub(crate) folds: Vec<Fold>,
    /// Names are unique; seeds and folds are set for every cell.
    pub(crate) models: Vec<ExperimentConfig>,
    pub(crate) seeds: Vec<u64>,
    pub(crate) output: PathBuf,
    pub(crate) convention: Convention,
    pub(crate) threshold: Option<Criterion>,
    /// Samples in a batch of scoring.
    pub(crate) batch: usize,
    /// Whether the classical baselines are rows.
    pub(crate) baselines: bool,
    pub(crate) published: Vec<Published>,
}

/// What an experiment tells while it goes on.
pub(crate) trait Watch {
    /// A line for the reader.
    fn line(&mut self, text: &str);
    /// Watches the training of a cell, and may stop it.
    fn observer(&mut self, cell: &str) -> Box<dyn Observer>;
    /// Whether to stop before the next cell.
    fn cancelled(&self) -> bool;
}

/// Does every cell that is not done yet, then reads them all into figures.
///
/// # Errors
/// The experiment's own files cannot be written. What fails in a cell is in its report.
pub(crate) fn run(
    experiment: &Experiment,
    device: &Device,
    watch: &mut dyn Watch,
) -> anyhow::Result<Outcome> {
    let mut cells = Vec::new();
    let mut stopped = false;
    'folds: for fold in &experiment.folds {
        let first = cells.len();
        let data = FoldData::new(experiment, fold);
        for model in &experiment.models {
            for &seed in &experiment.seeds {
                if watch.cancelled() {
                    stopped = true;
                    break 'folds;
                }
                let plan = plan::Cell::new(experiment, fold, model, seed);
                let report = cell::run(experiment, &plan, &data, device, watch);
                if let State::Failed(reason) = &report.state {
                    watch.line(&format!("{}: failed: {reason}", report.name()));
                }
                stopped = report.state == State::Stopped;
                cells.push(report);
                if stopped {
                    break 'folds;
                }
            }
        }
        if experiment.baselines {
            cells.extend(baseline::run(experiment, &data, watch));
            matched::add(&mut cells[first..], baseline::SINGLE);
        }
    }
    let comparisons = match stopped {
        true => Vec::new(),
        false => compare::with_first(experiment, &cells, watch),
    };
    Ok(Outcome {
        cells,
        stopped,
        comparisons,
    })
}
