//! Published results, as rows beside ours.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::table::{Cell, Column};

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    #[serde(default)]
    row: Vec<Published>,
}

/// A published row: figures in percent as they are printed, such as `"4.6"` or `"4.6±4.6"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    /// The protocol's name.
    pub(crate) protocol: String,
    pub(crate) method: String,
    /// Where the figures were read.
    pub(crate) source: String,
    /// How they were computed, as far as known.
    pub(crate) convention: String,
    /// Over all folds, by figure (`acer`).
    #[serde(default)]
    pub(crate) figures: BTreeMap<String, String>,
    /// Of single folds: fold, figure.
    #[serde(default)]
    pub(crate) folds: BTreeMap<String, BTreeMap<String, String>>,
}

impl Published {
    /// The figure of a column.
    pub(super) fn cell(&self, column: &Column) -> Cell {
        let figures = match &column.fold {
            Some(fold) => self.folds.get(fold),
            None => Some(&self.figures),
        };
        let text = figures.and_then(|f| f.get(column.figure));
        let Some((text, (value, deviation))) = text.and_then(|t| Some((t, parse(t)?))) else {
            return Cell::default();
        };
        Cell {
            value: Some(value),
            deviation,
            published: Some(text.clone()),
            ..Cell::default()
        }
    }
}

/// `4.6` or `4.6±4.6`.
fn parse(text: &str) -> Option<(f64, Option<f64>)> {
    let number = |t: &str| {
        t.trim()
            .parse::<f64>()
            .ok()
            .filter(|v| (0.0..=100.0).contains(v))
    };
    match text.split_once('±') {
        None => Some((number(text)?, None)),
        Some((value, deviation)) => Some((number(value)?, Some(number(deviation)?))),
    }
}

/// The rows of a protocol.
///
/// # Errors
/// What is wrong with the file, for the user.
pub(crate) fn read(path: &Path, protocol: &str) -> Result<Vec<Published>, String> {
    let wrong = |reason: String| format!("{}: {reason}", path.display());
    let length = std::fs::metadata(path)
        .map_err(|e| wrong(format!("cannot be read: {e}")))?
        .len();
    if length > MAX_BYTES {
        return Err(wrong(format!(
            "expected at most {MAX_BYTES} bytes, found {length}"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let file: File = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    if file.schema != 1 {
        return Err(wrong(format!(
            "key `schema`: expected 1, found {}",
            file.schema
        )));
    }
    for row in &file.row {
        let figures = row.folds.values().flatten().chain(&row.figures);
        for (figure, text) in figures {
            let known = ["apcer", "bpcer", "acer", "hter", "eer", "auc"].contains(&figure.as_str());
            if !known || parse(text).is_none() {
                return Err(wrong(format!(
                    "{} of {}: expected a figure such as acer = \"4.6±4.6\" in percent, found {figure} = \"{text}\"",
                    row.method, row.protocol
                )));
            }
        }
    }
    Ok(file
        .row
        .into_iter()
        .filter(|r| r.protocol == protocol)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_reads() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../protocols/published.toml"
        );
        let rows = read(path.as_ref(), "oulu-npu-4").unwrap();
        let cdcn = rows.iter().find(|r| r.method == "CDCN").unwrap();
        let column = Column {
            fold: None,
            figure: "acer",
            head: String::new(),
        };
        let cell = cdcn.cell(&column);
        assert_eq!((cell.value, cell.deviation), (Some(6.9), Some(2.9)));
        for name in [
            "oulu-npu-1",
            "oulu-npu-2",
            "oulu-npu-3",
            "ocim",
            "casia-replay",
        ] {
            let rows = read(path.as_ref(), name).unwrap();
            assert!(
                rows.iter()
                    .all(|r| !r.source.is_empty() && !r.convention.is_empty())
            );
            assert!(rows.len() > 9, "{name}");
        }
    }

    #[test]
    fn figures_as_printed() {
        assert_eq!(parse("1.5"), Some((1.5, None)));
        assert_eq!(parse("4.6±16.7"), Some((4.6, Some(16.7))));
        for text in ["", "–", "1,5", "-1", "101", "1±"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
