//! Manifest file to rows.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use super::cell::CellError;
use super::{COLUMNS, ManifestError, ManifestRow, RowBuilder};
use crate::packed::Finder;

/// Far beyond any manifest of images (CelebA-Spoof's would have about 150 MB).
const MAX_BYTES: u64 = 4 << 30;

/// Reads `manifest.csv`: exactly the columns of the format, in any order.
///
/// # Errors
/// [`ManifestError`] with file, line, column, what was expected and what was found: an unreadable
/// file, missing or unknown columns, a cell out of its range, a live row with a species or an
/// attack without, a path that leaves the folder, two rows of the same name (with both lines).
pub fn read_manifest(path: impl AsRef<Path>) -> Result<Vec<ManifestRow>, ManifestError> {
    let mut rows = Vec::new();
    each_row(path.as_ref(), &mut |row| -> Result<_, ManifestError> {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// [`read_manifest`] for who needs one row at a time only.
///
/// # Errors
/// As [`read_manifest`], and what `take` reports.
pub(crate) fn each_row<E: From<ManifestError>>(
    path: &Path,
    take: &mut dyn FnMut(ManifestRow) -> Result<(), E>,
) -> Result<(), E> {
    let table = CsvTable::open(path)?;
    let missing: Vec<_> = COLUMNS
        .iter()
        .filter(|c| !table.columns.contains_key(*c))
        .copied()
        .collect();
    if !missing.is_empty() {
        return Err(E::from(ManifestError::Header {
            path: path.to_owned(),
            expected: format!("the columns {}", COLUMNS.join(",")),
            found: format!("none named {}", missing.join(", ")),
        }));
    }
    table.each(&|row| row.row(None, None), take)
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

    /// Hands over the rows one by one, each as `read` makes it of its cells.
    ///
    /// # Errors
    /// [`ManifestError`]: a line or a cell is wrong, or two rows have the same name; and what `take` reports.
    pub(crate) fn each<E: From<ManifestError>>(
        mut self,
        read: &ReadRow,
        take: &mut dyn FnMut(ManifestRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut names = Finder::default();
        let mut record = csv::StringRecord::new();
        while (self.reader.read_record(&mut record)).map_err(|e| csv_error(self.path, &e))? {
            let line = record.position().map_or(0, csv::Position::line);
            let row = self.row(&record, read).map_err(|e| ManifestError::Cell {
                path: self.path.to_owned(),
                line,
                column: e.column,
                expected: e.expected,
                found: e.found,
            })?;
            // No list has more lines than this number can count.
            let number = u32::try_from(line).unwrap_or(u32::MAX);
            let same = |first| self.named(first, &row, read);
            if let Some(first) = names.find_or_note(&(&row.dataset, &row.sample), number, same) {
                return Err(E::from(ManifestError::Duplicate {
                    path: self.path.to_owned(),
                    sample: row.key(),
                    first: first.into(),
                    second: line,
                }));
            }
            take(row)?;
        }
        Ok(())
    }

    fn row(&self, record: &csv::StringRecord, read: &ReadRow) -> Result<ManifestRow, CellError> {
        let cell = |name: &'static str| {
            (self.columns.get(name).and_then(|&i| record.get(i))).unwrap_or("")
        };
        read(&RowBuilder { cell: &cell })
    }

    /// Whether the row of an earlier line has the name of `row`. Only the names' hashes are kept, and they
    /// are the same: so it is read again. Where that cannot be done (a pipe), the hash decides.
    fn named(&self, line: u32, row: &ManifestRow, read: &ReadRow) -> bool {
        let records = csv::Reader::from_path(self.path).map(csv::Reader::into_records);
        let of_line = |record: &csv::StringRecord| {
            (record.position()).is_some_and(|p| p.line() == u64::from(line))
        };
        let record = (records.ok()).and_then(|r| r.map_while(Result::ok).find(of_line));
        let first = record.and_then(|record| self.row(&record, read).ok());
        first.is_none_or(|first| first.dataset == row.dataset && first.sample == row.sample)
    }
}

/// How a row is made of its cells.
pub(crate) type ReadRow<'a> = dyn Fn(&RowBuilder<'_>) -> Result<ManifestRow, CellError> + 'a;

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
