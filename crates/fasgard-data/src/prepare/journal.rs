//! What has been done: an interrupted preparation goes on where it stopped.
//!
//! `DIR/.prepare/state` names the work (a hash of everything that decides what is written) and
//! `DIR/.prepare/journal.jsonl` has a line for every medium whose files are all in place. A line
//! that a kill cut short is not counted: its medium is done again and its files are replaced.
//!
//! The journal is also where the manifest is written from: in memory is only where each medium's line
//! stands, so that a large dataset needs little.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fasgard_image::write_atomic;
use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use super::{Failure, PrepareError};
use crate::manifest::{COLUMNS, ManifestRow, RowBuilder, Rows, cells, hashes};

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
    /// Paths and hashes of masks and depth maps.
    #[serde(default)]
    maps: Vec<[String; 2]>,
}

/// The place of a medium that has no line.
const NONE: u64 = u64::MAX;
/// A line has the rows of one video: far below this bound.
const MAX_LINE: u64 = 64 << 20;

/// An open journal.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes written.
    end: u64,
    /// Where each job's line begins, or [`NONE`].
    places: Vec<u64>,
}

impl Journal {
    /// Whether `output` holds an unfinished preparation, and of which work.
    pub(super) fn work(output: &Path) -> Option<String> {
        let mut text = String::new();
        let file = File::open(output.join(FOLDER).join("state")).ok()?;
        file.take(4096).read_to_string(&mut text).ok()?;
        Some(text.trim().to_owned())
    }

    /// Starts a journal of `work` of `jobs` media in an output that has none.
    pub(super) fn start(output: &Path, work: &str, jobs: usize) -> Result<Self, PrepareError> {
        let folder = output.join(FOLDER);
        let path = folder.join("journal.jsonl");
        let failed = |source| PrepareError::Output {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        write_atomic(folder.join("state"), format!("{work}\n").as_bytes())?;
        Ok(Self {
            path,
            file,
            end: 0,
            places: vec![NONE; jobs],
        })
    }

    /// Opens the journal of an unfinished preparation of `jobs` media.
    pub(super) fn resume(output: &Path, jobs: usize) -> Result<Self, PrepareError> {
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
        let (mut places, mut whole) = (vec![NONE; jobs], 0_u64);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut reader)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .map_err(failed)?;
            let complete = line.last() == Some(&b'\n');
            let Some((job, entry)) = complete.then(|| parse(&line)).flatten() else {
                break;
            };
            let place = whole;
            whole += read as u64;
            // Files that are gone were not stored.
            let there = |row: &ManifestRow| {
                let maps = [&row.mask, &row.depth].into_iter().flatten();
                std::iter::once(&row.image)
                    .chain(maps)
                    .all(|file| file.under(output).metadata().is_ok_and(|m| m.len() > 0))
            };
            if let Some(known) = places.get_mut(job).filter(|_| entry.rows.iter().all(there)) {
                *known = place;
            }
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::Start(whole)).map_err(failed)?;
        Ok(Self {
            path,
            file,
            end: whole,
            places,
        })
    }

    /// Whether a medium is done.
    pub(super) fn has(&self, job: usize) -> bool {
        self.places.get(job).is_some_and(|&place| place != NONE)
    }

    /// How many media are done.
    pub(super) fn done(&self) -> usize {
        (0..self.places.len()).filter(|&job| self.has(job)).count()
    }

    /// What became of the media that are done, in the order of their jobs, one at a time.
    pub(super) fn entries(&self, visit: &mut dyn FnMut(usize, Entry)) -> Result<(), PrepareError> {
        let each = self.lines(&mut |line| {
            let (job, entry) = entry(&line).ok_or_else(changed)?;
            visit(job, entry);
            Ok(())
        });
        each.map_err(|source| PrepareError::Output {
            path: self.path.clone(),
            source,
        })
    }

    /// The manifest's rows as their cells, in the order of the jobs.
    pub(super) fn rows(
        &self,
        visit: &mut dyn FnMut(&[String]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.lines(&mut |line| line.rows.iter().try_for_each(|cells| visit(cells)))
    }

    /// Paths and hashes of the rows' masks and depth maps, in the order of the jobs.
    pub(super) fn maps(
        &self,
        visit: &mut dyn FnMut([&str; 2]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.lines(&mut |line| {
            let pairs = line.maps.iter();
            pairs
                .map(|[path, hash]| [path.as_str(), hash])
                .try_for_each(&mut *visit)
        })
    }

    fn lines(&self, visit: &mut dyn FnMut(Line) -> io::Result<()>) -> io::Result<()> {
        // Media are done nearly in their order, so that this reads nearly straight on.
        let mut reader = BufReader::with_capacity(1 << 16, File::open(&self.path)?);
        let (mut at, mut bytes) = (0_u64, Vec::new());
        for &place in self.places.iter().filter(|&&place| place != NONE) {
            reader.seek_relative(place as i64 - at as i64)?;
            bytes.clear();
            let read = (&mut reader).take(MAX_LINE).read_until(b'\n', &mut bytes)?;
            at = place + read as u64;
            visit(serde_json::from_slice(&bytes).map_err(|_| changed())?)?;
        }
        Ok(())
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
            maps: (entry.rows.iter().flat_map(hashes))
                .map(|pair| pair.map(str::to_owned))
                .collect(),
        };
        let written = serde_json::to_vec(&line)
            .map_err(io::Error::from)
            .and_then(|mut bytes| {
                bytes.push(b'\n');
                self.file.write_all(&bytes)?;
                Ok(bytes.len() as u64)
            });
        let bytes = written.map_err(|source| PrepareError::Output {
            path: self.path.clone(),
            source,
        })?;
        if let Some(place) = self.places.get_mut(job) {
            *place = self.end;
        }
        self.end += bytes;
        Ok(())
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

/// A line that was whole cannot be read any more.
fn changed() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "expected the lines of this preparation, found others; nothing else may write here",
    )
}

