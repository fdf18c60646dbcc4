//! Rows to a manifest file.

use std::io;
use std::path::Path;

use fasgard_image::write_atomic_with;

use super::{COLUMNS, ManifestError, ManifestRow};

/// Writes `manifest.csv` whole or not at all; an existing file is replaced.
///
/// # Errors
/// [`ManifestError::Write`] if the folder is not writable or the disk is full.
pub fn write_manifest(path: impl AsRef<Path>, rows: &[ManifestRow]) -> Result<(), ManifestError> {
    write_cells(path, |add| rows.iter().try_for_each(|row| add(&cells(row))))
}

/// Writes `manifest.csv` of rows that come one by one, each as its cells in the order of [`COLUMNS`].
///
/// # Errors
/// As [`write_manifest`]; also what `fill` reports.
pub(crate) fn write_cells(
    path: impl AsRef<Path>,
    fill: impl FnOnce(&mut dyn FnMut(&[String]) -> io::Result<()>) -> io::Result<()>,
) -> Result<(), ManifestError> {
    write_atomic_with(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        fill(&mut |cells| Ok(writer.write_record(cells)?))?;
        writer.flush()
    })?;
    Ok(())
}

/// The cells in the order of [`COLUMNS`].
pub(crate) fn cells(row: &ManifestRow) -> [String; 21] {
    fn text<T: ToString>(value: Option<&T>) -> String {
        value.map(T::to_string).unwrap_or_default()
    }
    // Rust prints the shortest digits that read back to the same number.
    let face = row.face.map(|f| [f.x, f.y, f.w, f.h]);
    let eyes = (row.eyes).map(|e| [e.right[0], e.right[1], e.left[0], e.left[1]]);
    let number = |values: Option<[f32; 4]>, i: usize| text(values.map(|v| v[i]).as_ref());
    [
        row.sample.clone(),
        row.dataset.clone(),
        text(row.split.as_ref()),
        text(row.subject.as_ref()),
        text(row.video.as_ref()),
        text(row.frame.as_ref()),
        row.label.to_string(),
        text(row.species.as_ref()),
        row.attributes.to_string(),
        row.image.to_string(),
        text(row.depth.as_ref()),
        text(row.mask.as_ref()),
        number(face, 0),
        number(face, 1),
        number(face, 2),
        number(face, 3),
        number(eyes, 0),
        number(eyes, 1),
        number(eyes, 2),
        number(eyes, 3),
        text(row.sha256.as_ref()),
    ]
}
