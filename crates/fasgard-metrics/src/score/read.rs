//! Reading a score file, bounded.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    str::FromStr,
};

use csv::StringRecord;
use sha2::{Digest, Sha256};

use super::{
    COLUMNS, OPTIONAL_COLUMNS, RowError, ScoreFile, ScoreFileError, ScoreRow, Status,
    UNKNOWN_SPECIES,
    check::{LOGIT, SCORE, check, field_error, refuse_duplicates, row_error, shown},
};
use crate::{Label, Species};

/// The most bytes that are read of a score file: room for some ten million rows.
pub const MAX_BYTES: u64 = 1 << 30;

/// The most bytes of one field.
pub const MAX_FIELD_BYTES: usize = 4096;

pub(super) fn read(path: &Path) -> Result<ScoreFile, ScoreFileError> {
    let io_error = |source| ScoreFileError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io_error)?;
    let length = file.metadata().map_err(io_error)?.len();
    // The limit holds for pipes and devices too, whose length is not known beforehand.
    let mut bytes = Vec::with_capacity(length.min(MAX_BYTES) as usize);
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error)?;
    parse(path, &bytes)
}

pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<ScoreFile, ScoreFileError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ScoreFileError::TooLarge {
            path: path.to_owned(),
            limit: MAX_BYTES,
        });
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut lines = Lines {
        bytes,
        at: 0,
        line: 1,
    };
    let mut record = StringRecord::new();
    if !next(&mut lines, &mut reader, &mut record, path)? {
        record.clear();
    }
    let columns = Columns::of(&record, path)?;
    let mut rows = Vec::new();
    let mut line_of = Vec::new();
    while next(&mut lines, &mut reader, &mut record, path)? {
        let line = lines.at(record.position());
        let row = columns
            .row(&record, line)
            .map_err(|source| row_error(path, line, source))?;
        check(&row, line, path)?;
        rows.push(row);
        line_of.push(line);
    }
    refuse_duplicates(&rows, columns.at[0].is_none(), |i| line_of[i], path)?;
    if rows.is_empty() {
        return Err(ScoreFileError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(ScoreFile {
        path: path.to_owned(),
        sha256: sha256_hex(bytes),
        rows,
        ignored_columns: columns.ignored,
    })
}

/// A comma, semicolon or tab: whichever is most frequent in the first line; a comma if none is.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes
        .split(|b| matches!(b, b'\n' | b'\r'))
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let count = |d: u8| header.iter().filter(|b| **b == d).count();
    // The first of equals is kept.
    [b';', b'\t'].into_iter().fold(b',', |best, next| {
        if count(next) > count(best) {
            next
        } else {
            best
        }
    })
}

/// Turns byte positions into line numbers, going forward only.
///
/// The reader's own count is of lines ended, and between `\r` and `\n` it is one behind.
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which the record that starts at or after `position` starts.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(0, |p| p.byte().min(self.bytes.len() as u64) as usize);
        let breaks = self.bytes[start..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        let end = (start + breaks).max(self.at);
        for i in self.at..end {
            let ends_line = match self.bytes[i] {
                b'\n' => true,
                b'\r' => self.bytes.get(i + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends_line);
        }
        self.at = end;
        self.line
    }
}

