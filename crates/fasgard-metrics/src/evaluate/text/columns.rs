//! Sets or conventions beside each other.

use super::{
    cells::{clustered, counts, ends, value},
    figures::{Block, Column},
    grid::Grid,
};
use crate::{
    convention::Aggregation,
    evaluate::Outcome,
    rate::Rate,
    resample::{ClusterIntervals, Interval},
};

/// Sets beside each other: value, counts and intervals in columns of their own.
pub(super) fn wide(columns: &[Column<'_>], blocks: &[Block<'_>]) -> String {
    let mut grid = Grid::default();
    let unit = |c: &Column<'_>| {
        c.clustered
            .map(|i: &ClusterIntervals| format!("by {}", i.unit))
    };
    let (mut head, mut under) = (vec!["%".to_owned()], vec![String::new()]);
    for column in columns {
        head.extend([column.head.clone(), "errors".to_owned(), "95 %".to_owned()]);
        head.extend(unit(column));
    }
    grid.row(head);
    grid.rule();
    for (b, block) in blocks.iter().enumerate() {
        if !block.title.is_empty() {
            grid.title(format!("\n{}", block.title));
        }
        for (l, line) in block.lines.iter().enumerate() {
            let mut cells = vec![line.name.clone()];
            for (column, &(rate, interval)) in columns.iter().zip(&line.cells) {
                let of = ends(rate.and_then(|r| r.ci95));
                cells.extend([value(rate), counts(rate), of]);
                if column.clustered.is_some() {
                    cells.push(clustered(interval));
                }
            }
            grid.row(cells);
            if b == 0 && l == 0 {
                under.truncate(1);
                under[0] = "      worst:".to_owned();
                let mut any = false;
                for column in columns {
                    let name = worst(column.outcome, column);
                    any |= name.is_some();
                    under.extend([String::new(), String::new(), name.unwrap_or_default()]);
                    under.extend(column.clustered.map(|_| String::new()));
                }
                if any {
                    grid.row(under.clone());
                }
            }
        }
    }
    grid.render()
}

/// Conventions beside each other, one narrow column each: counts and intervals below the figures.
pub(super) fn stacked(columns: &[Column<'_>], blocks: &[Block<'_>]) -> String {
    let mut grid = Grid::default();
    let heads = columns.iter().map(|c| c.head.clone());
    grid.row(std::iter::once("test set, %".to_owned()).chain(heads));
    grid.rule();
    let of = columns.iter().map(|c| match c.outcome.apcer_aggregation {
        Aggregation::MaxSpecies => "worst species",
        Aggregation::MaxFamily => "worst family",
        Aggregation::Pooled => "all attacks",
    });
    grid.row(std::iter::once("APCER is of").chain(of));
    for (b, block) in blocks.iter().enumerate() {
        if !block.title.is_empty() {
            grid.title(format!("\n{}", block.title));
        }
        for (l, line) in block.lines.iter().enumerate() {
            let mut row = |name: &str, cell: CellOf<'_>| {
                let cells: Vec<String> = line.cells.iter().map(|&(r, i)| cell(r, i)).collect();
                if cells.iter().any(|c| !c.is_empty()) {
                    grid.row(std::iter::once(name.to_owned()).chain(cells));
                }
            };
            row(&line.name, &|rate, _| value(rate));
            row("", &|rate, _| counts(rate));
            // Of the main figures and of species; a long list of intervals is in the JSON.
            if b < 2 {
                row("", &|rate, _| ends(rate.and_then(|r| r.ci95)));
            }
            let unit = columns.first().and_then(|c| c.clustered).map(|i| i.unit);
            let name = unit.map_or_else(String::new, |unit| format!("      by {unit}"));
            row(&name, &|_, interval| clustered(interval));
            if b == 0 && l == 0 {
                // A species' name may be longer than a column.
                for column in columns {
                    if let Some(name) = worst(column.outcome, column) {
                        grid.title(format!("      worst of {}: {name}", column.head));
                    }
                }
            }
        }
    }
    grid.render()
}

/// The cell of a convention in a row.
type CellOf<'f> = &'f dyn Fn(Option<&Rate>, Option<Interval>) -> String;

fn worst(outcome: &Outcome, column: &Column<'_>) -> Option<String> {
    match outcome.apcer_aggregation {
        Aggregation::MaxSpecies => column.figures.worst_species.clone(),
        Aggregation::MaxFamily => column.figures.worst_family.clone(),
        Aggregation::Pooled => None,
    }
}
