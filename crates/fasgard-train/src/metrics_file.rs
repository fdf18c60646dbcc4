//! `metrics.csv`: the run's curves, one row a step or validation.
//!
//! `step,epoch,phase,lr,loss,TERMS...,grad_norm,auc,eer,threshold`: phase is `train` or `dev`;
//! what does not apply is empty. There is no clock in it, so that equal runs write equal files.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{TrainError, Validation};

/// The open file.
pub(crate) struct MetricsFile {
    path: PathBuf,
    file: File,
    terms: Vec<String>,
    /// Of what is in the file.
    hash: Sha256,
}

/// A training row.
pub(crate) struct TrainRow<'a> {
    pub(crate) step: u64,
    pub(crate) epoch: u64,
    pub(crate) lr: f64,
    pub(crate) loss: f32,
    pub(crate) terms: &'a [f32],
    pub(crate) grad_norm: f64,
}

impl MetricsFile {
    /// Opens the file and cuts it to `length` bytes (what a checkpoint remembers; 0 starts anew), whose
    /// SHA-256 must be `expected` unless that is empty.
    pub(crate) fn open(
        path: &Path,
        terms: &[String],
        (length, expected): (u64, &str),
    ) -> Result<Self, TrainError> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .open(path)
            .map_err(TrainError::file(path, "open"))?;
        let found = file
            .metadata()
            .map_err(TrainError::file(path, "read"))?
            .len();
        if found < length {
            return Err(TrainError::damaged(
                path,
                format!(
                    "expected at least the {length} bytes that the checkpoint remembers, found {found}"
                ),
            ));
        }
        let mut hash = Sha256::new();
        let kept = io::copy(&mut (&mut file).take(length), &mut hash);
        kept.map_err(TrainError::file(path, "read"))?;
        let content = format!("{:x}", hash.clone().finalize());
        if length > 0 && !expected.is_empty() && content != expected {
            return Err(TrainError::damaged(
                path,
                format!(
                    "expected SHA-256 {expected} of its first {length} bytes as the checkpoint remembers, found {content}: the file was changed; put it back, or start anew in another --output"
                ),
            ));
        }
        file.set_len(length)
            .map_err(TrainError::file(path, "write"))?;
        file.seek(SeekFrom::End(0))
            .map_err(TrainError::file(path, "write"))?;
        let mut this = Self {
            path: path.to_owned(),
            file,
            terms: terms.to_vec(),
            hash,
        };
        if length == 0 {
            let terms = this.terms.join(",");
            this.line(&format!(
                "step,epoch,phase,lr,loss,{terms},grad_norm,auc,eer,threshold"
            ))?;
        }
        Ok(this)
    }

    pub(crate) fn train(&mut self, row: &TrainRow<'_>) -> Result<(), TrainError> {
        let terms: Vec<String> = row.terms.iter().map(f32::to_string).collect();
        self.line(&format!(
            "{},{},train,{},{},{},{},,,",
            row.step,
            row.epoch,
            row.lr,
            row.loss,
            terms.join(","),
            row.grad_norm
        ))
    }

    pub(crate) fn dev(&mut self, step: u64, epoch: u64, v: &Validation) -> Result<(), TrainError> {
        let terms: Vec<String> = v.terms.iter().map(f64::to_string).collect();
        self.line(&format!(
            "{step},{epoch},dev,,{},{},,{},{},{}",
            v.loss,
            terms.join(","),
            v.auc,
            v.eer,
            v.threshold
        ))
    }

    /// Flushes to the disk and returns the file's length and SHA-256.
    pub(crate) fn sync(&mut self) -> Result<(u64, String), TrainError> {
        self.file
            .sync_data()
            .map_err(TrainError::file(&self.path, "write"))?;
        let length = self
            .file
            .stream_position()
            .map_err(TrainError::file(&self.path, "write"))?;
        Ok((length, format!("{:x}", self.hash.clone().finalize())))
    }

    fn line(&mut self, text: &str) -> Result<(), TrainError> {
        let line = format!("{text}\n");
        self.hash.update(&line);
        self.file
            .write_all(line.as_bytes())
            .map_err(TrainError::file(&self.path, "write"))
    }
}
