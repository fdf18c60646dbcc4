//! What a report is made from and how.

use std::path::{Path, PathBuf};

/// The files of one model. Every file may be missing: the sections that need it say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFiles {
    /// Name in tables and legends; empty = the config's `name`, else the run folder's name.
    pub name: String,
    /// The run folder.
    pub run: PathBuf,
    /// The model file; of it only the card is read: name, hash of the weights, version.
    pub model: PathBuf,
    /// Experiment config (TOML); its `[input]` table is how images are cropped.
    pub config: PathBuf,
    /// Training log (CSV).
    pub metrics: PathBuf,
    /// Scores of the dev set (score file).
    pub scores_dev: PathBuf,
    /// Scores of the test set (score file).
    pub scores_test: PathBuf,
    /// Predicted maps of the test set (see [`crate::maps`]).
    pub maps_test: PathBuf,
    /// What `fasgard evaluate --json` printed.
    pub evaluation: PathBuf,
}

impl ModelFiles {
    /// The usual names in a run folder: `model.safetensors`, `config.toml`, `metrics.csv`, `scores-dev.csv`,
    /// `scores-test.csv`, `maps-test.safetensors`, `evaluation.json`.
    pub fn in_run(dir: impl AsRef<Path>) -> Self {
        let dir = dir.as_ref();
        Self {
            name: String::new(),
            run: dir.to_owned(),
            model: dir.join("model.safetensors"),
            config: dir.join("config.toml"),
            metrics: dir.join("metrics.csv"),
            scores_dev: dir.join("scores-dev.csv"),
            scores_test: dir.join("scores-test.csv"),
            maps_test: dir.join("maps-test.safetensors"),
            evaluation: dir.join("evaluation.json"),
        }
    }

    /// The same files under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

/// What goes into a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Title of the document.
    pub title: String,
    /// The models, in the order of tables and legends.
    pub models: Vec<ModelFiles>,
    /// Folders of prepared datasets: where the gallery's images come from.
    pub data: Vec<PathBuf>,
    /// What `fasgard audit --output` wrote. Empty: `audit.json` of a run folder, or of the experiment that
    /// a run is a cell of, where there is one.
    pub audits: Vec<PathBuf>,
    /// Samples shown of live and of each species, 0 to 24 (more are cut to 24).
    pub gallery_per_species: usize,
    /// Longest side in pixels of a face in the gallery, 32 to 512.
    pub gallery_pixels: u32,
    /// Show models tested on different samples in one report, with a plain warning, instead of
    /// refusing.
    pub allow_different_test_sets: bool,
    /// The document's largest size in bytes; the gallery is thinned to fit, and what cannot fit
    /// is an error.
    pub max_bytes: usize,
}

impl ReportOptions {
    /// A report of these models with everything else at its default: 6 samples a species, faces
    /// of at most 160 pixels, at most 8 MB.
    pub fn new(title: impl Into<String>, models: Vec<ModelFiles>) -> Self {
        Self {
            title: title.into(),
            models,
            data: Vec::new(),
            audits: Vec::new(),
            gallery_per_species: 6,
            gallery_pixels: 160,
            allow_different_test_sets: false,
            max_bytes: 8_000_000,
        }
    }
}
