//! `maps.sha256`: the hashes of masks and depth maps.
//!
//! Lines as `sha256sum` writes and checks them (`sha256sum -c maps.sha256`), `HASH  PATH`, in the order of the
//! manifest. A file of its own, not columns of the manifest: readers of schema 1 take no other columns,
//! and a dataset without the file is as good as before.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use fasgard_image::write_atomic_with;

use super::{ManifestError, ManifestRow, RelativePath};

/// The file's name in a prepared dataset.
pub(crate) const HASHES: &str = "maps.sha256";
/// A line has 64 digits, two blanks and a path of at most 1024 bytes.
const MAX_LINE: u64 = 2048;

/// The folder's `maps.sha256`, read along with the rows of the manifest.
pub(crate) struct MapHashes {
    path: PathBuf,
    /// None in a folder without the file.
    reader: Option<BufReader<File>>,
    line: u64,
    text: String,
    /// Hashes by path of lines that came before their row's turn: none where the order is the manifest's.
    early: HashMap<String, Box<str>>,
}

impl MapHashes {
    /// Opens the file, if there is one.
    ///
    /// # Errors
    /// [`ManifestError::Open`] if it cannot be opened.
    pub(crate) fn open(dir: &Path) -> Result<Self, ManifestError> {
        let path = dir.join(HASHES);
        let reader = match File::open(&path) {
            Ok(file) => Some(BufReader::new(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(ManifestError::Open { path, source }),
        };
        Ok(Self {
            path,
            reader,
            line: 0,
            text: String::new(),
            early: HashMap::new(),
        })
    }

    /// Fills in the hashes of a row's mask and depth map, as far as the file has them.
    ///
    /// # Errors
    /// [`ManifestError`]: the file cannot be read, or a line is not of its form.
    pub(crate) fn fill(&mut self, row: &mut ManifestRow) -> Result<(), ManifestError> {
        row.mask_sha256 = self.find(row.mask.as_ref())?;
        row.depth_sha256 = self.find(row.depth.as_ref())?;
        Ok(())
    }

    fn find(&mut self, map: Option<&RelativePath>) -> Result<Option<Box<str>>, ManifestError> {
        let Some(map) = map else { return Ok(None) };
        if let Some(hash) = self.early.remove(map.as_str()) {
            return Ok(Some(hash));
        }
        while let Some([hash, path]) = self.next_line()? {
            if path == map.as_str() {
                return Ok(Some(hash.into()));
            }
            let (path, hash) = (path.to_owned(), hash.into());
            self.early.insert(path, hash);
        }
        Ok(None)
    }

    /// Reads what no row asked for. Files that no row names are nobody's: a row may have been taken out.
    ///
    /// # Errors
    /// As [`MapHashes::fill`].
    pub(crate) fn finish(mut self) -> Result<(), ManifestError> {
        while self.next_line()?.is_some() {}
        Ok(())
    }

    /// Hash and path of the next line.
    fn next_line(&mut self) -> Result<Option<[&str; 2]>, ManifestError> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        self.text.clear();
        let read = reader.take(MAX_LINE).read_line(&mut self.text);
        let read = read.map_err(|source| ManifestError::Open {
            path: self.path.clone(),
            source,
        })?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        let form = self.text.trim_end().split_once("  ").filter(|(hash, _)| {
            hash.len() == 64 && hash.bytes().all(|b| b"0123456789abcdef".contains(&b))
        });
        match form {
            Some((hash, path)) => Ok(Some([hash, path])),
            None => Err(ManifestError::Cell {
                path: self.path.clone(),
                line: self.line,
                column: "maps",
                expected: "`HASH  PATH`, as sha256sum writes it".to_owned(),
                found: self.text.trim_end().chars().take(80).collect(),
            }),
        }
    }
}

/// The lines of a row: path and hash of its mask and its depth map.
pub(crate) fn hashes(row: &ManifestRow) -> impl Iterator<Item = [&str; 2]> {
    let mask = row.mask.as_ref().zip(row.mask_sha256.as_deref());
    let depth = row.depth.as_ref().zip(row.depth_sha256.as_deref());
    mask.into_iter()
        .chain(depth)
        .map(|(path, hash)| [path.as_str(), hash])
}

/// Writes `maps.sha256` of paths and hashes that come one by one.
///
/// # Errors
/// [`ManifestError::Write`] if the folder is not writable or the disk is full; also what `fill` reports.
pub(crate) fn write_hashes(
    dir: &Path,
    fill: impl FnOnce(&mut dyn FnMut([&str; 2]) -> io::Result<()>) -> io::Result<()>,
) -> Result<(), ManifestError> {
    write_atomic_with(dir.join(HASHES), |out| {
        let mut out = io::BufWriter::new(out);
        fill(&mut |[path, hash]| writeln!(out, "{hash}  {path}"))?;
        out.flush()
    })?;
    Ok(())
}
