//! From cells to tables.

use fasgard_data::protocol::TableKind;

use super::{Cell, Column, Kind, Row, SIGNIFICANT, Table, mark_best};
use crate::experiment::{Experiment, Outcome, State};

/// The tables of an experiment, as its protocol lays them out.
pub(crate) fn build(experiment: &Experiment, outcome: &Outcome) -> Vec<Table> {
    let file = experiment.protocol.file();
    let folds: Vec<&str> = experiment.folds.iter().map(|f| f.name.as_str()).collect();
    let over = |figure: &'static str, head: &str| Column {
        fold: None,
        figure,
        head: head.to_owned(),
    };
    let each = |figure: &'static str, tail: &str| -> Vec<Column> {
        let of = |fold: &&str| Column {
            fold: Some((*fold).to_owned()),
            figure,
            head: format!("{fold}{tail}"),
        };
        folds.iter().map(of).collect()
    };
    let mut layouts: Vec<(String, Vec<Column>)> = match file.table {
        TableKind::Rates => vec![(
            file.name.clone(),
            vec![
                over("apcer", "APCER"),
                over("bpcer", "BPCER"),
                over("acer", "ACER"),
            ],
        )],
        TableKind::Types => [("acer", "ACER"), ("eer", "EER")]
            .map(|(figure, head)| {
                let mut columns = each(figure, "");
                columns.push(over(figure, "Average"));
                (format!("{}: {head}", file.name), columns)
            })
            .into(),
        TableKind::Targets => {
            let mut columns = Vec::new();
            for (hter, auc) in each("hter", " HTER").into_iter().zip(each("auc", " AUC")) {
                columns.extend([hter, auc]);
            }
            if folds.len() > 1 {
                columns.extend([over("hter", "Average HTER"), over("auc", "Average AUC")]);
            }
            vec![(file.name.clone(), columns)]
        }
    };
    let figures = outcome.cells.iter().filter_map(|c| c.figures);
    if figures.into_iter().any(|f| f.matched_auc.is_some()) {
        layouts.push((
            format!(
                "{}: AUC, matched: within tenths of the best single feature, by sample",
                file.name
            ),
            vec![over("auc", "AUC"), over("matched_auc", "matched AUC")],
        ));
    }
    let tables = layouts.into_iter();
    tables
        .map(|(title, columns)| table(experiment, outcome, title, columns))
        .collect()
}

fn table(experiment: &Experiment, outcome: &Outcome, title: String, columns: Vec<Column>) -> Table {
    let mut rows = Vec::new();
    for published in &experiment.published {
        let cells: Vec<Cell> = columns.iter().map(|c| published.cell(c)).collect();
        if cells.iter().any(|c| c.value.is_some()) {
            rows.push(Row {
                name: published.method.clone(),
                kind: Kind::Published,
                cells,
            });
        }
    }
    let mut names: Vec<(&str, Kind)> = Vec::new();
    for cell in &outcome.cells {
        let kind = if cell.seed.is_some() {
            Kind::Ours
        } else {
            Kind::Baseline
        };
        if !names.iter().any(|(name, _)| *name == cell.model) {
            names.push((&cell.model, kind));
        }
    }
    names.sort_by_key(|(_, kind)| *kind == Kind::Ours);
    for (name, kind) in names {
        let cells = columns
            .iter()
            .map(|c| ours(experiment, outcome, name, c))
            .collect();
        rows.push(Row {
            name: name.to_owned(),
            kind,
            cells,
        });
    }
    let mut table = Table {
        title,
        columns,
        rows,
        notes: Vec::new(),
    };
    mark_best(&mut table);
    table.notes = notes(experiment, outcome, &table);
    table
}