fn parse(line: &[u8]) -> Option<(usize, Entry)> {
    entry(&serde_json::from_slice(line).ok()?)
}

fn entry(line: &Line) -> Option<(usize, Entry)> {
    let row = |cells: &Vec<String>| {
        let cell = |name: &'static str| {
            let at = COLUMNS.iter().position(|c| *c == name);
            at.and_then(|i| cells.get(i)).map_or("", String::as_str)
        };
        RowBuilder { cell: &cell }.row(None, None).ok()
    };
    let rows = line.rows.iter().map(row).collect::<Option<_>>()?;
    let failure = |[sample, path, reason]: &[String; 3]| Failure {
        sample: sample.clone(),
        path: path.clone(),
        reason: reason.clone(),
    };
    let entry = Entry {
        planned: line.planned,
        rows,
        failures: line.failures.iter().map(failure).collect(),
    };
    Some((line.job, entry))
}

/// A hash of everything that decides what is written.
pub(super) fn work(parts: &[&str], rows: &Rows) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    for row in rows.iter() {
        hash.update(cells(&row).join("\u{1}"));
        hash.update([0]);
    }
    format!("{:x}", hash.finalize())
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
        let entries = |journal: &Journal| {
            let mut entries = std::collections::BTreeMap::new();
            let visit = &mut |job, entry| assert!(entries.insert(job, entry).is_none());
            journal.entries(visit).unwrap();
            entries
        };
        let mut journal = Journal::start(dir.path(), "w", 4).unwrap();
        // Out of order, as threads are done.
        for (job, name) in [(1, "b"), (0, "a"), (2, "c"), (3, "gone")] {
            journal.add(job, &entry(name)).unwrap();
        }
        assert_eq!(entries(&journal).len(), 4);
        drop(journal);
        assert_eq!(Journal::work(dir.path()).as_deref(), Some("w"));
        let journal = Journal::resume(dir.path(), 4).unwrap();
        assert_eq!((journal.done(), journal.has(3)), (3, false));
        let found = entries(&journal);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(found[&1], entry("b"));
        let mut rows = Vec::new();
        let visit = &mut |row: &[String]| -> io::Result<()> {
            rows.push(row.to_vec());
            Ok(())
        };
        journal.rows(visit).unwrap();
        assert_eq!(rows, ["a", "b", "c"].map(|name| cells(&row(name)).to_vec()));
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
        let mut journal = Journal::resume(dir.path(), 4).unwrap();
        assert_eq!(entries(&journal).len(), 2);
        // The second line of a job that is done twice counts.
        journal.add(2, &entry("a")).unwrap();
        journal.add(2, &entry("c")).unwrap();
        assert_eq!(entries(&journal)[&2], entry("c"));
        drop(journal);
        assert_eq!(entries(&Journal::resume(dir.path(), 4).unwrap()).len(), 3);
        assert_eq!(Journal::resume(dir.path(), 2).unwrap().done(), 2);
        // What is changed under the preparation is noticed.
        let journal = Journal::resume(dir.path(), 4).unwrap();
        fs::write(&path, vec![b'x'; 4000]).unwrap();
        let error = journal.entries(&mut |_, _| ()).unwrap_err().to_string();
        assert!(error.contains("journal.jsonl"), "{error}");
    }
}
