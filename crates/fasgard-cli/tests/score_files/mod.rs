//! Score files written by hand.

#![allow(dead_code)]

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::common::{fasgard, text};

/// The columns of a score file.
pub(crate) const HEADER: &str =
    "sample,dataset,split,subject,video,frame,label,species,attributes,score,logit,status";

/// Files of one test.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and returns its name.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        text(&self.path(name))
    }

    /// 40 rows of a split: subjects of two videos each, the first live, the other `species`; every
    /// tenth score on the wrong side of one half, and higher by `shift`.
    pub(crate) fn scores(&self, name: &str, split: &str, species: &str, shift: f64) -> String {
        let rows: String = (0..40)
            .map(|i| {
                let live = i % 2 == 0;
                let right = if live { 0.7 } else { 0.2 };
                let score = if i % 10 < 2 { 0.9 - right } else { right } + shift + f64::from(i) / 1000.0;
                let (label, species) = if live { ("live", "") } else { ("attack", species) };
                format!(
                    "{split}{i},d,{split},{split}{},{split}v{i},0,{label},{species},device={},{score},,ok\n",
                    i / 2,
                    i % 4 / 2
                )
            })
            .collect();
        self.write(name, format!("{HEADER}\n{rows}"))
    }
}

/// What a command prints with --json.
pub(crate) fn json(args: &[&str]) -> Value {
    let out = fasgard(&[args, &["--json"]].concat()).success();
    serde_json::from_slice(&out.get_output().stdout).unwrap()
}

/// The codes of an evaluation's warnings.
pub(crate) fn codes(evaluation: &Value) -> Vec<&str> {
    let warnings = evaluation["warnings"].as_array().unwrap();
    warnings
        .iter()
        .map(|w| w["code"].as_str().unwrap())
        .collect()
}
