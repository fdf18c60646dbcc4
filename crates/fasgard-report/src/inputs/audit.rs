//! What `fasgard audit` found.

use std::path::{Path, PathBuf};

use fasgard_data::audit::Audit;

use super::{FileNote, hash, text};
use crate::{error::ReportError, options::ReportOptions};

/// The file's name where none is given.
const NAME: &str = "audit.json";
/// Folder of an experiment's runs: `EXPERIMENT/cells/FOLD/MODEL/seed-N`.
const CELLS: &str = "cells";

/// An audit and its file.
#[derive(Debug)]
pub(crate) struct AuditFile {
    pub(crate) note: FileNote,
    pub(crate) audit: Audit,
}

/// Reads the audits of the options, or those that lie with the runs; each file once.
pub(crate) fn load_audits(options: &ReportOptions) -> Result<Vec<AuditFile>, ReportError> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut add = |path: PathBuf| {
        if !paths.contains(&path) {
            paths.push(path);
        }
    };
    if options.audits.is_empty() {
        let folders = options.models.iter().flat_map(|m| folders(&m.run));
        folders
            .map(|folder| folder.join(NAME))
            .filter(|path| path.is_file())
            .for_each(&mut add);
    } else {
        options.audits.iter().cloned().for_each(&mut add);
    }
    paths.iter().map(|path| read(path)).collect()
}

/// The run's folder, and its experiment's where it is a cell of one.
fn folders(run: &Path) -> Vec<PathBuf> {
    let mut folders = vec![run.to_owned()];
    let cells = run.ancestors().skip(1).find(|a| a.ends_with(CELLS));
    folders.extend(cells.and_then(Path::parent).map(Path::to_owned));
    folders
}

fn read(path: &Path) -> Result<AuditFile, ReportError> {
    let content = text(path)?;
    let wrong = |what: String| ReportError::format(path, what);
    let audit: Audit = serde_json::from_str(&content).map_err(|e| {
        wrong(format!(
            "expected the JSON of `fasgard audit --output`: {e}; audit the data again"
        ))
    })?;
    if audit.schema != 1 {
        return Err(wrong(format!("expected schema 1, found {}", audit.schema)));
    }
    let note = FileNote {
        role: "audit",
        path: path.to_owned(),
        found: hash(path)?,
    };
    Ok(AuditFile { note, audit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiments_folder_is_above_its_cells() {
        let of = |run: &str| -> Vec<String> {
            let folders = folders(Path::new(run)).into_iter();
            folders.map(|f| f.display().to_string()).collect()
        };
        assert_eq!(of("runs/ps"), ["runs/ps"]);
        assert_eq!(
            of("exp/cells/official/ps/seed-0"),
            ["exp/cells/official/ps/seed-0", "exp"]
        );
    }
}
