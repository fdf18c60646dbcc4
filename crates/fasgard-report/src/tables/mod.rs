//! The figures as tables for papers and spreadsheets.

mod csv_table;
mod latex;
mod markdown;

use std::path::{Path, PathBuf};

use fasgard_image::write_atomic;

use crate::{
    error::ReportError,
    evaluation::{Evaluation, Figure},
    inputs::{self, Run},
    options::ReportOptions,
};

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// GitHub-flavoured Markdown (`.md`), in percent.
    Markdown,
    /// A LaTeX `tabular` with booktabs rules (`.tex`), in percent.
    Latex,
    /// One row a model and figure (`.csv`), rates as fractions.
    Csv,
}

impl TableFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Markdown, Self::Latex, Self::Csv];

    /// The file name's extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Latex => "tex",
            Self::Csv => "csv",
        }
    }

    /// The format of a file name, by its extension.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|f| f.extension() == extension)
    }
}

/// One figure of every model.
struct TableRow<'a> {
    name: String,
    figures: Vec<Option<&'a Figure>>,
}

/// Writes the models' figures: to the file `output` in the format of its extension (`.md`, `.tex`,
/// `.csv`), or, if it has none of these, as `results.md`, `results.tex` and `results.csv` into the
/// folder `output`, which is made if need be. Returns the files written.
///
/// # Errors
/// [`ReportError`]; also if no model has an evaluation, or models were tested on different samples
/// and that is not allowed.
pub fn write_tables(options: &ReportOptions, output: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let runs = inputs::load_all(options)?;
    inputs::compare_test_sets(&runs, options.allow_different_test_sets)?;
    let evaluated: Vec<(&Run, &Evaluation)> = runs
        .iter()
        .filter_map(|r| Some((r, r.evaluation.as_ref()?)))
        .collect();
    if evaluated.is_empty() {
        return Err(ReportError::format(
            &options.models[0].evaluation,
            "no such file, and no other model has one: make it with `fasgard evaluate --json`",
        ));
    }
    let rows = rows(&evaluated);
    let mut written = Vec::new();
    let folder = TableFormat::of(output).is_none();
    for format in TableFormat::ALL {
        let path = match TableFormat::of(output) {
            Some(wanted) if wanted == format => output.to_owned(),
            Some(_) => continue,
            None => output.join(format!("results.{}", format.extension())),
        };
        let text = match format {
            TableFormat::Markdown => markdown::render(&evaluated, &rows),
            TableFormat::Latex => latex::render(&evaluated, &rows),
            TableFormat::Csv => csv_table::render(&evaluated, &rows)
                .map_err(|e| ReportError::format(&path, e.to_string()))?,
        };
        let made = if folder {
            std::fs::create_dir_all(output)
        } else {
            Ok(())
        };
        made.and_then(|()| write_atomic(&path, text.as_bytes()).map_err(|e| e.source))
            .map_err(|source| ReportError::Io {
                action: "write",
                path: path.clone(),
                source,
            })?;
        written.push(path);
    }
    Ok(written)
}

fn rows<'a>(evaluated: &[(&Run, &'a Evaluation)]) -> Vec<TableRow<'a>> {
    type Get = fn(&Evaluation) -> &Figure;
    let fixed: [(&str, Get); 6] = [
        ("APCER", |e| &e.test.apcer),
        ("BPCER", |e| &e.test.bpcer),
        ("ACER", |e| &e.test.acer),
        ("HTER", |e| &e.test.hter),
        ("EER", |e| &e.test.eer),
        ("AUC", |e| &e.test.auc),
    ];
    let mut rows: Vec<TableRow<'a>> = fixed
        .into_iter()
        .map(|(name, get)| TableRow {
            name: name.to_owned(),
            figures: evaluated.iter().map(|(_, e)| Some(get(e))).collect(),
        })
        .collect();
    let species: std::collections::BTreeSet<&String> = evaluated
        .iter()
        .flat_map(|(_, e)| e.test.apcer_by_species.keys())
        .collect();
    for name in species {
        rows.push(TableRow {
            name: format!("APCER {name}"),
            figures: evaluated
                .iter()
                .map(|(_, e)| e.test.apcer_by_species.get(name))
                .collect(),
        });
    }
    rows
}

/// Convention, level and threshold in one line.
fn footing(evaluation: &Evaluation) -> String {
    format!(
        "convention {}, {}, threshold {:.4} ({}, {})",
        evaluation.convention,
        evaluation.level_text(),
        evaluation.threshold.value(),
        evaluation.threshold.criterion(),
        evaluation.threshold.from()
    )
}
