//! One cell: train, score, evaluate; or see that it is done.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use fasgard_data::{Dataset, checks::any_class};
use fasgard_image::write_atomic;
use fasgard_metrics::{ConventionChoice, Request, ScoreFile, Split, evaluate};
use fasgard_model::ModelFile;
use fasgard_train::{RunFiles, TrainOptions, score_samples, train};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::{Cell, FoldData, hex};
use super::{CellReport, Experiment, Figures, State, Watch};

const CELL: &str = "cell.json";
/// Largest `cell.json` that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// `cell.json`: what a cell depends on and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CellFile {
    schema: u32,
    fold: String,
    model: String,
    seed: Option<u64>,
    /// SHA-256 of the protocol file.
    protocol_sha256: String,
    /// SHA-256 of the samples of the three splits.
    data_sha256: String,
    /// SHA-256 of the configuration with its seed and fold, of the data and of the kind of cell.
    hash: String,
    /// SHA-256 of the two score files; none until the cell is done.
    scores: Option<[String; 2]>,
}

impl CellFile {
    pub(super) fn new(
        experiment: &Experiment,
        model: &str,
        seed: Option<u64>,
        settings: &str,
        data: &FoldData<'_>,
    ) -> Self {
        let (fold, data_sha256) = (data.fold.name.as_str(), data.sha256.clone());
        let mut hash = Sha256::new();
        for part in [settings, &data_sha256, experiment.protocol.sha256(), fold] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self {
            schema: 1,
            fold: fold.to_owned(),
            model: model.to_owned(),
            seed,
            protocol_sha256: experiment.protocol.sha256().to_owned(),
            data_sha256,
            hash: hex(hash),
            scores: None,
        }
    }

    /// What the folder holds; none if it holds no cell.
    fn read(folder: &Path) -> Option<Self> {
        let path = folder.join(CELL);
        let length = std::fs::metadata(&path).ok()?.len();
        let text = std::fs::read(&path).ok().filter(|_| length <= MAX_BYTES)?;
        serde_json::from_slice(&text).ok()
    }

    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let json = serde_json::to_vec_pretty(self)?;
        write_atomic(folder.join(CELL), &json)?;
        Ok(())
    }
}

/// Where a cell's score files lie.
pub(super) fn score_files(folder: &Path) -> [PathBuf; 2] {
    [
        folder.join("scores-dev.csv"),
        folder.join("scores-test.csv"),
    ]
}

/// What there is to do in a cell's folder.
pub(super) enum Begin {
    /// Nothing: these are its scores.
    Done(Box<[ScoreFile; 2]>),
    /// To start or go on.
    Open,
}

/// Opens a cell's folder: what another configuration, fold or data left there is removed.
pub(super) fn begin(
    folder: &Path,
    cell: &CellFile,
    watch: &mut dyn Watch,
) -> anyhow::Result<Begin> {
    match CellFile::read(folder) {
        Some(old) if old.hash == cell.hash => {
            if let Some(scores) = old.scores
                && let [Ok(dev), Ok(test)] = score_files(folder).map(ScoreFile::read)
                && scores == [dev.sha256.clone(), test.sha256.clone()]
            {
                return Ok(Begin::Done(Box::new([dev, test])));
            }
        }
        Some(_) => {
            watch.line(&format!(
                "{}: configuration, data or protocol changed: the cell is done anew",
                folder.display()
            ));
            std::fs::remove_dir_all(folder)?;
        }
        None => {
            let empty = std::fs::read_dir(folder).map_or(true, |mut d| d.next().is_none());
            anyhow::ensure!(
                empty,
                "{}: expected a cell of this experiment or an empty folder, found other files; choose another --output",
                folder.display()
            );
        }
    }
    std::fs::create_dir_all(folder)
        .map_err(|e| anyhow::anyhow!("{}: cannot create: {e}", folder.display()))?;
    cell.write(folder)?;
    Ok(Begin::Open)
}