/// The mean over the seeds of every fold, then mean and deviation over the folds; of one fold over
/// its seeds.
fn ours(experiment: &Experiment, outcome: &Outcome, model: &str, column: &Column) -> Cell {
    let of_fold = |fold: &str| -> Option<Vec<f64>> {
        let own = outcome
            .cells
            .iter()
            .filter(|c| c.fold == fold && c.model == model);
        let values: Vec<Option<f64>> = own
            .map(|c| c.figures.and_then(|f| f.get(column.figure)))
            .collect();
        let whole = values.iter().all(Option::is_some);
        let seeds = outcome
            .cells
            .iter()
            .any(|c| c.model == model && c.seed.is_some());
        let expected = if seeds { experiment.seeds.len() } else { 1 };
        (whole && values.len() == expected).then(|| values.into_iter().flatten().collect())
    };
    let values: Option<Vec<f64>> = match &column.fold {
        Some(fold) => of_fold(fold),
        None if experiment.folds.len() == 1 => of_fold(&experiment.folds[0].name),
        None => {
            let folds = experiment.folds.iter();
            folds.map(|f| of_fold(&f.name).map(|v| mean(&v))).collect()
        }
    };
    let comparison = outcome.comparisons.iter().find(|c| {
        let whole = column.fold.is_none();
        let fold = match whole && experiment.folds.len() == 1 {
            true => experiment.folds.first().map(|f| &f.name),
            false => column.fold.as_ref(),
        };
        c.model == model && c.fold.as_ref() == fold
    });
    let p = comparison.and_then(|c| {
        let raw = c.figures.iter().find(|(name, ..)| name == column.figure)?;
        let corrected = c.holm.iter().find(|(name, _)| name == column.figure)?;
        Some([raw.2, corrected.1])
    });
    Cell {
        value: values.as_deref().map(|v| 100.0 * mean(v)),
        deviation: values.as_deref().and_then(deviation).map(|d| 100.0 * d),
        published: None,
        best: false,
        p,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation with ddof 1; none of fewer than two values.
fn deviation(values: &[f64]) -> Option<f64> {
    let n = values.len();
    let mean = mean(values);
    let sum: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (n > 1).then(|| (sum / (n - 1) as f64).sqrt())
}

fn notes(experiment: &Experiment, outcome: &Outcome, table: &Table) -> Vec<String> {
    let (folds, seeds) = (experiment.folds.len(), experiment.seeds.len());
    let file = experiment.protocol.file();
    let criterion = experiment
        .threshold
        .unwrap_or_else(|| experiment.convention.default_criterion());
    let mut notes = vec![format!(
        "convention {} (APCER: {}), threshold {criterion}, {} level",
        experiment.convention,
        experiment.convention.aggregation().description(),
        file.level
    )];
    notes.extend(match (folds, seeds) {
        (1, 1) => None,
        (1, _) => Some(format!("mean ± standard deviation (ddof 1) over {seeds} seeds")),
        (_, 1) => Some(format!("mean ± standard deviation (ddof 1) over {folds} folds, one seed")),
        (_, _) => Some(format!(
            "figures of a fold are means of {seeds} seeds; mean ± standard deviation (ddof 1) over {folds} folds"
        )),
    });
    if table
        .rows
        .iter()
        .any(|r| r.cells.iter().any(|c| !c.stars().is_empty()))
    {
        let first = experiment.models.first().map_or("", |m| m.name.as_str());
        notes.push(format!(
            "* differs from {first}: p < {SIGNIFICANT}, paired bootstrap over people (videos where no person is known); ** also after Holm's correction for all comparisons of the figure"
        ));
    }
    let mut seen = Vec::new();
    for cell in &outcome.cells {
        if let Some(note) = &cell.note {
            let line = format!("{} (fold {}): {note}", cell.model, cell.fold);
            if !seen.contains(&line) {
                seen.push(line);
            }
        }
    }
    notes.extend(seen);
    // One line a source, not a row.
    let mut sources: Vec<(String, Vec<&str>)> = Vec::new();
    for published in &experiment.published {
        let shown = |r: &Row| r.kind == Kind::Published && r.name == published.method;
        if table.rows.iter().any(shown) {
            let line = format!("{}; convention: {}", published.source, published.convention);
            match sources.iter_mut().find(|(l, _)| *l == line) {
                Some((_, methods)) => methods.push(&published.method),
                None => sources.push((line, vec![&published.method])),
            }
        }
    }
    for (line, methods) in sources {
        notes.push(format!("published ({}): {line}", methods.join(", ")));
    }
    let failed: Vec<_> = outcome
        .cells
        .iter()
        .filter(|c| matches!(c.state, State::Failed(_)))
        .map(|c| c.name())
        .collect();
    if !failed.is_empty() {
        notes.push(format!("failed: {}", failed.join("; ")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviation_has_ddof_1() {
        assert_eq!(deviation(&[1.0]), None);
        // Of 1, 2, 6: mean 3, squares 4 + 1 + 9 = 14, by 2 = 7.
        assert_eq!(deviation(&[1.0, 2.0, 6.0]), Some(7f64.sqrt()));
    }
}
