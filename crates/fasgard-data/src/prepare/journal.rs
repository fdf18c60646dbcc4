//! What has been done: an interrupted preparation goes on where it stopped.
//!
//! `DIR/.prepare/state` names the work (a hash of everything that decides what is written) and
//! `DIR/.prepare/journal.jsonl` has a line for every medium whose files are all in place. A line
//! that a kill cut short is not counted: its medium is done again and its files are replaced.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fasgard_image::write_atomic;
use serde::{Deserialize, Serialize};

use super::{Failure, PrepareError, sha256_hex};
use crate::manifest::{COLUMNS, ManifestRow, RowBuilder, cells};

/// The folder of the journal within the output.
pub(super) const FOLDER: &str = ".prepare";

/// What became of a medium.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// Samples that the medium was to give.
    pub(super) planned: u64,
    /// Samples that are stored.
    pub(super) rows: Vec<ManifestRow>,
    /// What was left out.
    pub(super) failures: Vec<Failure>,
}

/// An entry as a line.
#[derive(Serialize, Deserialize)]
struct Line {
    job: usize,
    planned: u64,
    rows: Vec<Vec<String>>,
    failures: Vec<[String; 3]>,
}

/// An open journal.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Whether `output` holds an unfinished preparation, and of which work.
    pub(super) fn work(output: &Path) -> Option<String> {
        let mut text = String::new();
        let file = File::open(output.join(FOLDER).join("state")).ok()?;
        file.take(4096).read_to_string(&mut text).ok()?;
        Some(text.trim().to_owned())
    }

    /// Starts a journal of `work` in an output that has none.
    pub(super) fn start(output: &Path, work: &str) -> Result<Self, PrepareError> {
        let folder = output.join(FOLDER);
        let path = folder.join("journal.jsonl");
        let failed = |source| PrepareError::Output {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        write_atomic(folder.join("state"), format!("{work}\n").as_bytes())?;
        Ok(Self { path, file })
    }

    /// Opens the journal of an unfinished preparation of `jobs` media: the entries by job.
    pub(super) fn resume(
        output: &Path,
        jobs: usize,
    ) -> Result<(Self, BTreeMap<usize, Entry>), PrepareError> {
        let path = output.join(FOLDER).join("journal.jsonl");
        let failed = |source| PrepareError::Output {
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let (mut entries, mut whole) = (BTreeMap::new(), 0_u64);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        loop {
            line.clear();
            // A line has the rows of one video: far below this bound.
            let read = (&mut reader)
                .take(64 << 20)
                .read_until(b'\n', &mut line)
                .map_err(failed)?;
            let complete = line.last() == Some(&b'\n');
            let Some((job, entry)) = complete.then(|| parse(&line)).flatten() else {
                break;
            };
            whole += read as u64;
            // Files that are gone were not stored.
            let there = |row: &ManifestRow| {
                let maps = [&row.mask, &row.depth].into_iter().flatten();
                std::iter::once(&row.image)
                    .chain(maps)
                    .all(|file| file.under(output).metadata().is_ok_and(|m| m.len() > 0))
            };
            if job < jobs && entry.rows.iter().all(there) {
                entries.insert(job, entry);
            }
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::Start(whole)).map_err(failed)?;
        Ok((Self { path, file }, entries))
    }

    /// Notes that a medium is done; its files are in place.
    pub(super) fn add(&mut self, job: usize, entry: &Entry) -> Result<(), PrepareError> {
        let line = Line {
            job,
            planned: entry.planned,
            rows: entry.rows.iter().map(|row| cells(row).to_vec()).collect(),
            failures: (entry.failures.iter())
                .map(|f| [f.sample.clone(), f.path.clone(), f.reason.clone()])
                .collect(),
        };
        let written = serde_json::to_vec(&line)
            .map_err(std::io::Error::from)
            .and_then(|mut bytes| {
                bytes.push(b'\n');
                self.file.write_all(&bytes)
            });
        written.map_err(|source| PrepareError::Output {
            path: self.path.clone(),
            source,
        })
    }

    /// Removes the journal: the manifest is written.
    pub(super) fn finish(self, output: &Path) -> Result<(), PrepareError> {
        drop(self.file);
        let path = output.join(FOLDER);
        // The state first: a kill in between leaves a dataset that is complete.
        let _ = fs::remove_file(path.join("state"));
        fs::remove_dir_all(&path).map_err(|source| PrepareError::Output { path, source })
    }
}

fn parse(line: &[u8]) -> Option<(usize, Entry)> {
    let line: Line = serde_json::from_slice(line).ok()?;
    let row = |cells: &Vec<String>| {
        let cell = |name: &'static str| {
            let at = COLUMNS.iter().position(|c| *c == name);
            at.and_then(|i| cells.get(i)).map_or("", String::as_str)
        };
        RowBuilder { cell: &cell }.row(None, None).ok()
    };
    let rows = line.rows.iter().map(row).collect::<Option<_>>()?;
    let failure = |[sample, path, reason]: [String; 3]| Failure {
        sample,
        path,
        reason,
    };
    let entry = Entry {
        planned: line.planned,
        rows,
        failures: line.failures.into_iter().map(failure).collect(),
    };
    Some((line.job, entry))
}

