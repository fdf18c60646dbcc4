//! A table with one row an image or a video.

use std::path::Path;

use super::{Layout, LayoutError, Scan, assign, is_video, stem};
use crate::manifest::{CsvTable, RelativePath, Rows};

/// A CSV file with the columns `image` and `label` and any other column of a manifest; attacks need
/// a `species`. Paths are relative to the file's folder. Samples without a name are named after
/// their image; images may be videos. If no row has a split, splits are assigned by a hash; the notes say so.
pub struct Csv;

impl Layout for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn summary(&self) -> &'static str {
        "a CSV file with the columns image, label, species and any other of a manifest"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        if input.is_dir() {
            return Err(LayoutError::Structure {
                path: input.to_owned(),
                expected: "a CSV file with the columns image, label, species".to_owned(),
                found: "a folder".to_owned(),
            });
        }
        let table = CsvTable::open(input)?;
        for column in ["image", "label"] {
            if !table.columns.contains_key(column) {
                return Err(LayoutError::Structure {
                    path: input.to_owned(),
                    expected: "the columns `image` and `label` in line 1".to_owned(),
                    found: format!("no column `{column}`"),
                });
            }
        }
        let mut rows = Rows::new();
        let named = |image: &RelativePath| stem(image.as_str()).to_owned();
        table.each(&|row| row.row(Some(&named), Some("")), &mut |mut row| {
            if row.video.is_none() && row.frame.is_none() && is_video(row.image.as_str()) {
                row.video = Some(row.sample.clone());
            }
            rows.push(&row);
            Ok::<_, LayoutError>(())
        })?;
        if rows.is_empty() {
            return Err(LayoutError::NoImages {
                path: input.to_owned(),
            });
        }
        let mut notes = Vec::new();
        let without = rows.iter().filter(|r| r.split.is_none()).count();
        if without == rows.len() {
            notes.push(assign::splits(&mut rows));
        } else if without > 0 {
            notes.push(format!(
                "{without} of {} rows have no split and belong to none",
                rows.len()
            ));
        }
        let folder = input.parent().filter(|p| !p.as_os_str().is_empty());
        Ok(Scan {
            root: folder.unwrap_or(Path::new(".")).to_owned(),
            rows,
            official: Vec::new(),
            notes,
            missing: Vec::new(),
            surplus: Vec::new(),
        })
    }
}
