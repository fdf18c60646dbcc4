//! A score file by columns: for files of millions of rows.

mod column;
mod texts;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use super::{Origin, ScoreFile, ScoreFileError, ScoreRow, Status};
use crate::{Attributes, Label, Species, Split};

pub(crate) use column::Column;
pub(crate) use texts::{Arena, Parsed, Same, Texts, hash};

/// A score file's rows by columns, every text kept once: some 80 bytes a row where a
/// [`ScoreFile`] takes 400. Evaluation works on it.
#[derive(Clone, Debug, Default)]
pub struct ScoreTable {
    /// The file, as it was named.
    pub path: PathBuf,
    /// SHA-256 of the file's bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Columns of the file that have no meaning here and were not read.
    pub ignored_columns: Vec<String>,
    /// What the note beside the file says of the model; none if there is no note, or the table was
    /// not read from a file.
    pub origin: Option<Origin>,
    /// Keys of samples; none if they are made of line numbers.
    pub(crate) samples: Option<Arena>,
    pub(crate) lines: Lines,
    pub(crate) datasets: Texts,
    pub(crate) dataset: Column<u32>,
    pub(crate) split: Column<Option<Split>>,
    pub(crate) subjects: Texts,
    pub(crate) subject: Column<u32>,
    pub(crate) videos: Texts,
    pub(crate) video: Column<u32>,
    pub(crate) frame: Column<Option<u32>>,
    pub(crate) species_names: Parsed<Species>,
    /// 0 is live, k the species number k - 1.
    pub(crate) species: Column<u32>,
    pub(crate) attribute_sets: Parsed<Attributes>,
    pub(crate) attributes: Column<u32>,
    /// NaN where there is none.
    pub(crate) score: Vec<f64>,
    /// Bits; those of NaN where there is none.
    pub(crate) logit: Column<u64>,
    pub(crate) statuses: Parsed<Status>,
    pub(crate) status: Column<u32>,
}

/// On which line of the file each row is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// From this row on, lines count up from there.
    runs: Vec<(usize, u64)>,
}

impl Lines {
    pub(crate) fn push(&mut self, row: usize, line: u64) {
        if self.runs.is_empty() || self.of(row) != line {
            self.runs.push((row, line));
        }
    }

    pub(crate) fn of(&self, row: usize) -> u64 {
        let after = self.runs.partition_point(|run| run.0 <= row);
        match after.checked_sub(1).and_then(|i| self.runs.get(i)) {
            Some(&(first, line)) => line + (row - first) as u64,
            None => row as u64 + 2,
        }
    }

    /// Runs of consecutive lines, as (first row, its line).
    pub(crate) fn runs(&self) -> &[(usize, u64)] {
        &self.runs
    }
}

