//! Checkpoints: `checkpoints/step-00000100/` with weights, optimiser state and `state.toml`.
//!
//! A checkpoint is written beside its place and renamed into it when complete, so that a crash or
//! a full disk leaves the previous one. `state.toml` holds the hashes of the other files and ends
//! with its own.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use fasgard_image::write_atomic;
use fasgard_model::{read_tensors, tensor_bytes};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Learner, TrainError, Validation};

const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.bpk";
const STATE: &str = "state.toml";
/// A checkpoint that is not complete yet.
const WRITING: &str = ".writing";
/// Complete checkpoints that are kept.
const KEPT: usize = 2;
/// Largest optimiser state that is read, in bytes.
const MAX_OPTIMIZER: u64 = 4 << 30;
/// Largest `state.toml` that is read, in bytes.
const MAX_STATE: u64 = 1 << 20;
/// Version of the layout.
const SCHEMA: u32 = 2;
/// Begins the last line of `state.toml`, the hash of what stands above it.
const OWN_HASH: &str = "# sha256 ";

/// What a run remembers besides weights and optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) schema: u32,
    /// Version of fasgard that writes the run.
    pub(crate) fasgard: String,
    /// Steps done.
    pub(crate) step: u64,
    /// SHA-256 of the configuration with all defaults.
    pub(crate) config: String,
    /// SHA-256 of the data.
    pub(crate) data: String,
    /// Length of `metrics.csv` at this step.
    pub(crate) metrics_bytes: u64,
    /// SHA-256 of these bytes; empty in checkpoints of versions that did not know it.
    #[serde(default)]
    pub(crate) metrics_sha256: String,
    /// Validations since the best one.
    pub(crate) stale: u64,
    /// SHA-256 of the weights' and optimiser's files.
    #[serde(default)]
    pub(crate) weights_sha256: String,
    #[serde(default)]
    pub(crate) optimizer_sha256: String,
    /// The best validation so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) best: Option<Best>,
}

impl State {
    /// Where a run starts.
    pub(crate) fn new(config: String, data: String) -> Self {
        Self {
            schema: SCHEMA,
            fasgard: env!("CARGO_PKG_VERSION").into(),
            step: 0,
            config,
            data,
            metrics_bytes: 0,
            metrics_sha256: String::new(),
            stale: 0,
            weights_sha256: String::new(),
            optimizer_sha256: String::new(),
            best: None,
        }
    }
}

/// The best validation so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Best {
    pub(crate) step: u64,
    /// [`weights_sha256`](fasgard_model::weights_sha256) of `best.safetensors`.
    pub(crate) weights_sha256: String,
    pub(crate) validation: Validation,
}

/// SHA-256 as hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Writes a checkpoint into `folder` and removes all but the latest two.
pub(crate) fn save(folder: &Path, learner: &Learner, state: State) -> Result<(), TrainError> {
    let written = write(folder, learner, state);
    if written.is_err() {
        // Half a checkpoint helps nobody and takes space; the error that is reported is the first.
        let _ = fs::remove_dir_all(folder.join(WRITING));
    }
    written
}

fn write(folder: &Path, learner: &Learner, mut state: State) -> Result<(), TrainError> {
    fs::create_dir_all(folder).map_err(TrainError::file(folder, "create"))?;
    let place = folder.join(format!("step-{:08}", state.step));
    let writing = folder.join(WRITING);
    if writing.exists() {
        fs::remove_dir_all(&writing).map_err(TrainError::file(&writing, "remove"))?;
    }
    fs::create_dir(&writing).map_err(TrainError::file(&writing, "create"))?;
    let weights = writing.join(WEIGHTS);
    let bytes = tensor_bytes(&weights, &learner.weights(), HashMap::new())?;
    state.weights_sha256 = sha256(&bytes);
    write_atomic(&weights, &bytes)?;
    let bytes = learner
        .optimizer_bytes()
        .map_err(|reason| TrainError::damaged(&writing.join(OPTIMIZER), reason))?;
    state.optimizer_sha256 = sha256(&bytes);
    write_atomic(writing.join(OPTIMIZER), &bytes)?;
    let text = toml::to_string(&state)
        .map_err(|e| TrainError::damaged(&writing.join(STATE), e.to_string()))?;
    let text = format!("{text}{OWN_HASH}{}\n", sha256(text.as_bytes()));
    write_atomic(writing.join(STATE), text.as_bytes())?;
    if place.exists() {
        fs::remove_dir_all(&place).map_err(TrainError::file(&place, "replace"))?;
    }
    fs::rename(&writing, &place).map_err(TrainError::file(&place, "write"))?;
    // The rename survives a power cut only once the folder is flushed, where that is possible.
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    let all = list(folder)?;
    for (_, old) in &all[..all.len().saturating_sub(KEPT)] {
        fs::remove_dir_all(old).map_err(TrainError::file(old, "remove"))?;
    }
    Ok(())
}

