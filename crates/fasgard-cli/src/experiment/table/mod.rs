//! Tables of an experiment in the layout of papers.

mod build;
mod csv_file;
mod latex;
mod markdown;
mod text;

use std::path::{Path, PathBuf};

use fasgard_image::write_atomic;

pub(crate) use build::build;

/// Two-sided p-value below which a difference from the first configuration is marked.
const SIGNIFICANT: f64 = 0.05;

/// One table; figures in percent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// What stands below.
    pub(crate) notes: Vec<String>,
}

/// One figure of every row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// A fold; none = over all folds.
    pub(crate) fold: Option<String>,
    /// `apcer`, `bpcer`, `acer`, `hter`, `eer`, `auc` or `matched_auc`.
    pub(crate) figure: &'static str,
    /// The heading.
    pub(crate) head: String,
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Published,
    Baseline,
    Ours,
}

/// One method.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) cells: Vec<Cell>,
}

/// One figure in percent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) value: Option<f64>,
    /// Standard deviation, ddof 1.
    pub(crate) deviation: Option<f64>,
    /// As it was published, digits and all.
    pub(crate) published: Option<String>,
    /// No row is better in this column.
    pub(crate) best: bool,
    /// p-value of the difference from the first configuration, and the same corrected by Holm's method.
    pub(crate) p: Option<[f64; 2]>,
}

impl Column {
    /// Whether more is better.
    pub(crate) fn higher_is_better(&self) -> bool {
        self.figure.ends_with("auc")
    }
}

impl Cell {
    /// The figure without marks; `–` if there is none.
    pub(crate) fn plain(&self) -> String {
        match (&self.published, self.value, self.deviation) {
            (Some(text), ..) => text.clone(),
            (None, None, _) => "–".to_owned(),
            (None, Some(value), None) => format!("{value:.2}"),
            (None, Some(value), Some(deviation)) => format!("{value:.2} ± {deviation:.2}"),
        }
    }

    /// `*` where it differs from the first configuration, `**` where it does so among all comparisons of
    /// the figure.
    pub(crate) fn stars(&self) -> &'static str {
        match self.p {
            Some([_, corrected]) if corrected < SIGNIFICANT => "**",
            Some([raw, _]) if raw < SIGNIFICANT => "*",
            _ => "",
        }
    }

    /// The value as it is shown: what equals in print is equally good.
    fn shown(&self) -> Option<f64> {
        self.value.map(|v| (v * 100.0).round() / 100.0)
    }
}

/// Marks the best figures of every column.
pub(super) fn mark_best(table: &mut Table) {
    for (i, column) in table.columns.iter().enumerate() {
        let values = table.rows.iter().filter_map(|r| r.cells[i].shown());
        let best = match column.higher_is_better() {
            true => values.max_by(f64::total_cmp),
            false => values.min_by(f64::total_cmp),
        };
        for row in &mut table.rows {
            let cell = &mut row.cells[i];
            cell.best = best.is_some() && cell.shown() == best;
        }
    }
}

/// The tables as one text for a terminal.
pub(crate) fn terminal(tables: &[Table]) -> String {
    let texts: Vec<_> = tables.iter().map(text::render).collect();
    texts.join("\n")
}

/// Writes `table.txt`, `table.md`, `table.tex` and `table.csv` into `folder`.
///
/// # Errors
/// A file cannot be written.
pub(crate) fn write(tables: &[Table], folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let all = |render: &dyn Fn(&Table) -> String| {
        let texts: Vec<_> = tables.iter().map(render).collect();
        texts.join("\n")
    };
    let mut written = Vec::new();
    for (extension, text) in [
        ("txt", all(&text::render)),
        ("md", all(&markdown::render)),
        ("tex", all(&latex::render)),
        ("csv", csv_file::render(tables)?),
    ] {
        let path = folder.join(format!("table.{extension}"));
        write_atomic(&path, text.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let cell = |value, deviation| Cell {
            value: Some(value),
            deviation,
            ..Cell::default()
        };
        let row = |name: &str, kind, cells| Row {
            name: name.to_owned(),
            kind,
            cells,
        };
        let column = |figure, head: &str| Column {
            fold: None,
            figure,
            head: head.to_owned(),
        };
        let published = Cell {
            value: Some(1.0),
            deviation: Some(0.3),
            published: Some("1.0±0.3".to_owned()),
            ..Cell::default()
        };
        let mut starred = cell(1.004, Some(0.5));
        starred.p = Some([0.01, 0.2]);
        let mut table = Table {
            title: "P_1".to_owned(),
            columns: vec![column("acer", "ACER"), column("auc", "AUC")],
            rows: vec![
                row("CDCN", Kind::Published, vec![published, Cell::default()]),
                row(
                    "a_b|c",
                    Kind::Ours,
                    vec![cell(2.0, Some(0.25)), cell(99.0, None)],
                ),
                row("d", Kind::Ours, vec![starred, cell(98.0, None)]),
            ],
            notes: vec!["50 % of it".to_owned()],
        };
        mark_best(&mut table);
        table
    }

    #[test]
    fn every_format() {
        let table = table();
        let best: Vec<_> = table
            .rows
            .iter()
            .map(|r| [r.cells[0].best, r.cells[1].best])
            .collect();
        // 1.004 is shown as 1.00 and equals the published 1.0.
        assert_eq!(best, [[true, false], [false, true], [true, false]]);
        let text = text::render(&table);
        assert!(text.contains("a_b|c"), "{text}");
        assert!(
            text.lines()
                .any(|l| l.starts_with("d ") && l.contains("1.00 ± 0.50*")),
            "{text}"
        );
        let markdown = markdown::render(&table);
        assert!(
            markdown.contains("| a\\_b\\|c | 2.00 ± 0.25 | **99.00** |"),
            "{markdown}"
        );
        assert!(
            markdown.contains("| CDCN | **1.0±0.3** | – |"),
            "{markdown}"
        );
        let latex = latex::render(&table);
        for part in [
            "\\toprule",
            "a\\_b|c & 2.00 $\\pm$ 0.25 & \\textbf{99.00} \\\\",
            "d & \\textbf{1.00 $\\pm$ 0.50}$^{*}$ & 98.00 \\\\",
            "50 \\% of it",
            "\\bottomrule",
        ] {
            assert!(latex.contains(part), "{part}: {latex}");
        }
        let mut corrected = table.clone();
        corrected.rows[2].cells[0].p = Some([0.01, 0.03]);
        assert!(text::render(&corrected).contains("1.00 ± 0.50**"));
        assert!(markdown::render(&corrected).contains("0.50**\\*\\* |"));
        assert!(latex::render(&corrected).contains("$^{**}$"));
        let csv = csv_file::render(std::slice::from_ref(&table)).unwrap();
        assert!(
            csv.contains("P_1,d,ours,,acer,1.004,0.5,true,true,0.01,0.2"),
            "{csv}"
        );
        assert!(
            csv.contains("P_1,CDCN,published,,acer,1,0.3,true,false,,"),
            "{csv}"
        );
    }
}
