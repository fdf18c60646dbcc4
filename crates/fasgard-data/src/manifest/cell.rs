//! Cells to a row.

use std::str::FromStr;

use fasgard_image::{Eyes, FaceBox};
use fasgard_metrics::{Attributes, Label, Species};

use super::{ManifestRow, RelativePath};

/// The columns in their order in the file.
pub(crate) const COLUMNS: [&str; 21] = [
    "sample",
    "dataset",
    "split",
    "subject",
    "video",
    "frame",
    "label",
    "species",
    "attributes",
    "image",
    "depth",
    "mask",
    "box_x",
    "box_y",
    "box_w",
    "box_h",
    "eye_rx",
    "eye_ry",
    "eye_lx",
    "eye_ly",
    "sha256",
];

/// A cell that cannot be read; the reader adds file and line.
#[derive(Debug)]
pub(crate) struct CellError {
    pub(crate) column: &'static str,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Reads a row's cells by column name; columns that are absent read as empty.
pub(crate) struct RowBuilder<'a> {
    /// The cell of a column, empty if the column is absent.
    pub(crate) cell: &'a dyn Fn(&'static str) -> &'a str,
}

type Cell<T> = Result<T, CellError>;

impl RowBuilder<'_> {
    /// Reads the whole row. `sample` and `dataset` fall back to the given values if empty; without
    /// a fallback they are required.
    pub(crate) fn row(
        &self,
        default_sample: Option<&dyn Fn(&RelativePath) -> String>,
        default_dataset: Option<&str>,
    ) -> Cell<ManifestRow> {
        let image = self.path("image")?.ok_or_else(|| {
            let expected = "a path relative to the dataset's folder";
            self.error("image", expected)
        })?;
        let label: Label = self.parse("label")?.ok_or_else(|| {
            let expected = "`live` or `attack`";
            self.error("label", expected)
        })?;
        let species: Option<Species> = self.parse("species")?;
        match (label, &species) {
            (Label::Live, Some(_)) => {
                return Err(self.error("species", "no species on a live row"));
            }
            (Label::Attack, None) => {
                let expected = "the PAI species of an attack, `family/instance`";
                return Err(self.error("species", expected));
            }
            _ => {}
        }
        let sample = match (self.text("sample")?, default_sample) {
            (Some(sample), _) => sample,
            (None, Some(default)) => default(&image),
            (None, None) => return Err(self.error("sample", "a name")),
        };
        let dataset = match (self.text("dataset")?, default_dataset) {
            (Some(dataset), _) => dataset,
            (None, Some(default)) => default.to_owned(),
            (None, None) => return Err(self.error("dataset", "a name")),
        };
        Ok(ManifestRow {
            split: self.parse("split")?,
            subject: self.text("subject")?,
            video: self.text("video")?,
            frame: self.frame()?,
            attributes: self.parse::<Attributes>("attributes")?.unwrap_or_default(),
            depth: self.path("depth")?,
            mask: self.path("mask")?,
            face: self.face()?,
            eyes: self.eyes()?,
            sha256: self.sha256()?,
            depth_sha256: None,
            mask_sha256: None,
            sample,
            dataset,
            label,
            species,
            image,
        })
    }

    fn error(&self, column: &'static str, expected: impl Into<String>) -> CellError {
        let mut found: String = (self.cell)(column).chars().take(80).collect();
        if found.len() < (self.cell)(column).len() {
            found.push_str("...");
        }
        CellError {
            column,
            expected: expected.into(),
            found,
        }
    }

    fn text(&self, column: &'static str) -> Cell<Option<String>> {
        let text = (self.cell)(column);
        if text.len() > 1024 || text.chars().any(char::is_control) {
            let expected = "at most 1024 bytes without control characters";
            return Err(self.error(column, expected));
        }
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn parse<T: FromStr<Err: std::fmt::Display>>(&self, column: &'static str) -> Cell<Option<T>> {
        match (self.cell)(column) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|error: T::Err| {
                // The types' own messages begin with "expected" and end with what was found.
                let message = error.to_string();
                let expected = message.strip_prefix("expected ").unwrap_or(&message);
                let expected = expected.split(", found ").next().unwrap_or(expected);
                self.error(column, expected)
            }),
        }
    }

    fn frame(&self) -> Cell<Option<u64>> {
        match (self.cell)("frame") {
            "" => Ok(None),
            text => (text.parse().map(Some))
                .map_err(|_| self.error("frame", "a whole number of zero or more")),
        }
    }

    fn path(&self, column: &'static str) -> Cell<Option<RelativePath>> {
        match (self.cell)(column) {
            "" => Ok(None),
            text => (RelativePath::new(text).map(Some)).map_err(|why| self.error(column, why)),
        }
    }

    /// Numbers that are known together or not at all.
    fn numbers(&self, columns: [&'static str; 4]) -> Cell<Option<[f32; 4]>> {
        if columns.iter().all(|c| (self.cell)(c).is_empty()) {
            return Ok(None);
        }
        let mut values = [0.0; 4];
        for (value, column) in values.iter_mut().zip(columns) {
            let number = (self.cell)(column).parse::<f32>().ok();
            let number = number.filter(|v| v.is_finite() && v.abs() <= 1e6);
            *value = number.ok_or_else(|| {
                let all = columns.join(", ");
                self.error(column, format!("a number of pixels ({all}: all or none)"))
            })?;
        }
        Ok(Some(values))
    }

    fn face(&self) -> Cell<Option<FaceBox>> {
        let Some([x, y, w, h]) = self.numbers(["box_x", "box_y", "box_w", "box_h"])? else {
            return Ok(None);
        };
        for (side, column) in [(w, "box_w"), (h, "box_h")] {
            if side <= 0.0 {
                return Err(self.error(column, "a number above zero"));
            }
        }
        Ok(Some(FaceBox { x, y, w, h }))
    }

    fn eyes(&self) -> Cell<Option<Eyes>> {
        let numbers = self.numbers(["eye_rx", "eye_ry", "eye_lx", "eye_ly"])?;
        Ok(numbers.map(|[rx, ry, lx, ly]| Eyes {
            right: [rx, ry],
            left: [lx, ly],
        }))
    }

    fn sha256(&self) -> Cell<Option<String>> {
        let text = (self.cell)("sha256");
        let digits = text.len() == 64 && text.bytes().all(|b| b"0123456789abcdef".contains(&b));
        match text {
            "" => Ok(None),
            text if digits => Ok(Some(text.to_owned())),
            _ => Err(self.error("sha256", "64 lower-case hexadecimal digits")),
        }
    }
}
