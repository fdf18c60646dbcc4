//! The files of a run.

use std::path::PathBuf;

/// The files of a run's folder.
#[derive(Clone, Debug)]
pub struct RunFiles {
    /// The folder.
    pub root: PathBuf,
}

impl RunFiles {
    /// The files of `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
    /// The configuration with all defaults.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }
    /// The curves.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.csv")
    }
    /// The lock of the process that works here.
    pub fn lock(&self) -> PathBuf {
        self.root.join("run.lock")
    }
    /// The samples that the run started with, to say what differs when it goes on.
    pub fn samples(&self) -> PathBuf {
        self.checkpoints().join("samples.tsv")
    }
    /// The checkpoints' folder.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }
    /// The best weights so far.
    pub fn best(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }
    /// The finished model.
    pub fn model(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }
    /// Scores of the finished model on dev.
    pub fn dev_scores(&self) -> PathBuf {
        self.root.join("scores-dev.csv")
    }
}
