//! Loading a model's files; what is missing is noted, what is wrong is an error.

mod audit;
mod belongs;
mod card;

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use fasgard_image::Preprocess;
use fasgard_metrics::{Fuse, Level, NoResponse, Ranked, ScoreFile, default_level, presentations};
use sha2::{Digest, Sha256};

pub(crate) use audit::{AuditFile, load_audits};
pub(crate) use card::Card;

use crate::{
    error::ReportError,
    evaluation::Evaluation,
    maps::MapReader,
    options::{ModelFiles, ReportOptions},
    training_log::{self, TrainingLog},
};

/// Configs and evaluations above this many bytes are refused.
const MAX_TEXT: u64 = 16_000_000;

/// One input file and its state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileNote {
    pub(crate) role: &'static str,
    pub(crate) path: PathBuf,
    /// Bytes and SHA-256; none if the file does not exist.
    pub(crate) found: Option<(u64, String)>,
}

/// A model's files, loaded.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) files: Vec<FileNote>,
    pub(crate) config: Option<toml::Table>,
    pub(crate) preprocess: Preprocess,
    pub(crate) log: Option<TrainingLog>,
    pub(crate) test: Option<ScoreFile>,
    pub(crate) maps: Option<MapReader>,
    pub(crate) evaluation: Option<Evaluation>,
    /// Test presentations at the evaluation's level.
    pub(crate) ranked: Option<Ranked>,
    /// Dev presentations likewise.
    pub(crate) ranked_dev: Option<Ranked>,
    /// What identifies the model.
    pub(crate) card: Option<Card>,
    /// Why the files may not belong together.
    pub(crate) doubts: Vec<String>,
}

/// Loads every model.
pub(crate) fn load_all(options: &ReportOptions) -> Result<Vec<Run>, ReportError> {
    if options.models.is_empty() {
        return Err(ReportError::NoModel);
    }
    let runs: Vec<Run> = options.models.iter().map(load).collect::<Result<_, _>>()?;
    for (i, run) in runs.iter().enumerate() {
        if let Some(earlier) = runs[..i].iter().position(|r| r.name == run.name) {
            return Err(ReportError::DuplicateName {
                name: run.name.clone(),
                first: options.models[earlier].run.clone(),
                second: options.models[i].run.clone(),
            });
        }
    }
    Ok(runs)
}

fn load(files: &ModelFiles) -> Result<Run, ReportError> {
    if !files.run.is_dir() && !files.scores_test.exists() {
        return Err(ReportError::NoContent {
            run: files.run.clone(),
            found: "no such folder",
        });
    }
    let mut notes = Vec::new();
    let mut note = |role, path: &Path| -> Result<bool, ReportError> {
        let found = hash(path)?;
        let exists = found.is_some();
        notes.push(FileNote {
            role,
            path: path.to_owned(),
            found,
        });
        Ok(exists)
    };
    // Scores of another system have no model file, and that is nothing to complain of.
    let card = match files.model.exists() && note("model", &files.model)? {
        true => Some(card::read(&files.model)?),
        false => None,
    };
    let config: Option<toml::Table> = match note("config", &files.config)? {
        true => Some(
            text(&files.config)?
                .parse()
                .map_err(|e| ReportError::format(&files.config, format!("expected TOML: {e}")))?,
        ),
        false => None,
    };
    let preprocess =
        input_table(config.as_ref()).map_err(|what| ReportError::format(&files.config, what))?;
    let log = match note("training log", &files.metrics)? {
        true => Some(training_log::read(&files.metrics)?),
        false => None,
    };
    let dev = match note("dev scores", &files.scores_dev)? {
        true => Some(ScoreFile::read(&files.scores_dev)?),
        false => None,
    };
    let test = match note("test scores", &files.scores_test)? {
        true => Some(ScoreFile::read(&files.scores_test)?),
        false => None,
    };
    let maps = match note("test maps", &files.maps_test)? {
        true => Some(MapReader::open(&files.maps_test)?),
        false => None,
    };
    let evaluation = match note("evaluation", &files.evaluation)? {
        true => Some(
            Evaluation::parse(&text(&files.evaluation)?)
                .map_err(|what| ReportError::format(&files.evaluation, what))?,
        ),
        false => None,
    };
    if test.is_none() && evaluation.is_none() && log.is_none() {
        return Err(ReportError::NoContent {
            run: files.run.clone(),
            found: "none of them",
        });
    }
    let ranked = |scores: &Option<ScoreFile>, path: &Path| {
        let ranked = scores.as_ref().map(|s| rank(s, evaluation.as_ref()));
        ranked
            .transpose()
            .map_err(|what| ReportError::format(path, what))
    };
    let (ranked, ranked_dev) = (
        ranked(&test, &files.scores_test)?,
        ranked(&dev, &files.scores_dev)?,
    );
    let name = [
        Some(files.name.clone()),
        config
            .as_ref()
            .and_then(|c| c.get("name"))
            .and_then(|n| n.as_str())
            .map(str::to_owned),
        files
            .run
            .file_name()
            .map(|n| n.to_string_lossy().into_owned()),
    ]
    .into_iter()
    .flatten()
    .find(|n| !n.is_empty())
    .unwrap_or_else(|| "model".to_owned());
    let mut run = Run {
        name,
        files: notes,
        config,
        preprocess,
        log,
        test,
        maps,
        evaluation,
        ranked,
        ranked_dev,
        card,
        doubts: Vec::new(),
    };
    run.doubts = belongs::doubts(&run);
    Ok(run)
}