/// Remembers a cell's scores: it is done.
pub(super) fn finish(folder: &Path, mut cell: CellFile) -> anyhow::Result<[ScoreFile; 2]> {
    let [dev, test] = score_files(folder);
    let (dev, test) = (ScoreFile::read(dev)?, ScoreFile::read(test)?);
    cell.scores = Some([dev.sha256.clone(), test.sha256.clone()]);
    cell.write(folder)?;
    Ok([dev, test])
}

/// Evaluates a cell and writes its `evaluation.json`.
pub(super) fn figures(
    experiment: &Experiment,
    folder: &Path,
    [dev, test]: &[ScoreFile; 2],
) -> anyhow::Result<Figures> {
    let mut request = Request::new(Some(dev), test);
    request.convention = ConventionChoice::One(experiment.convention);
    request.threshold = experiment.threshold;
    request.level = Some(experiment.protocol.file().level);
    let evaluation = evaluate(&request)?;
    let json = serde_json::to_vec_pretty(&evaluation)?;
    write_atomic(folder.join("evaluation.json"), &json)?;
    Figures::of(&evaluation, experiment.convention)
        .ok_or_else(|| anyhow::anyhow!("{}: no figures", folder.display()))
}

/// Does a cell, or sees that it is done; what goes wrong is in the report.
pub(super) fn run(
    experiment: &Experiment,
    cell: &Cell,
    data: &FoldData<'_>,
    device: &Device,
    watch: &mut dyn Watch,
) -> CellReport {
    let done = work(experiment, cell, data, device, watch);
    let (state, figures) = match done {
        Ok(Some((state, figures))) => (state, Some(figures)),
        Ok(None) => (State::Stopped, None),
        Err(error) => (State::Failed(crate::failure::message(&error)), None),
    };
    CellReport {
        fold: cell.fold.clone(),
        model: cell.config.name.clone(),
        seed: Some(cell.config.seed),
        note: None,
        folder: cell.folder.clone(),
        state,
        figures,
    }
}

/// None if training was stopped.
fn work(
    experiment: &Experiment,
    cell: &Cell,
    data: &FoldData<'_>,
    device: &Device,
    watch: &mut dyn Watch,
) -> anyhow::Result<Option<(State, Figures)>> {
    let Cell {
        fold,
        config,
        folder,
    } = cell;
    let name = format!("{fold} / {} / seed {}", config.name, config.seed);
    let settings = config.to_toml().map_err(anyhow::Error::msg)?;
    let seed = Some(config.seed);
    let file = CellFile::new(experiment, &config.name, seed, &settings, data);
    let (state, scores) = match begin(folder, &file, watch)? {
        Begin::Done(scores) => (State::Unchanged, *scores),
        Begin::Open => {
            let files = RunFiles::new(folder);
            if !files.model().exists() {
                let options = TrainOptions {
                    output: folder.clone(),
                    resume: files.config().exists(),
                    init: None,
                };
                let mut observer = watch.observer(&name);
                let outcome = train(config, &data.dataset, &options, device, observer.as_mut())?;
                if !outcome.finished {
                    return Ok(None);
                }
            }
            score(experiment, folder, &data.dataset, device)?;
            (State::Done, finish(folder, file)?)
        }
    };
    Ok(Some((state, figures(experiment, folder, &scores)?)))
}

/// Scores test with the finished model; training scored dev.
fn score(
    experiment: &Experiment,
    folder: &Path,
    dataset: &Dataset,
    device: &Device,
) -> anyhow::Result<()> {
    let path = RunFiles::new(folder).model();
    let model = ModelFile::read(&path)?;
    let detector = model.detector(&path, device)?;
    let card = &model.card;
    let samples = any_class(dataset, Split::Test)?;
    let scored = score_samples(
        &detector,
        &card.model,
        &card.preprocess,
        samples,
        experiment.batch,
        device,
        &mut |_| {},
    )?;
    let [_, test] = score_files(folder);
    ScoreFile::write(test, &scored.rows)?;
    Ok(())
}
