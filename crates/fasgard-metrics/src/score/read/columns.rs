//! The header, and a row as its columns say.

use std::{path::Path, str::FromStr};

use super::super::{
    COLUMNS, MAX_FIELD_BYTES, OPTIONAL_COLUMNS, RowError, ScoreFileError, ScoreRow, Status,
    UNKNOWN_SPECIES,
    check::{LOGIT, SCORE, field_error, shown},
    table::ScoreTable,
};
use super::records::Fields;
use crate::{Attributes, Label, Species, Split};

/// Where each known column is in a record.
#[derive(Debug)]
pub(super) struct Columns {
    at: [Option<usize>; COLUMNS.len()],
    width: usize,
    pub(super) ignored: Vec<String>,
}

impl Columns {
    /// The columns of a header.
    pub(super) fn of(header: &[&str], path: &Path) -> Result<Self, ScoreFileError> {
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
        let found: Vec<&str> = header.iter().take(30).copied().collect();
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

    /// True if rows have keys of samples.
    pub(super) fn has_samples(&self) -> bool {
        self.at[0].is_some()
    }

    /// All known columns of a record, as they stand; empty where the file lacks the column.
    fn all<'a>(&self, text: &'a str, fields: &'a Fields) -> [&'a str; COLUMNS.len()] {
        self.at.map(|at| at.map_or("", |i| fields.get(text, i)))
    }

    /// Adds a record to a table if nothing about it is unusual; else leaves the table as it is and
    /// returns false, and [`Columns::row`] says what it is. Nearly all rows are usual.
    pub(super) fn push(&self, table: &mut ScoreTable, text: &str, fields: &Fields) -> bool {
        self.usual(table, text, fields).is_some()
    }

    fn usual(&self, table: &mut ScoreTable, text: &str, fields: &Fields) -> Option<()> {
        if fields.len() != self.width {
            return None;
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
        ] = self.all(text, fields);
        if self.has_samples() && (sample.is_empty() || !plain(sample)) {
            return None;
        }
        let split = match split {
            "" => None,
            _ => Some(split.parse::<Split>().ok()?),
        };
        let frame = match frame {
            "" => None,
            _ => Some(frame.parse::<u32>().ok()?),
        };
        let status = match status {
            "" => "ok",
            _ => status,
        };
        let number = |text: &str| match text {
            "" => Some(f64::NAN),
            // Adding 0 turns -0 into 0: they must tie.
            _ => Some(text.parse::<f64>().ok()? + 0.0).filter(|v| v.is_finite()),
        };
        let (score, logit) = (number(score)?, number(logit)?);
        if (status == "ok") == score.is_nan() {
            return None;
        }
        let species = match (label, species) {
            ("live", "") => 0,
            ("attack", "") => table.species_names.id(UNKNOWN_SPECIES, str::parse).ok()? + 1,
            ("attack", name) => table.species_names.id(name, str::parse).ok()? + 1,
            _ => return None,
        };
        let status = table.statuses.id(status, str::parse).ok()?;
        let attributes = table
            .attribute_sets
            .id(attributes, |text| match plain(text) {
                true => text.parse().map_err(drop),
                false => Err(()),
            })
            .ok()?;
        let (dataset, subject, video) = (
            table.datasets.id_if(dataset, plain)?,
            table.subjects.id_if(subject, plain)?,
            table.videos.id_if(video, plain)?,
        );
        if let Some(samples) = &mut table.samples {
            samples.push(sample);
        }
        table.dataset.push(dataset);
        table.split.push(split);
        table.subject.push(subject);
        table.video.push(video);
        table.frame.push(frame);
        table.species.push(species);
        table.attributes.push(attributes);
        table.score.push(score);
        table.logit.push(logit.to_bits());
        table.status.push(status);
        Some(())
    }

    /// A record as a row, or what is wrong with it.
    pub(super) fn row(&self, text: &str, fields: &Fields, line: u64) -> Result<ScoreRow, RowError> {
        if fields.len() != self.width {
            return Err(RowError::Fields {
                expected: self.width,
                found: fields.len(),
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
        ] = self.all(text, fields).map(str::trim);
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
            sample: match self.has_samples() {
                true => sample.to_owned(),
                false => format!("line-{line}"),
            },
            dataset: dataset.to_owned(),
            split: optional("split", "`train`, `dev`, `test` or nothing", split)?,
            subject: subject.to_owned(),
            video: video.to_owned(),
            frame: optional("frame", "a whole number from 0 or nothing", frame)?,
            label,
            species,
            attributes: field_value::<Attributes>(
                "attributes",
                "`key=value;key=value` or nothing",
                attributes,
            )?,
            score: optional("score", SCORE, score)?.map(positive_zero),
            logit: optional("logit", LOGIT, logit)?.map(positive_zero),
            status,
        })
    }
}

/// Short, of printable ASCII, and without blanks at the ends: most fields are.
fn plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= MAX_FIELD_BYTES
        && bytes.iter().all(|b| (b' '..0x7f).contains(b))
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ')
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