/// The latest checkpoint's `state.toml` and what it says; none if there is no checkpoint.
pub(crate) fn latest(folder: &Path) -> Result<Option<(PathBuf, State)>, TrainError> {
    let Some((step, place)) = list(folder)?.into_iter().next_back() else {
        return Ok(None);
    };
    let path = place.join(STATE);
    let bytes = read(&path, MAX_STATE)?;
    let text = String::from_utf8(bytes).map_err(|e| damaged(&path, &e.to_string()))?;
    // The layout first: another version's file may have other keys and no hash.
    let schema = text
        .parse::<toml::Table>()
        .ok()
        .and_then(|table| table.get("schema")?.as_integer());
    if let Some(schema) = schema.filter(|s| *s != i64::from(SCHEMA)) {
        return Err(TrainError::damaged(
            &path,
            format!(
                "expected schema {SCHEMA}, found {schema}: another version of fasgard wrote it; go on with that version, or start anew in another --output"
            ),
        ));
    }
    let Some((above, hash)) = text.rsplit_once(OWN_HASH) else {
        let reason = format!("expected `{OWN_HASH}HASH` as its last line, found none");
        return Err(damaged(&path, &reason));
    };
    let found = sha256(above.as_bytes());
    if found != hash.trim_end() {
        let reason = format!("expected SHA-256 {}, found {found}", hash.trim_end());
        return Err(damaged(&path, &reason));
    }
    let state: State = toml::from_str(above).map_err(|e| damaged(&path, &e.to_string()))?;
    if state.step != step {
        let reason = format!(
            "expected step {step} as its folder says, found {}",
            state.step
        );
        return Err(damaged(&path, &reason));
    }
    Ok(Some((path, state)))
}

/// Loads weights and optimiser of a checkpoint into `learner`.
pub(crate) fn load(
    state_file: &Path,
    state: &State,
    learner: &mut Learner,
) -> Result<(), TrainError> {
    let weights = state_file.with_file_name(WEIGHTS);
    check(&weights, &state.weights_sha256)?;
    learner
        .load(read_tensors(&weights)?.0)
        .map_err(|e| damaged(&weights, &e.to_string()))?;
    let optimizer = state_file.with_file_name(OPTIMIZER);
    let bytes = check(&optimizer, &state.optimizer_sha256)?;
    learner
        .load_optimizer(bytes)
        .map_err(|e| damaged(&optimizer, &e))
}

/// A file's bytes, if they are the ones that were written.
fn check(path: &Path, expected: &str) -> Result<Vec<u8>, TrainError> {
    let bytes = read(path, MAX_OPTIMIZER)?;
    let found = sha256(&bytes);
    if found == expected {
        return Ok(bytes);
    }
    let reason = format!("expected SHA-256 {expected}, found {found}");
    Err(damaged(path, &reason))
}

/// A file's bytes, of which there are at most `most`.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, TrainError> {
    let unreadable = |e: std::io::Error| damaged(path, &format!("cannot be read: {e}"));
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > most {
        let reason = format!("expected at most {most} bytes, found {length}");
        return Err(damaged(path, &reason));
    }
    fs::read(path).map_err(unreadable)
}

/// What is wrong with a checkpoint's file and what to do: a damaged checkpoint is never passed over
/// in silence.
fn damaged(path: &Path, reason: &str) -> TrainError {
    let folder = path.parent().unwrap_or(path).display();
    TrainError::damaged(
        path,
        format!(
            "{reason}: the checkpoint is damaged; remove its folder {folder} to go on from the one before"
        ),
    )
}

/// Complete checkpoints by step.
fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, TrainError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(TrainError::file(folder, "read"))? {
        let path = entry.map_err(TrainError::file(folder, "read"))?.path();
        let step = path
            .file_name()
            .and_then(|n| n.to_str())
            .and_then(|n| n.strip_prefix("step-"))
            .and_then(|n| n.parse().ok());
        if let Some(step) = step {
            all.push((step, path));
        }
    }
    all.sort();
    Ok(all)
}