impl ScoreTable {
    /// Reads a score file with the rules of [`ScoreFile::read`] but up to
    /// [`MAX_TABLE_BYTES`](super::MAX_TABLE_BYTES), and the note beside it if there is
    /// one.
    ///
    /// # Errors
    /// As [`ScoreFile::read`]; also a note that is none.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ScoreFileError> {
        let path = path.as_ref();
        let mut table = super::read::table(path, super::MAX_TABLE_BYTES)?;
        table.origin = Origin::beside(path)?;
        Ok(table)
    }

    /// The table of rows in memory.
    pub fn of(file: &ScoreFile) -> Self {
        let mut table = Self {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
            ignored_columns: file.ignored_columns.clone(),
            samples: Some(Arena::default()),
            ..Self::default()
        };
        for row in &file.rows {
            table.push(row);
        }
        table
    }

    /// Adds the rows of a part of the same file that starts on line `line`.
    pub(super) fn append(&mut self, part: &Self, line: u64) {
        let base = self.len();
        for &(row, of_row) in part.lines.runs() {
            self.lines.push(base + row, line + of_row);
        }
        if let (Some(samples), Some(more)) = (&mut self.samples, &part.samples) {
            samples.append(more);
        }
        let turned = |texts: &mut Texts, of: &Texts| -> Vec<u32> {
            of.iter().map(|text| texts.id(text)).collect()
        };
        let ids = turned(&mut self.datasets, &part.datasets);
        self.dataset.append(&part.dataset, |id| ids[id as usize]);
        let ids = turned(&mut self.subjects, &part.subjects);
        self.subject.append(&part.subject, |id| ids[id as usize]);
        let ids = turned(&mut self.videos, &part.videos);
        self.video.append(&part.video, |id| ids[id as usize]);
        let ids = self.species_names.join(&part.species_names);
        self.species.append(&part.species, |id| match id {
            0 => 0,
            k => ids[k as usize - 1] + 1,
        });
        let ids = self.attribute_sets.join(&part.attribute_sets);
        self.attributes
            .append(&part.attributes, |id| ids[id as usize]);
        let ids = self.statuses.join(&part.statuses);
        self.status.append(&part.status, |id| ids[id as usize]);
        self.split.append(&part.split, |split| split);
        self.frame.append(&part.frame, |frame| frame);
        self.logit.append(&part.logit, |logit| logit);
        self.score.extend_from_slice(&part.score);
    }

    pub(super) fn push(&mut self, row: &ScoreRow) {
        if let Some(samples) = &mut self.samples {
            samples.push(&row.sample);
        }
        let dataset = self.datasets.id(&row.dataset);
        let subject = self.subjects.id(&row.subject);
        let video = self.videos.id(&row.video);
        self.dataset.push(dataset);
        self.split.push(row.split);
        self.subject.push(subject);
        self.video.push(video);
        self.frame.push(row.frame);
        let unknown = || super::UNKNOWN_SPECIES.parse::<Species>().ok();
        let species = match row.label {
            Label::Live => None,
            Label::Attack => row.species.clone().or_else(unknown),
        };
        self.species.push(match species {
            Some(species) => self.species_names.known(species.as_str(), &species) + 1,
            None => 0,
        });
        let text = row.attributes.to_string();
        self.attributes
            .push(self.attribute_sets.known(&text, &row.attributes));
        let finite = |value: Option<f64>| value.filter(|v| v.is_finite()).unwrap_or(f64::NAN);
        self.score.push(finite(row.score));
        self.logit.push(finite(row.logit).to_bits());
        let text = row.status.to_string();
        self.status.push(self.statuses.known(&text, &row.status));
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.score.len()
    }

    /// True if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.score.is_empty()
    }

    /// Row i, which must be one of [`ScoreTable::len`].
    pub fn row(&self, i: usize) -> ScoreRow {
        let given = |value: f64| (!value.is_nan()).then_some(value);
        ScoreRow {
            sample: self.sample(i).into_owned(),
            dataset: self.dataset_of(i).to_owned(),
            split: self.split.get(i),
            subject: self.subjects.get(self.subject.get(i)).to_owned(),
            video: self.videos.get(self.video.get(i)).to_owned(),
            frame: self.frame.get(i),
            label: self.label(i),
            species: self.species_of(i).cloned(),
            attributes: self.attribute_sets.get(self.attributes.get(i)).clone(),
            score: given(self.score[i]),
            logit: given(f64::from_bits(self.logit.get(i))),
            status: self.statuses.get(self.status.get(i)).clone(),
        }
    }

    /// Every row, for work row by row.
    pub fn into_file(self) -> ScoreFile {
        ScoreFile {
            rows: (0..self.len()).map(|i| self.row(i)).collect(),
            path: self.path,
            sha256: self.sha256,
            ignored_columns: self.ignored_columns,
        }
    }

    /// The split that every row has; none if rows differ, do not say, or there are none.
    pub fn split(&self) -> Option<Split> {
        self.split.same().flatten()
    }

    /// The key of row i's sample.
    pub(crate) fn sample(&self, i: usize) -> Cow<'_, str> {
        match &self.samples {
            Some(samples) => Cow::Borrowed(samples.get(i)),
            None => Cow::Owned(format!("line-{}", self.lines.of(i))),
        }
    }

    pub(crate) fn dataset_of(&self, i: usize) -> &str {
        self.datasets.get(self.dataset.get(i))
    }

    pub(crate) fn label(&self, i: usize) -> Label {
        match self.species.get(i) {
            0 => Label::Live,
            _ => Label::Attack,
        }
    }

    pub(crate) fn species_of(&self, i: usize) -> Option<&Species> {
        let id = self.species.get(i).checked_sub(1)?;
        Some(self.species_names.get(id))
    }
}

/// What can be evaluated: a [`ScoreTable`], or a [`ScoreFile`], of which a table is made first.
pub trait Scores {
    /// By columns.
    fn table(&self) -> Cow<'_, ScoreTable>;
}

impl Scores for ScoreTable {
    fn table(&self) -> Cow<'_, ScoreTable> {
        Cow::Borrowed(self)
    }
}

impl Scores for ScoreFile {
    fn table(&self) -> Cow<'_, ScoreTable> {
        Cow::Owned(ScoreTable::of(self))
    }
}
