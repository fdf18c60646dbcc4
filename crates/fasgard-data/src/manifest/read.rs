//! Manifest file to rows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use super::{COLUMNS, ManifestError, ManifestRow, RowBuilder};

/// Far beyond any manifest of images (CelebA-Spoof's would have about 150 MB).
const MAX_BYTES: u64 = 4 << 30;

/// Reads `manifest.csv`: exactly the columns of the format, in any order.
///
/// # Errors
/// [`ManifestError`] with file, line, column, what was expected and what was found: an unreadable
/// file, missing or unknown columns, a cell out of its range, a live row with a species or an
/// attack without, a path that leaves the folder, two rows of the same name (with both lines).
pub fn read_manifest(path: impl AsRef<Path>) -> Result<Vec<ManifestRow>, ManifestError> {
    let path = path.as_ref();
    let table = CsvTable::open(path)?;
    let missing: Vec<_> = COLUMNS
        .iter()
        .filter(|c| !table.columns.contains_key(*c))
        .copied()
        .collect();
    if !missing.is_empty() {
        return Err(ManifestError::Header {
            path: path.to_owned(),
            expected: format!("the columns {}", COLUMNS.join(",")),
            found: format!("none named {}", missing.join(", ")),
        });
    }
    table.rows(|row| row.row(None, None))
}

/// A CSV file whose columns are all columns of a manifest; shared with the `csv` layout.
pub(crate) struct CsvTable<'a> {
    path: &'a Path,
    reader: csv::Reader<File>,
    /// Index of each column that the file has.
    pub(crate) columns: HashMap<&'static str, usize>,
}

impl<'a> CsvTable<'a> {
    pub(crate) fn open(path: &'a Path) -> Result<Self, ManifestError> {
        let open = |source| ManifestError::Open {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(open)?;
        let found = file.metadata().map_err(open)?.len();
        if found > MAX_BYTES {
            return Err(ManifestError::TooLarge {
                path: path.to_owned(),
                limit: MAX_BYTES,
                found,
            });
        }
        let mut reader = csv::ReaderBuilder::new().from_reader(file);
        let header = reader.headers().map_err(|e| csv_error(path, &e))?;
        let mut columns = HashMap::new();
        for (index, name) in header.iter().enumerate() {
            // Spreadsheet programs put a byte order mark before the first column.
            let name = name.trim_start_matches('\u{feff}');
            let bad = |found| ManifestError::Header {
                path: path.to_owned(),
                expected: format!("columns out of {}", COLUMNS.join(",")),
                found,
            };
            let Some(&known) = COLUMNS.iter().find(|c| **c == name) else {
                let name: String = name.chars().take(80).collect();
                return Err(bad(format!(
                    "`{name}` (put further facts into `attributes`, as key=value;key=value)"
                )));
            };
            if columns.insert(known, index).is_some() {
                return Err(bad(format!("`{known}` twice")));
            }
        }
        Ok(Self {
            path,
            reader,
            columns,
        })
    }

    pub(crate) fn rows(
        mut self,
        read: impl Fn(&RowBuilder<'_>) -> Result<ManifestRow, super::cell::CellError>,
    ) -> Result<Vec<ManifestRow>, ManifestError> {
        let mut rows = Vec::new();
        let mut names = Names::default();
        for record in self.reader.records() {
            let record = record.map_err(|e| csv_error(self.path, &e))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |name: &'static str| {
                (self.columns.get(name).and_then(|&i| record.get(i))).unwrap_or("")
            };
            let row = read(&RowBuilder { cell: &cell }).map_err(|e| ManifestError::Cell {
                path: self.path.to_owned(),
                line,
                column: e.column,
                expected: e.expected,
                found: e.found,
            })?;
            if let Some(first) = names.insert(&row, line, &rows) {
                return Err(ManifestError::Duplicate {
                    path: self.path.to_owned(),
                    sample: row.key(),
                    first,
                    second: line,
                });
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

/// Names of rows with their lines, by hash: a large list's names are not kept twice.
#[derive(Default)]
struct Names {
    /// The row's index and line.
    seen: HashMap<u64, (usize, u64)>,
    hasher: RandomState,
}

impl Names {
    /// Adds the row that comes next after `rows`; the line of an earlier one of the same name.
    fn insert(&mut self, row: &ManifestRow, line: u64, rows: &[ManifestRow]) -> Option<u64> {
        let mut slot = self.hasher.hash_one((&row.dataset, &row.sample));
        loop {
            match self.seen.entry(slot) {
                Entry::Vacant(free) => {
                    free.insert((rows.len(), line));
                    return None;
                }
                Entry::Occupied(taken) => {
                    let &(index, first) = taken.get();
                    if (rows.get(index))
                        .is_some_and(|r| r.dataset == row.dataset && r.sample == row.sample)
                    {
                        return Some(first);
                    }
                    // Two names of one hash: the next place.
                    slot = slot.wrapping_add(1);
                }
            }
        }
    }
}

fn csv_error(path: &Path, error: &csv::Error) -> ManifestError {
    let line = match error.kind() {
        csv::ErrorKind::UnequalLengths { pos: Some(pos), .. }
        | csv::ErrorKind::Utf8 { pos: Some(pos), .. } => pos.line(),
        _ => 1,
    };
    ManifestError::Csv {
        path: path.to_owned(),
        line,
        detail: error.to_string(),
    }
}