/// The presentations at the level the evaluation counted at.
fn rank(scores: &ScoreFile, evaluation: Option<&Evaluation>) -> Result<Ranked, String> {
    let level = match evaluation.map(|e| e.level.as_str()) {
        Some("frame") => Level::Frame,
        Some("video") => Level::Video,
        _ => default_level([scores]),
    };
    let fuse: Fuse = evaluation
        .and_then(|e| e.fuse.as_deref())
        .and_then(|f| f.parse().ok())
        .unwrap_or_default();
    let all = presentations(scores, level, fuse).map_err(|e| e.to_string())?;
    let policy = match evaluation.map(|e| e.no_response.as_str()) {
        Some("reject") => NoResponse::Reject,
        _ => NoResponse::Exclude,
    };
    Ok(Ranked::with(&all, policy))
}

fn input_table(config: Option<&toml::Table>) -> Result<Preprocess, String> {
    let preprocess: Preprocess = match config.and_then(|c| c.get("input")) {
        Some(input) => input
            .clone()
            .try_into()
            .map_err(|e| format!("table `input`: {e}"))?,
        None => Preprocess::default(),
    };
    preprocess
        .validate()
        .map_err(|e| format!("table `input`: {e}"))?;
    Ok(preprocess)
}

/// A warning if models were tested on different samples; an error unless that is allowed.
pub(crate) fn compare_test_sets(runs: &[Run], allow: bool) -> Result<Option<String>, ReportError> {
    type Key<'a> = (&'a str, &'a str, bool);
    let sets: Vec<(&ScoreFile, HashSet<Key<'_>>)> = runs
        .iter()
        .filter_map(|r| r.test.as_ref())
        .map(|t| {
            let key = |r| -> Key<'_> {
                let r: &fasgard_metrics::ScoreRow = r;
                (r.dataset.as_str(), r.sample.as_str(), r.label.is_live())
            };
            (t, t.rows.iter().map(key).collect())
        })
        .collect();
    let Some(((first, base), others)) = sets.split_first() else {
        return Ok(None);
    };
    for (second, set) in others {
        if base != set {
            let what = format!(
                "{} and {} samples, {} in both",
                base.len(),
                set.len(),
                base.intersection(set).count()
            );
            if !allow {
                return Err(ReportError::DifferentTestSets {
                    first: first.path.clone(),
                    second: second.path.clone(),
                    what,
                });
            }
            return Ok(Some(what));
        }
    }
    Ok(None)
}

fn text(path: &Path) -> Result<String, ReportError> {
    let io = |source| ReportError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let mut out = String::new();
    let file = File::open(path).map_err(io)?;
    file.take(MAX_TEXT + 1)
        .read_to_string(&mut out)
        .map_err(io)?;
    if out.len() as u64 > MAX_TEXT {
        return Err(ReportError::format(
            path,
            format!("expected at most {MAX_TEXT} bytes"),
        ));
    }
    Ok(out)
}

/// Size and SHA-256 of a file; none if there is no such file.
fn hash(path: &Path) -> Result<Option<(u64, String)>, ReportError> {
    let io = |source| ReportError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let mut file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(io)?,
    };
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut file, &mut hasher).map_err(io)?;
    Ok(Some((bytes, format!("{:x}", hasher.finalize()))))
}