/// A hash of everything that decides what is written.
pub(super) fn work(parts: &[&str], rows: &[ManifestRow]) -> String {
    let mut text = String::new();
    for part in parts {
        text += part;
        text.push('\0');
    }
    for row in rows {
        text += &cells(row).join("\u{1}");
        text.push('\0');
    }
    sha256_hex(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use fasgard_metrics::Label;

    use super::*;
    use crate::manifest::RelativePath;

    #[test]
    fn a_line_cut_short_is_done_again() {
        let dir = tempfile::tempdir().unwrap();
        let row = |name: &str| {
            let image = RelativePath::new(&format!("{name}.jpg")).unwrap();
            let mut row = ManifestRow::new("d", name, Label::Live, None, image);
            row.face = Some(fasgard_image::FaceBox {
                x: 0.1,
                y: 1.0 / 3.0,
                w: 7e-8,
                h: 1e5,
            });
            row
        };
        let entry = |name: &str| Entry {
            planned: 2,
            rows: vec![row(name)],
            failures: vec![Failure {
                sample: name.to_owned(),
                path: "x\n\"y".to_owned(),
                reason: "z".to_owned(),
            }],
        };
        for name in ["a", "b", "c"] {
            fs::write(dir.path().join(format!("{name}.jpg")), b"x").unwrap();
        }
        let mut journal = Journal::start(dir.path(), "w").unwrap();
        for (job, name) in ["a", "b", "c", "gone"].into_iter().enumerate() {
            journal.add(job, &entry(name)).unwrap();
        }
        drop(journal);
        assert_eq!(Journal::work(dir.path()).as_deref(), Some("w"));
        let (journal, entries) = Journal::resume(dir.path(), 4).unwrap();
        assert_eq!(entries.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(entries[&1], entry("b"));
        drop(journal);
        let path = dir.path().join(FOLDER).join("journal.jsonl");
        let bytes = fs::read(&path).unwrap();
        let third = bytes
            .split(|b| *b == b'\n')
            .take(2)
            .map(|l| l.len() + 1)
            .sum::<usize>()
            + 9;
        fs::write(&path, &bytes[..third]).unwrap();
        let (mut journal, entries) = Journal::resume(dir.path(), 4).unwrap();
        assert_eq!(entries.len(), 2);
        journal.add(2, &entry("c")).unwrap();
        drop(journal);
        assert_eq!(Journal::resume(dir.path(), 4).unwrap().1.len(), 3);
        assert_eq!(Journal::resume(dir.path(), 2).unwrap().1.len(), 2);
    }
}
