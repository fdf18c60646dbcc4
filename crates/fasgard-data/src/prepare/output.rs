//! The output folder.

use std::fs;
use std::io;
use std::path::Path;

use fasgard_image::write_atomic_with;

use super::journal::{self, Journal};
use super::names::Jobs;
use super::{Failure, PrepareError};
use crate::layout::is_video;
use crate::manifest::HASHES;

const FILES: [&str; 4] = ["manifest.csv", "dataset.toml", "failures.csv", HASHES];
const FOLDERS: [&str; 4] = ["faces", "masks", "depth", journal::FOLDER];

/// A folder that is being filled; it is empty at first, or holds a part of the same work.
pub(crate) struct Output<'a> {
    path: &'a Path,
    resumed: bool,
}

impl<'a> Output<'a> {
    /// Makes the folder, or empties it of a dataset with `overwrite`; an unfinished dataset of the
    /// same `work` is kept.
    pub(crate) fn create(
        path: &'a Path,
        overwrite: bool,
        work: Option<&str>,
    ) -> Result<Self, PrepareError> {
        // A journal beside a manifest: killed between the last two steps, with nothing left to do.
        let unfinished = Journal::work(path);
        let resumed = !overwrite && work.is_some() && unfinished.as_deref() == work;
        let failed = |source| PrepareError::Output {
            path: path.to_owned(),
            source,
        };
        match fs::read_dir(path) {
            Ok(entries) => {
                let mut names = Vec::new();
                for entry in entries {
                    names.push(
                        entry
                            .map_err(failed)?
                            .file_name()
                            .to_string_lossy()
                            .into_owned(),
                    );
                }
                names.sort();
                if resumed {
                    sweep(path).map_err(failed)?;
                } else {
                    empty(path, &names, overwrite)?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        // An output that cannot be written is reported now, not after the first images.
        tempfile::Builder::new()
            .prefix(".writing-")
            .tempfile_in(path)
            .map_err(failed)?;
        Ok(Self { path, resumed })
    }

    /// Whether the folder holds a part of the same work.
    pub(super) fn resumed(&self) -> bool {
        self.resumed
    }

    /// Makes every folder that the jobs' files need.
    pub(super) fn folders(&self, jobs: &Jobs<'_>) -> Result<(), PrepareError> {
        let mut before = None;
        for job in jobs.iter() {
            // The frames of a video are in a folder of their own.
            let parent = match is_video(job.row.image.as_str()) {
                true => &*job.stem,
                false => job.stem.rsplit_once('/').map_or("", |(parent, _)| parent),
            };
            // Rows of one folder mostly follow each other: a list of all folders is not needed.
            let folder = Some((parent.to_owned(), job.row.mask.is_some()));
            if folder == before {
                continue;
            }
            let mask = job.row.mask.is_some().then_some("masks");
            let kinds = ["depth", "faces"].into_iter().chain(mask);
            let folders = kinds.map(|kind| Path::new(kind).join(parent));
            self.make(folders)?;
            before = folder;
        }
        Ok(())
    }

    /// Makes folders below the output.
    pub(crate) fn make<P: AsRef<Path>>(
        &self,
        folders: impl IntoIterator<Item = P>,
    ) -> Result<(), PrepareError> {
        for folder in folders {
            let path = self.path.join(folder);
            fs::create_dir_all(&path).map_err(|source| PrepareError::Output { path, source })?;
        }
        Ok(())
    }

    /// Writes `failures.csv`, also if there are none: then nothing was left out.
    pub(crate) fn write_failures(&self, failures: &[Failure]) -> Result<(), PrepareError> {
        write_atomic_with(self.path.join("failures.csv"), |out| {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(["sample", "path", "reason"])?;
            for failure in failures {
                writer.write_record([&failure.sample, &failure.path, &failure.reason])?;
            }
            writer.flush()
        })?;
        Ok(())
    }
}

/// Removes files that a kill left half-written.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Links are not followed: this program makes none.
        if entry.file_type()?.is_dir() {
            sweep(&entry.path())?;
        } else if entry.file_name().to_string_lossy().starts_with(".writing-") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn empty(path: &Path, names: &[String], overwrite: bool) -> Result<(), PrepareError> {
    let leftover = |n: &str| n.starts_with(".writing-");
    // What a kill leaves before the work has a name: no file of a dataset is among it.
    let traces = |n: &String| leftover(n) || n == journal::FOLDER;
    let nameless = Journal::work(path).is_none() && names.iter().all(traces);
    let overwrite = overwrite || nameless;
    if names.is_empty() {
        return Ok(());
    }
    let ours =
        |n: &String| FILES.contains(&n.as_str()) || FOLDERS.contains(&n.as_str()) || leftover(n);
    let foreign = names.iter().find(|n| !ours(n));
    if let (true, None) = (overwrite, foreign) {
        // The manifest goes first: without it the folder is no dataset, however far this gets.
        let order = FILES.iter().map(|f| (*f).to_owned());
        let rest = names
            .iter()
            .filter(|n| !FILES.contains(&n.as_str()))
            .cloned();
        for name in order.chain(rest).filter(|n| names.contains(n)) {
            let path = path.join(name);
            let removed = if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.map_err(|source| PrepareError::Output { path, source })?;
        }
        return Ok(());
    }
    Err(PrepareError::NotEmpty {
        path: path.to_owned(),
        found: match foreign {
            Some(name) => format!("`{name}`"),
            None if names.iter().any(|n| n == "manifest.csv") => "a prepared dataset".to_owned(),
            None => "an unfinished dataset of another input or other options".to_owned(),
        },
        overwritable: foreign.is_none(),
    })
}

/// Writes one of a dataset's many files: whole or not at all, but without waiting for the disk each
/// time. The manifest, written last, is waited for and holds the hashes.
pub(crate) fn write_folder_file(path: &Path, bytes: &[u8]) -> Result<(), PrepareError> {
    let failed = |source| PrepareError::Output {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    // Temporary files are private by default; this one becomes an ordinary file (less the umask).
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    io::Write::write_all(&mut file, bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
