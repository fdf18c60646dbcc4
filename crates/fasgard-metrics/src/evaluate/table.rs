//! An evaluation as a Markdown table for the terminal.

use super::{Evaluation, Outcome, SetFigures};
use crate::{
    convention::Convention,
    level::Level,
    metrics::operating::{ALLOWANCES, OperatingPoint},
    rate::Rate,
    resample::{ClusterIntervals, Interval},
};

impl Evaluation {
    /// Markdown: what was counted and how, one column a convention, then every species and the
    /// warnings. Rates are in percent with errors, presentations and the 95 % interval.
    pub fn table(&self) -> String {
        let outcomes = self.outcomes();
        let mut text = String::new();
        let fuse = self
            .fuse
            .map(|f| format!(", frames fused by {f}"))
            .unwrap_or_default();
        let what = match self.level {
            Level::Frame => "every row counts once",
            Level::Video => "every video counts once",
        };
        text += &format!(
            "Convention: {}. Level: {} ({what}{fuse}).\n",
            self.convention, self.level
        );
        for (convention, outcome) in &outcomes {
            text += &format!("Threshold of {convention}: {}.\n", outcome.threshold);
            if let Some(note) = &outcome.note {
                text += &format!("  {convention} is {note}.\n");
            }
        }
        for (set, pick) in [
            ("dev", pick_dev as fn(&Outcome) -> Option<&SetFigures>),
            ("test", pick_test),
        ] {
            let columns: Vec<(Convention, &Outcome, &SetFigures)> = outcomes
                .iter()
                .filter_map(|(c, outcome)| Some((*c, *outcome, pick(outcome)?)))
                .collect();
            if let Some((_, _, first)) = columns.first() {
                let counts = &first.counts;
                text += &format!(
                    "\n{} set: {} live and {} attack presentations ({} and {} more without a score), from {} rows.\n\n",
                    if set == "dev" { "Dev" } else { "Test" },
                    counts.live,
                    counts.attack,
                    counts.live_nonresponse,
                    counts.attack_nonresponse,
                    counts.rows
                );
                text += &render(&rows(set, &columns));
            }
        }
        if !self.warnings.is_empty() {
            text += "\nWarnings:\n";
            for warning in &self.warnings {
                text += &format!("- {}\n", warning.text);
            }
        }
        text
    }
}

fn pick_dev(outcome: &Outcome) -> Option<&SetFigures> {
    outcome.dev.as_ref()
}

fn pick_test(outcome: &Outcome) -> Option<&SetFigures> {
    Some(&outcome.test)
}

fn rows(set: &str, columns: &[(Convention, &Outcome, &SetFigures)]) -> Vec<Vec<String>> {
    let row = |name: String, cell: &dyn Fn(&Outcome, &SetFigures) -> String| {
        let cells = columns
            .iter()
            .map(|(_, outcome, figures)| cell(outcome, figures));
        std::iter::once(name).chain(cells).collect::<Vec<_>>()
    };
    let rate = |name: &str, pick: fn(&SetFigures) -> &Rate| {
        row(name.to_owned(), &|_, figures| pick(figures).percent())
    };
    let mut rows = vec![
        std::iter::once(set.to_owned())
            .chain(columns.iter().map(|(c, ..)| c.to_string()))
            .collect(),
        row("APCER is of".to_owned(), &|outcome, _| {
            outcome.apcer_aggregation.description().to_owned()
        }),
        rate("APCER", |f| &f.apcer),
        rate("BPCER", |f| &f.bpcer),
        rate("ACER", |f| &f.acer),
        rate("HTER", |f| &f.hter),
        rate("EER of this set", |f| &f.eer),
        row("AUC".to_owned(), &|_, figures| match figures.auc.value {
            Some(auc) => format!("{auc:.4}"),
            None => figures.auc.percent(),
        }),
        row("worst species".to_owned(), &|_, figures| {
            figures
                .worst_species
                .clone()
                .unwrap_or_else(|| "n/a".to_owned())
        }),
    ];
    if set == "test"
        && columns
            .iter()
            .any(|(_, outcome, _)| outcome.intervals.is_some())
    {
        type Pick = fn(&ClusterIntervals) -> Option<Interval>;
        let picks: [(&str, Pick); 4] = [
            ("ACER, 95 %", |i| i.acer),
            ("HTER, 95 %", |i| i.hter),
            ("EER, 95 %", |i| i.eer),
            ("AUC x 100, 95 %", |i| i.auc),
        ];
        for (name, pick) in picks {
            rows.push(row(name.to_owned(), &|outcome, _| {
                let interval = outcome.intervals.as_ref().and_then(pick);
                interval.map_or_else(
                    || "n/a".to_owned(),
                    |i| format!("{:.2}–{:.2}", 100.0 * i.lo, 100.0 * i.hi),
                )
            }));
        }
    }
    type Points = fn(&SetFigures) -> &Vec<OperatingPoint>;
    let points: [(&str, Points); 2] = [
        ("APCER at BPCER", |f| &f.apcer_at_bpcer),
        ("BPCER at APCER", |f| &f.bpcer_at_apcer),
    ];
    for (name, pick) in points {
        for (i, allowed) in ALLOWANCES.into_iter().enumerate() {
            let name = format!("{name} {} %", 100.0 * allowed);
            rows.push(row(name, &|_, figures| {
                let point = pick(figures).get(i);
                point.map_or_else(|| "n/a".to_owned(), |p| p.rate.percent())
            }));
        }
    }
    if let Some((_, _, first)) = columns.first() {
        for name in first.apcer_by_species.keys() {
            rows.push(row(format!("APCER {name}"), &|_, figures| {
                figures
                    .apcer_by_species
                    .get(name)
                    .map_or_else(|| "n/a".to_owned(), Rate::percent)
            }));
        }
        if first.counts.live_nonresponse + first.counts.attack_nonresponse > 0 {
            rows.push(rate("APNRR", |f| &f.apnrr));
            rows.push(rate("BPNRR", |f| &f.bpnrr));
        }
    }
    rows
}

/// A Markdown table whose columns line up; the first row is its head.
fn render(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |c: usize| {
        rows.iter()
            .map(|row| row[c].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            text += &format!("| {cell:width$} ");
        }
        text += "|\n";
        if i == 0 {
            for width in &widths {
                text += &format!("|{}", "-".repeat(width + 2));
            }
            text += "|\n";
        }
    }
    text
}