fn next(
    lines: &mut Lines<'_>,
    reader: &mut csv::Reader<&[u8]>,
    record: &mut StringRecord,
    path: &Path,
) -> Result<bool, ScoreFileError> {
    reader.read_record(record).map_err(|error| {
        let line = lines.at(error.position());
        match error.kind() {
            csv::ErrorKind::Utf8 { err, .. } => {
                let field = err.field();
                row_error(
                    path,
                    line,
                    RowError::Field {
                        column: "(any)",
                        expected: "UTF-8 text".to_owned(),
                        found: format!("other bytes in field {}", field + 1),
                    },
                )
            }
            _ => ScoreFileError::Io {
                action: "read",
                path: path.to_owned(),
                source: io::Error::from(error),
            },
        }
    })
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Where each known column is in a record.
struct Columns {
    at: [Option<usize>; COLUMNS.len()],
    width: usize,
    ignored: Vec<String>,
}

impl Columns {
    fn of(header: &StringRecord, path: &Path) -> Result<Self, ScoreFileError> {
        let mut columns = Self {
            at: [None; COLUMNS.len()],
            width: header.len(),
            ignored: Vec::new(),
        };
        for (i, name) in header.iter().enumerate() {
            let name = name.trim();
            let duplicate = || ScoreFileError::DuplicateColumn {
                path: path.to_owned(),
                column: name.chars().take(60).collect(),
            };
            match COLUMNS.iter().position(|known| *known == name) {
                Some(known) => {
                    if columns.at[known].replace(i).is_some() {
                        return Err(duplicate());
                    }
                }
                None => columns.ignored.push(name.chars().take(60).collect()),
            }
        }
        let missing: Vec<&'static str> = COLUMNS
            .into_iter()
            .zip(columns.at)
            .filter(|(name, at)| at.is_none() && !OPTIONAL_COLUMNS.contains(name))
            .map(|(name, _)| name)
            .collect();
        if missing.is_empty() {
            return Ok(columns);
        }
        let found: Vec<&str> = header.iter().take(30).collect();
        Err(ScoreFileError::MissingColumns {
            path: path.to_owned(),
            missing,
            found: shown(&found.join(",")),
            expected: format!(
                "`{}` (optional: {})",
                COLUMNS.join(","),
                OPTIONAL_COLUMNS.join(", ")
            ),
        })
    }

    /// The field of the n-th known column; empty if the file lacks the column.
    fn field<'r>(&self, record: &'r StringRecord, known: usize) -> &'r str {
        self.at[known]
            .and_then(|i| record.get(i))
            .unwrap_or("")
            .trim()
    }

    fn row(&self, record: &StringRecord, line: u64) -> Result<ScoreRow, RowError> {
        if record.len() != self.width {
            return Err(RowError::Fields {
                expected: self.width,
                found: record.len(),
            });
        }
        let [
            sample,
            dataset,
            split,
            subject,
            video,
            frame,
            label,
            species,
            attributes,
            score,
            logit,
            status,
        ] = std::array::from_fn(|known| self.field(record, known));
        let label: Label = field_value("label", "`live` or `attack`", label)?;
        let species = match (label, species) {
            (_, "") if label.is_live() => None,
            (_, "") => UNKNOWN_SPECIES.parse::<Species>().ok(),
            _ => Some(field_value(
                "species",
                "`family/instance` of lower-case letters, digits and hyphens, or nothing",
                species,
            )?),
        };
        let status = match status {
            "" => Status::Ok,
            text => field_value(
                "status",
                "`ok`, `no-face`, `out-of-range` or `error:KIND`",
                text,
            )?,
        };
        Ok(ScoreRow {
            sample: match self.at[0] {
                Some(_) => sample.to_owned(),
                None => format!("line-{line}"),
            },
            dataset: dataset.to_owned(),
            split: optional("split", "`train`, `dev`, `test` or nothing", split)?,
            subject: subject.to_owned(),
            video: video.to_owned(),
            frame: optional("frame", "a whole number from 0 or nothing", frame)?,
            label,
            species,
            attributes: field_value("attributes", "`key=value;key=value` or nothing", attributes)?,
            score: optional("score", SCORE, score)?.map(positive_zero),
            logit: optional("logit", LOGIT, logit)?.map(positive_zero),
            status,
        })
    }
}

/// -0 and 0 are one score: they must tie.
fn positive_zero(value: f64) -> f64 {
    value + 0.0
}

fn field_value<T: FromStr>(
    column: &'static str,
    expected: &str,
    text: &str,
) -> Result<T, RowError> {
    text.parse()
        .map_err(|_| field_error(column, expected, text))
}

fn optional<T: FromStr>(
    column: &'static str,
    expected: &str,
    text: &str,
) -> Result<Option<T>, RowError> {
    match text {
        "" => Ok(None),
        _ => field_value(column, expected, text).map(Some),
    }
}
