//! `maps.sha256`: the hashes of masks and depth maps.
//!
//! Lines as `sha256sum` writes and checks them (`sha256sum -c maps.sha256`), `HASH  PATH`, in the order of the
//! manifest. A file of its own, not columns of the manifest: readers of schema 1 take no other columns,
//! and a dataset without the file is as good as before.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use fasgard_image::write_atomic_with;

use super::{ManifestError, ManifestRow};

/// The file's name in a prepared dataset.
pub(crate) const HASHES: &str = "maps.sha256";
/// A line has 64 digits, two blanks and a path of at most 1024 bytes.
const MAX_LINE: u64 = 2048;

/// Fills in the hashes of the rows' masks and depth maps from the folder's `maps.sha256`, if there is one.
///
/// # Errors
/// [`ManifestError`]: the file cannot be read, or a line is not of its form.
pub(crate) fn read_hashes(dir: &Path, rows: &mut [ManifestRow]) -> Result<(), ManifestError> {
    let path = dir.join(HASHES);
    let open = |source| ManifestError::Open {
        path: path.clone(),
        source,
    };
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file.map_err(open)?,
    };
    let mut places: HashMap<String, (usize, bool)> = HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        places.extend(row.mask.iter().map(|p| (p.to_string(), (i, true))));
        places.extend(row.depth.iter().map(|p| (p.to_string(), (i, false))));
    }
    let mut reader = BufReader::new(file);
    let mut text = String::new();
    for line in 1.. {
        text.clear();
        let read = (&mut reader).take(MAX_LINE).read_line(&mut text);
        if read.map_err(open)? == 0 {
            break;
        }
        let form = text.trim_end().split_once("  ").filter(|(hash, _)| {
            hash.len() == 64 && hash.bytes().all(|b| b"0123456789abcdef".contains(&b))
        });
        let Some((hash, name)) = form else {
            return Err(ManifestError::Cell {
                path,
                line,
                column: "maps",
                expected: "`HASH  PATH`, as sha256sum writes it".to_owned(),
                found: text.trim_end().chars().take(80).collect(),
            });
        };
        // Files that no row names are nobody's: a row may have been taken out.
        if let Some(&(i, mask)) = places.get(name) {
            let place = match mask {
                true => &mut rows[i].mask_sha256,
                false => &mut rows[i].depth_sha256,
            };
            *place = Some(hash.into());
        }
    }
    Ok(())
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
